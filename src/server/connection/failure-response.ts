/** What a client is told of an error, and whether somebody else has to be told. */
import { CancelledError, TimeoutError } from '../../concurrency/errors.ts'
import { SpoolError } from '../../util/error.ts'
import { ProtocolError } from '../../wire/errors.ts'
import { HTTPError } from '../messages/http-error.ts'
import type { ServerRequest } from '../messages/server-request.ts'
import type { ServerResponse } from '../messages/server-response.ts'

export interface Failure {
  readonly response: ServerResponse
  /** Whether the error is the program's and not the client's: then it is reported. */
  readonly report: boolean
}

/** For an error that a handler threw. */
export function failureOf(error: unknown, request: ServerRequest): Failure {
  // One of 500 or more may be meant, but not if it was made of another error.
  if (HTTPError.is(error))
    return {
      response: error.toResponse(),
      report: error.status >= 500 && error.cause !== undefined,
    }
  // Only what broke this request's own body is the client's fault: a handler has other connections too.
  if (error !== undefined && error === request.incoming?.error) {
    if (ProtocolError.is(error)) return { response: plainResponse(error.statusHint), report: false }
    if (TimeoutError.is(error)) return { response: plainResponse(408), report: false }
    if (SpoolError.hasCode(error, 'SPOOL_BODY_TOO_LARGE')) {
      return { response: plainResponse(413), report: false }
    }
  }
  if (CancelledError.is(error) && error === request.scope?.error) {
    if (error.source === 'deadline' || error.source === 'shutdown') {
      return { response: plainResponse(503), report: false }
    }
  }
  return { response: plainResponse(500), report: true }
}

/** The status and what it means. */
export function plainResponse(status: number): ServerResponse {
  return new HTTPError(status).toResponse()
}

/** For a handler that returned something else. */
export function noResponse(result: unknown): TypeError {
  const what = typeof result === 'string' ? JSON.stringify(result) : typeof result
  return new TypeError(
    `Cannot answer with ${what}: a handler returns a ServerResponse or a Response`,
  )
}

/** The default listener to errors. */
export function reportToConsole(error: unknown, request: ServerRequest | undefined): void {
  const where =
    request === undefined ? '' : ` (${request.method} ${JSON.stringify(request.target)})`
  console.error(`Error in the server${where}:`, error)
}
