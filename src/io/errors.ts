/**
 * What can go wrong on the way to a peer and back, and the one place that knows the system's error codes.
 */
import { BrokenResourceError, ClosedResourceError } from '../concurrency/errors.ts'
import { SpoolError, type SpoolErrorOptions } from '../util/error.ts'

/** How far connecting got: name lookup, TCP (or a Unix socket), TLS, or the dialogue with a proxy. */
export type ConnectPhase = 'dns' | 'tcp' | 'tls' | 'proxy'

/**
 * Why a handshake failed, where that can be told: the certificate's time, who signed it, its name or its
 * fingerprint, that the server wants one of ours, or that the two do not speak the same TLS.
 */
export type TLSFailure =
  | 'expired'
  | 'not-yet-valid'
  | 'self-signed'
  | 'untrusted'
  | 'revoked'
  | 'hostname-mismatch'
  | 'pin-mismatch'
  | 'certificate-required'
  | 'protocol'

export interface ConnectErrorOptions extends SpoolErrorOptions {
  why?: TLSFailure | undefined
  status?: number | undefined
}

/** One address that was tried, and why it did not work. */
export interface ConnectAttempt {
  /** `address:port`, `[address]:port`, or the path of a Unix socket. */
  readonly address: string
  readonly cause: Error
}

/** No connection could be made. */
export class ConnectError extends SpoolError {
  readonly phase: ConnectPhase
  /** What was tried, in the order of failing; empty if it did not come to that. */
  readonly attempts: readonly ConnectAttempt[]
  /** In phase `tls`: why, where that can be told. */
  readonly why: TLSFailure | undefined
  /** In phase `proxy`: the status that an HTTP proxy answered with, such as 407. */
  readonly status: number | undefined

  static {
    this.prototype.name = 'ConnectError'
  }

  constructor(
    phase: ConnectPhase,
    message: string,
    attempts: readonly ConnectAttempt[] = [],
    options: ConnectErrorOptions = {},
  ) {
    super('SPOOL_CONNECT', message, 'cause' in options ? { cause: options.cause } : {})
    this.phase = phase
    this.attempts = attempts
    this.why = options.why
    this.status = options.status
  }

  /** Whether `error` is a failure to connect, whichever copy of Spool made it. */
  static override is(error: unknown): error is ConnectError {
    return SpoolError.hasCode(error, 'SPOOL_CONNECT')
  }
}

/** A port or path can't be listened on. */
export class ListenError extends SpoolError {
  /** `host:port`, or the path of a Unix socket. */
  readonly address: string

  static {
    this.prototype.name = 'ListenError'
  }

  constructor(address: string, cause: Error) {
    super('SPOOL_LISTEN', `Listening on "${address}" failed: ${reasonOf(cause)}`, { cause })
    this.address = address
  }

  static override is(error: unknown): error is ListenError {
    return SpoolError.hasCode(error, 'SPOOL_LISTEN')
  }
}

/** The stream ended in the middle of what was read. */
export class IncompleteReadError extends SpoolError {
  /** The bytes that were there. */
  readonly partial: Uint8Array

  static {
    this.prototype.name = 'IncompleteReadError'
  }

  /** `expected`: what was read for, in a few words. */
  constructor(partial: Uint8Array, expected: string) {
    const got = `${partial.length} bytes`
    super('SPOOL_INCOMPLETE_READ', `Reading ${expected} failed: the stream ended after ${got}`)
    this.partial = partial
  }

  static override is(error: unknown): error is IncompleteReadError {
    return SpoolError.hasCode(error, 'SPOOL_INCOMPLETE_READ')
  }
}

/** What was read for does not come within the bytes that were allowed for it. */
export class LimitExceededError extends SpoolError {
  /** Bytes. */
  readonly limit: number

  static {
    this.prototype.name = 'LimitExceededError'
  }

  /** `expected`: what was read for, in a few words. */
  constructor(expected: string, limit: number) {
    super('SPOOL_LIMIT', `Reading up to ${expected} failed: it is not within ${limit} bytes`)
    this.limit = limit
  }

  static override is(error: unknown): error is LimitExceededError {
    return SpoolError.hasCode(error, 'SPOOL_LIMIT')
  }
}

interface Meaning {
  readonly reason: string
  /** It was we who closed it. */
  readonly closed?: true
}

const meanings = new Map<string, Meaning>([
  ['EACCES', { reason: 'permission denied' }],
  ['EADDRINUSE', { reason: 'the address is in use' }],
  ['EADDRNOTAVAIL', { reason: 'the address is not available' }],
  ['EAI_AGAIN', { reason: 'the name server does not answer' }],
  ['EBADF', { reason: 'it is closed', closed: true }],
  ['ECONNABORTED', { reason: 'connection aborted' }],
  ['ECONNREFUSED', { reason: 'connection refused' }],
  ['ECONNRESET', { reason: 'connection reset by the peer' }],
  ['EHOSTUNREACH', { reason: 'no route to the host' }],
  ['EMFILE', { reason: 'too many open files' }],
  ['ENETUNREACH', { reason: 'no route to the network' }],
  ['ENOENT', { reason: 'no such file' }],
  ['ENFILE', { reason: 'too many open files in the system' }],
  ['ENOTFOUND', { reason: 'no such host' }],
  ['EPIPE', { reason: 'the peer has closed the connection' }],
  ['ERR_STREAM_DESTROYED', { reason: 'it is closed', closed: true }],
  ['ERR_STREAM_WRITE_AFTER_END', { reason: 'it is closed', closed: true }],
  ['ETIMEDOUT', { reason: 'the peer does not answer' }],
])

/** The system's code of an error, such as `ECONNRESET`. */
export function errnoOf(error: Error): string | undefined {
  const { code } = error as NodeJS.ErrnoException
  return typeof code === 'string' ? code : undefined
}

/** Why, in a few words: `connection refused (ECONNREFUSED)`. */
export function reasonOf(error: Error): string {
  const code = errnoOf(error)
  const meaning = code === undefined ? undefined : meanings.get(code)
  if (meaning !== undefined) return `${meaning.reason} (${code})`
  // OpenSSL's message names its source files; what it means stands in a field.
  const { reason } = error as { reason?: unknown }
  return typeof reason === 'string' && code?.startsWith('ERR_SSL_') === true
    ? `${reason} (${code})`
    : error.message
}

/** The error of Spool for what the system says of an open connection. */
export function connectionError(error: Error): Error {
  if (SpoolError.is(error)) return error
  const meaning = meanings.get(errnoOf(error) ?? '')
  const message = `Connection broken: ${reasonOf(error)}`
  return meaning?.closed === true
    ? new ClosedResourceError(message, { cause: error })
    : new BrokenResourceError(message, { cause: error })
}

/** `host:port` as people write it, IPv6 addresses in brackets. */
export function hostAndPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
