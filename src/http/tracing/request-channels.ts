/**
 * What a client tells of its requests on `node:diagnostics_channel`, for tracers and metrics:
 *
 * | channel                               | when                                                        |
 * | ------------------------------------- | ----------------------------------------------------------- |
 * | `spool:client:request:start`          | a request is about to be sent, or to wait for a connection  |
 * | `spool:client:request:sent`           | its head was given to a connection                          |
 * | `spool:client:request:chunk-sent`     | a piece of its body was                                     |
 * | `spool:client:request:response`       | the head of its response has come                           |
 * | `spool:client:request:chunk-received` | a piece of the body of its response has come                |
 * | `spool:client:request:redirect`       | its response is a redirect that is followed                 |
 * | `spool:client:request:retry`          | `retry()` is about to pause, and to send it again           |
 * | `spool:client:request:end`            | its response has come to its end, or was given up           |
 * | `spool:client:request:error`          | it has failed without a response                            |
 *
 * Each redirect and each repetition is a request of its own. All messages of one are the same object, or
 * have it as their `request`. While nobody listens, a request pays for one look.
 */
import { channel } from 'node:diagnostics_channel'
import { clock } from '../../concurrency/time/current-clock.ts'
import { readChunks } from '../chunk-source.ts'
import type { BodyChunks } from '../outgoing-body.ts'

/** One request, as the channels tell of it. */
export interface RequestTrace {
  readonly method: string
  /** Without user and password. */
  readonly url: string
  /** On the clock of `now()`. */
  readonly startedAt: number
  /** When its head was sent, on the same clock; undefined before. */
  sentAt: number | undefined
  /** Undefined before the head of the response, and without one. */
  status: number | undefined
  /** When the head came, on the same clock. */
  respondedAt: number | undefined
  /** When it was over. */
  endedAt: number | undefined
  /** What it failed with, or the body of its response did. */
  error: unknown
}

/** A piece of a body. */
export interface ChunkTrace {
  readonly request: RequestTrace
  /** How many bytes it has, as they are on the wire, without the framing in chunks. */
  readonly size: number
  /** The bytes; they may change once the listener has returned. */
  readonly bytes: Uint8Array
}

/** A redirect that is followed. */
export interface RedirectTrace {
  readonly request: RequestTrace
  readonly status: number
  /** Where it leads. */
  readonly url: string
}

const started = channel('spool:client:request:start')
const sent = channel('spool:client:request:sent')
const chunkSent = channel('spool:client:request:chunk-sent')
const responded = channel('spool:client:request:response')
const chunkReceived = channel('spool:client:request:chunk-received')
const redirects = channel('spool:client:request:redirect')
const repeated = channel('spool:client:request:retry')
const ended = channel('spool:client:request:end')
const failed = channel('spool:client:request:error')

/** Whether anybody listens to what a new request has to tell. */
export function areRequestsTraced(): boolean {
  return (
    started.hasSubscribers ||
    sent.hasSubscribers ||
    chunkSent.hasSubscribers ||
    responded.hasSubscribers ||
    chunkReceived.hasSubscribers ||
    redirects.hasSubscribers ||
    ended.hasSubscribers ||
    failed.hasSubscribers
  )
}

// When it was, on the clock, is told by who knows it: each look at the clock is a tenth of a microsecond.

export function traceStart(method: string, url: string, startedAt: number): RequestTrace {
  const trace: RequestTrace = {
    method,
    url,
    startedAt,
    sentAt: undefined,
    status: undefined,
    respondedAt: undefined,
    endedAt: undefined,
    error: undefined,
  }
  started.publish(trace)
  return trace
}

export function traceSent(trace: RequestTrace, now: number): void {
  trace.sentAt = now
  sent.publish(trace)
}

/** `chunks`, which are told of as they are taken. */
export async function* tracedChunks(
  request: RequestTrace,
  chunks: BodyChunks,
): AsyncGenerator<Uint8Array | string, void> {
  for await (const chunk of readChunks(chunks)) {
    yield chunk
    // Whoever asks for the next has taken this one.
    traceChunkSent(request, chunk)
  }
}

export function traceChunkSent(request: RequestTrace, chunk: Uint8Array | string): void {
  if (!chunkSent.hasSubscribers) return
  const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
  if (bytes.byteLength > 0) publishChunk(chunkSent, request, bytes)
}

export function traceResponse(trace: RequestTrace, status: number, now: number): void {
  trace.status = status
  trace.respondedAt = now
  responded.publish(trace)
}

export function traceChunkReceived(request: RequestTrace, bytes: Uint8Array): void {
  if (chunkReceived.hasSubscribers) publishChunk(chunkReceived, request, bytes)
}

export function traceRedirect(request: RequestTrace, status: number, url: string): void {
  const trace: RedirectTrace = { request, status, url }
  redirects.publish(trace)
}

/** Whether anybody listens to what `retry()` is about to do. */
export function areRetriesTraced(): boolean {
  return repeated.hasSubscribers
}

/** `event`: what the listener of `retry()` is told. */
export function traceRetry(event: object): void {
  if (repeated.hasSubscribers) repeated.publish(event)
}

/** `now`: NaN if it is not known. */
export function traceEnd(trace: RequestTrace, error: unknown, now: number): void {
  trace.endedAt = Number.isNaN(now) ? clock().now() : now
  trace.error = error
  ended.publish(trace)
}

export function traceError(trace: RequestTrace, error: unknown): void {
  trace.endedAt = clock().now()
  trace.error = error
  failed.publish(trace)
}

function publishChunk(to: typeof chunkSent, request: RequestTrace, bytes: Uint8Array): void {
  const trace: ChunkTrace = { request, size: bytes.byteLength, bytes }
  to.publish(trace)
}
