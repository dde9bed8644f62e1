/**
 * Middlewares that pass each request on as it is, and look at its answer alone, need not run as long as
 * their inspector has nothing against the answer. If it has, they run after all, as if they had sent the
 * request: what they pass on first is not sent again, but answered with what has come of it already.
 */
import { clock } from '../../concurrency/time/current-clock.ts'
import type { ClientRequest } from '../request/client-request.ts'
import type { ClientResponse } from '../response/client-response.ts'

/** Looks at what has come of a request, in the place of a middleware. Called once for each that is sent. */
export interface Inspector {
  /** Whether functions of the user may run in the middleware: they do so in the context of the caller. */
  readonly watched: boolean
  /** Whether an answer of this status is handed on as it is. */
  accepts(status: number): boolean
  /** Whether this failure is. */
  acceptsFailure(error: unknown): boolean
}

/** What has come of a request before its middlewares ran: a response, or an error. */
export interface FirstAttempt {
  readonly request: ClientRequest
  /** When it began, on the clock. */
  readonly begunAt: number
  readonly response: ClientResponse | undefined
  readonly error: unknown
}

// While middlewares begin, which is synchronous up to where they pass the request on.
let current: FirstAttempt | undefined

/** Calls `pass`, which is to pass the request of the attempt through its middlewares. */
export function passAfter(attempt: FirstAttempt, pass: (request: ClientRequest) => void): void {
  current = attempt
  try {
    pass(attempt.request)
  } finally {
    current = undefined
  }
}

/** For a middleware with an inspector, as it begins: since when its request is under way, on the clock. */
export function begunAt(): number {
  return current?.begunAt ?? clock().now()
}

/** What has come of the request that is passed on, if that was sent before; once. */
export function takeFirst(request: ClientRequest): Promise<ClientResponse> | undefined {
  if (current?.request !== request) return undefined
  const { response } = current
  const error = current.error as Error
  current = undefined
  return response === undefined ? Promise.reject(error) : Promise.resolve(response)
}
