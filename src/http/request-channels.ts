/**
 * What a client tells on `node:diagnostics_channel`, for tracers and metrics:
 *
 * | channel                         | when                                                        |
 * | ------------------------------- | ----------------------------------------------------------- |
 * | `spool:client:request:start`    | a request is about to be sent, or to wait for a connection  |
 * | `spool:client:request:response` | the head of its response has come                           |
 * | `spool:client:request:end`      | its response has come to its end, or was given up           |
 * | `spool:client:request:error`    | it has failed without a response                            |
 *
 * Each redirect and each repetition is a request of its own. All messages of one are the same object.
 * While nobody listens, a request pays for one look.
 */
import { channel } from 'node:diagnostics_channel'
import { clock } from '../concurrency/time/current-clock.ts'

/** One request, as the channels tell of it. */
export interface RequestTrace {
  readonly method: string
  /** Without user and password. */
  readonly url: string
  /** On the clock of `now()`. */
  readonly startedAt: number
  /** Undefined before the head of the response, and without one. */
  status: number | undefined
  /** When the head came, on the same clock. */
  respondedAt: number | undefined
  /** When it was over. */
  endedAt: number | undefined
  /** What it failed with, or the body of its response did. */
  error: unknown
}

const started = channel('spool:client:request:start')
const responded = channel('spool:client:request:response')
const ended = channel('spool:client:request:end')
const failed = channel('spool:client:request:error')

/** Whether anybody listens to what a new request has to tell. */
export function areRequestsTraced(): boolean {
  return (
    started.hasSubscribers ||
    responded.hasSubscribers ||
    ended.hasSubscribers ||
    failed.hasSubscribers
  )
}

export function traceStart(method: string, url: string): RequestTrace {
  const trace: RequestTrace = {
    method,
    url,
    startedAt: clock().now(),
    status: undefined,
    respondedAt: undefined,
    endedAt: undefined,
    error: undefined,
  }
  started.publish(trace)
  return trace
}

export function traceResponse(trace: RequestTrace, status: number): void {
  trace.status = status
  trace.respondedAt = clock().now()
  responded.publish(trace)
}

export function traceEnd(trace: RequestTrace, error: unknown): void {
  trace.endedAt = clock().now()
  trace.error = error
  ended.publish(trace)
}

export function traceError(trace: RequestTrace, error: unknown): void {
  trace.endedAt = clock().now()
  trace.error = error
  failed.publish(trace)
}
