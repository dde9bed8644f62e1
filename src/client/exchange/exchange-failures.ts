/** How an exchange says what became of it. */
import { TimeoutError, type TimeoutPhase } from '../../concurrency/errors.ts'
import { SpoolError } from '../../util/error.ts'
import { ProtocolError } from '../../wire/errors.ts'
import { TransferError } from '../errors.ts'

// RFC 9110 §9.2.2: doing it twice is as doing it once.
const idempotent = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'])

export function isIdempotent(method: string): boolean {
  return idempotent.has(method)
}

/** A request in messages: `GET https://example.com/path?query`, without user and password. */
export function nameOf(method: string, origin: string, head: string): string {
  const from = method.length + 1
  const target = head.slice(from, head.indexOf(' ', from))
  // To a proxy the target is the whole URL.
  return `${method} ${target.startsWith('/') ? origin : ''}${target}`
}

/** `name`: as `nameOf()` gives it. */
export function timeoutOf(name: string, phase: TimeoutPhase, allowed: number): TimeoutError {
  return new TimeoutError(phase, allowed, `${name} timed out after ${allowed} ms (${phase})`)
}

/** The connection is gone. */
export function transferErrorOf(name: string, cause: Error, requestSent: boolean): TransferError {
  return new TransferError(`${name} failed: ${cause.message}`, { requestSent, cause })
}

/** What came is not HTTP. */
export function protocolErrorOf(name: string, cause: Error): ProtocolError {
  return new ProtocolError('remote', `${name} failed: ${cause.message}`, { cause, statusHint: 502 })
}

/** The body has more than was allowed. */
export function tooLargeOf(name: string, limit: number): SpoolError {
  return new SpoolError(
    'SPOOL_BODY_TOO_LARGE',
    `${name} failed: the body has more than ${limit} bytes, which is the limit`,
  )
}

/** The body is not in the coding that it says it is in. */
export function codingErrorOf(name: string, coding: string, cause: Error): ProtocolError {
  const message = `${name} failed: cannot decompress the response as ${coding}: ${cause.message}`
  return new ProtocolError('remote', message, { cause, statusHint: 502 })
}
