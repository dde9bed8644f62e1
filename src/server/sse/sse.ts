import type { HeadersInput } from '../../http/header-fields.ts'
import type { ServerRequest } from '../messages/server-request.ts'
import { ServerResponse } from '../messages/server-response.ts'
import type { ServerSentEvent } from './event-encoding.ts'
import { EventStream } from './event-stream.ts'
import {
  above,
  anything,
  type Check,
  type Checks,
  checkSettings,
  checkValue,
  either,
  oneOf,
  optional,
  wholeFrom,
} from '../option-checks.ts'

/** Where events go that are sent one by one. */
export interface EventSender {
  /**
   * Sends an event, and waits while the client does not keep up. Needs no `this`.
   *
   * Cancellation: the event may or may not be sent.
   */
  readonly send: (event: ServerSentEvent | string) => Promise<void>
}

/** Events to iterate over, or a function that makes them or sends them. */
export type EventSource =
  | AsyncIterable<ServerSentEvent | string>
  | ((sender: EventSender) => AsyncIterable<ServerSentEvent | string> | Promise<void>)

export interface SSEOptions {
  /** How long nothing may be sent before a comment is, in milliseconds; `Infinity`: none. Default 15,000. */
  heartbeat?: number
  /** How long clients wait before they connect anew, in milliseconds. Default: as they like, 3 s mostly. */
  retry?: number
  headers?: HeadersInput
}

const aSource: Check = (value) =>
  typeof value === 'function' ||
  typeof (value as Partial<AsyncIterable<unknown>> | undefined)?.[Symbol.asyncIterator] ===
    'function'
    ? undefined
    : 'an async iterable, or a function'
const checks: Checks<SSEOptions> = {
  heartbeat: optional(either('more than 0 ms', above(0), oneOf(Infinity))),
  retry: optional(wholeFrom(0)),
  headers: optional(anything),
}

/**
 * Server-sent events, for as long as they come. The source is asked for the next one when the client
 * has taken the last. It is ended when the client leaves, and also when the server begins to close:
 * everything that it waits for is cancelled then, and clients connect anew, to whoever is there next.
 *
 * Where a client has got to, when it comes back, tells `lastEventId()`.
 *
 * Throws TypeError for what is no source, and TypeError or RangeError for options that make no sense.
 *
 * @example
 * ```ts
 * const app = new Application().get('/count', (request) => {
 *   const first = Number(lastEventId(request) ?? 0) + 1
 *   return sse(async function* () {
 *     for (let id = first; id <= 3; id++) yield { id: String(id), data: { id } }
 *   })
 * })
 * const headers = { 'last-event-id': '2' }
 * const response = await app.fetch(new Request('http://localhost/count', { headers }))
 * console.log(await response.text()) // id: 3↵data: {"id":3}↵↵
 * ```
 */
export function sse(source: EventSource, options: SSEOptions = {}): ServerResponse {
  checkValue('sse()', 'source', source, aSource)
  checkSettings('sse()', options, checks)
  const { heartbeat = 15_000, retry, headers } = options
  const response = new ServerResponse(new EventStream(source, heartbeat, retry), {
    type: 'text/event-stream',
    ...(headers === undefined ? {} : { headers }),
  })
  // Neither caches nor nginx are to hold events back.
  if (!response.headers.has('cache-control')) response.headers.set('cache-control', 'no-cache')
  response.headers.set('x-accel-buffering', 'no')
  return response
}

/** The id of the last event that the client got before it connected anew; undefined if it is new here. */
export function lastEventId({ headers }: ServerRequest): string | undefined {
  const field = headers.get('last-event-id')
  // Browsers send UTF-8 where fields are read as latin1.
  return field === null || field === '' ? undefined : Buffer.from(field, 'latin1').toString('utf8')
}
