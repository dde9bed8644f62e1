import type { HeadersInput } from '../../http/header-fields.ts'
import { statusText } from '../../http/status-text.ts'
import { SpoolError, type SpoolErrorOptions } from '../../util/error.ts'
import { ServerResponse } from './server-response.ts'

export interface HTTPErrorOptions extends SpoolErrorOptions {
  headers?: HeadersInput
  /** Whether the client is told the message. Default: below 500. */
  expose?: boolean
}

/**
 * Thrown anywhere below a handler, it becomes the response: the status, and the message as plain text.
 *
 * @example
 * ```ts
 * const app = new Application().get('/users/{id}', ({ params }) => {
 *   throw new HTTPError(404, `No user "${params.id}"`)
 * })
 * ```
 */
export class HTTPError extends SpoolError {
  readonly status: number
  readonly headers: HeadersInput | undefined
  /** Whether the client is told the message; otherwise it is told what the status means. */
  readonly expose: boolean

  static {
    this.prototype.name = 'HTTPError'
  }

  /** Throws RangeError for a status outside 400 to 599. */
  constructor(status: number, message?: string, options: HTTPErrorOptions = {}) {
    super('SPOOL_HTTP', message ?? statusText(status), options)
    if (!(Number.isInteger(status) && status >= 400 && status <= 599)) {
      throw new RangeError(`Invalid status ${status} of an error: 400 to 599 is allowed`)
    }
    this.status = status
    this.headers = options.headers
    this.expose = options.expose ?? status < 500
  }

  static override is(error: unknown): error is HTTPError {
    return SpoolError.hasCode(error, 'SPOOL_HTTP')
  }

  toResponse(): ServerResponse {
    const { status, headers } = this
    const response = new ServerResponse(this.expose ? this.message : statusText(status), {
      status,
      type: 'text/plain; charset=utf-8',
    })
    if (headers !== undefined) {
      const more = new ServerResponse(null, { headers }).headers
      for (const [name, value] of more) {
        if (name === 'set-cookie') response.headers.append(name, value)
        else response.headers.set(name, value)
      }
    }
    return response
  }
}
