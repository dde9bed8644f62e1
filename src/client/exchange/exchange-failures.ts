/** How an exchange says what became of it. */
import { TimeoutError, type TimeoutPhase } from '../../concurrency/errors.ts'
import { ProtocolError } from '../../wire/errors.ts'
import { TransferError } from '../errors.ts'

// RFC 9110 §9.2.2: doing it twice is as doing it once.
const idempotent = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'])

export function isIdempotent(method: string): boolean {
  return idempotent.has(method)
}

/** `name`: `GET request to https://example.com`. */
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
