import { SpoolError, type SpoolErrorOptions } from '../util/error.ts'
import type { HeaderFields } from '../http/header-fields.ts'

export interface TransferErrorOptions extends SpoolErrorOptions {
  requestSent: boolean
}

/** The connection broke between the first byte of the request and the last one of the response. */
export class TransferError extends SpoolError {
  /** Whether the server may have seen the request: repeating a POST may then do it twice. */
  readonly requestSent: boolean

  static {
    this.prototype.name = 'TransferError'
  }

  constructor(message: string, options: TransferErrorOptions) {
    super('SPOOL_TRANSFER', message, options)
    this.requestSent = options.requestSent
  }

  static override is(error: unknown): error is TransferError {
    return SpoolError.hasCode(error, 'SPOOL_TRANSFER')
  }
}

/** What `raiseForStatus()` throws: the response came, and says that it failed. */
export class ResponseError extends SpoolError {
  readonly status: number
  readonly headers: HeaderFields
  readonly url: string
  /** The first bytes of the body as text, 4 KiB at most; empty if they were not there yet. */
  readonly body: string

  static {
    this.prototype.name = 'ResponseError'
  }

  constructor(
    method: string,
    url: string,
    status: number,
    headers: HeaderFields,
    body: string,
    message: string = `${method} ${url} was answered with status ${status}`,
  ) {
    super('SPOOL_RESPONSE', message)
    this.status = status
    this.headers = headers
    this.url = url
    this.body = body
  }

  static override is(error: unknown): error is ResponseError {
    return SpoolError.hasCode(error, 'SPOOL_RESPONSE')
  }
}

/** A redirect that is not followed: too many, to a place that is not safe, or one that was not wanted. */
export class RedirectError extends SpoolError {
  readonly status: number
  /** Where the response came from. */
  readonly url: string
  /** What `Location` said. */
  readonly location: string

  static {
    this.prototype.name = 'RedirectError'
  }

  constructor(message: string, status: number, url: string, location: string) {
    super('SPOOL_REDIRECT', message)
    this.status = status
    this.url = url
    this.location = location
  }

  static override is(error: unknown): error is RedirectError {
    return SpoolError.hasCode(error, 'SPOOL_REDIRECT')
  }
}

/** The session's guard lets nothing connect to where the name leads. Trying again gives the same. */
export class AddressRefusedError extends SpoolError {
  /** As the URL has it. */
  readonly host: string
  /** Where it leads. */
  readonly addresses: readonly string[]

  static {
    this.prototype.name = 'AddressRefusedError'
  }

  constructor(host: string, addresses: readonly string[]) {
    super(
      'SPOOL_ADDRESS_REFUSED',
      `Cannot connect to "${host}": the guard does not allow ${addresses.join(', ')}`,
    )
    this.host = host
    this.addresses = addresses
  }

  static override is(error: unknown): error is AddressRefusedError {
    return SpoolError.hasCode(error, 'SPOOL_ADDRESS_REFUSED')
  }
}
