/**
 * A client of server-sent events (HTML standard, §9.2): asks again whenever the stream ends, after the
 * last event that it was given, until it is told that there will be no more.
 */
import { TimeoutError } from '../../concurrency/errors.ts'
import { RetryPolicy } from '../../concurrency/pool/policy/retry-policy.ts'
import { HeaderFields } from '../../http/header-fields.ts'
import { ConnectError } from '../../io/errors.ts'
import { ResponseError, TransferError } from '../errors.ts'
import { responseError } from '../call/read-away.ts'
import { checkKinds, type OptionKind, shown } from '../../util/option-kinds.ts'
import { atLeast, countFrom, type RequestOptions } from '../request/request-options.ts'
import type { ResponsePromise } from '../response/response-promise.ts'
import { EventParser, type ServerSentEvent } from './event-parser.ts'
import { checkEventStream, defaultEventSize } from './events-of.ts'

export interface EventsOptions extends RequestOptions {
  /** Default `GET`. */
  method?: string | undefined
  /** What to begin after: sent as `Last-Event-ID`. */
  lastEventId?: string | undefined
  /** Whether to ask again when the stream has ended or broken. Default: for `GET`. */
  reconnect?: boolean | undefined
  /**
   * How long to wait before, in milliseconds, until the server says another time by `retry`. Default
   * 3,000. Each further attempt that fails waits up to twice as long.
   */
  retryDelay?: number | undefined
  /** The longest wait, in milliseconds. Default 60,000. */
  maxRetryDelay?: number | undefined
  /** Attempts in a row that may fail. Default: no limit. */
  maxAttempts?: number | undefined
  /** Characters that one event may have. Default 1 MiB; more is `SPOOL_BODY_TOO_LARGE`. */
  maxEventSize?: number | undefined
  /** A number from 0 up to 1, for the waits. Default `Math.random`. */
  random?: (() => number) | undefined
}

// What no request has.
const ownOptions = [
  'method',
  'lastEventId',
  'reconnect',
  'retryDelay',
  'maxRetryDelay',
  'maxAttempts',
  'maxEventSize',
  'random',
] as const

const kinds: Readonly<Record<(typeof ownOptions)[number], OptionKind>> = {
  method: 'text',
  lastEventId: 'text',
  reconnect: 'boolean',
  retryDelay: 'any',
  maxRetryDelay: 'any',
  maxAttempts: 'any',
  maxEventSize: 'any',
  random: 'function',
}

type Send = (method: string, url: string | URL, options: RequestOptions) => ResponsePromise

// Too busy, or not there for the moment: a browser would give up, a program had better not.
const passing = new Set([429, 500, 502, 503, 504])

/** What `ClientSession.events()` does. `pause`: waits until it is to be asked again. */
export async function* serverEvents(
  send: Send,
  url: string | URL,
  options: EventsOptions,
  pause: (delay: number) => Promise<void>,
): AsyncGenerator<ServerSentEvent, void> {
  checkEventsOptions(options)
  const { method = 'GET', reconnect = method === 'GET' } = options
  const maxAttempts = countFrom(1, 'maxAttempts', options.maxAttempts ?? Infinity)
  const limit = atLeast(1, 'maxEventSize', options.maxEventSize ?? defaultEventSize)
  const delay = atLeast(0, 'retryDelay', options.retryDelay ?? 3000)
  const maxDelay = atLeast(0, 'maxRetryDelay', options.maxRetryDelay ?? 60_000)
  let lastEventId = options.lastEventId ?? ''
  let wait = delay
  for (let failed = 0; ;) {
    const parser = new EventParser(limit, lastEventId)
    try {
      const response = await send(method, url, withHeaders(options, lastEventId))
      await using _ = response
      if (response.status === 204) return
      if (response.status !== 200) throw await responseError(response)
      checkEventStream(response)
      for await (const chunk of response.body) {
        for (const event of parser.feed(chunk)) {
          failed = 0
          yield event
          // Once it was taken.
          lastEventId = event.id
        }
        lastEventId = parser.lastEventId
      }
    } catch (error) {
      if (!reconnect || !isPassing(error) || ++failed >= maxAttempts) throw error
    }
    if (!reconnect) return
    wait = parser.retry ?? wait
    const policy = new RetryPolicy({
      attempts: Infinity,
      delay: wait,
      maxDelay: Math.max(maxDelay, wait),
      // The first wait is the server's own; those who failed together come back apart.
      jitter: failed < 2 ? 0 : 0.5,
      random: options.random ?? Math.random,
    })
    await pause(policy.delayAfter(Math.max(failed, 1), undefined) ?? wait)
  }
}

function checkEventsOptions(options: EventsOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(
      `Cannot use ${shown(options)} as the options of events(): expected an object`,
    )
  }
  const own = Object.fromEntries(ownOptions.map((name) => [name, options[name]]))
  checkKinds(own, kinds, 'events()')
}

function withHeaders(options: EventsOptions, lastEventId: string): RequestOptions {
  const headers = HeaderFields.from(options.headers)
  if (!headers.has('accept')) headers.set('Accept', 'text/event-stream')
  if (!headers.has('cache-control')) headers.set('Cache-Control', 'no-store')
  // As UTF-8, which is what a header is not (HTML standard, §9.2.3).
  const id = Buffer.from(lastEventId).toString('latin1')
  if (lastEventId !== '') headers.set('Last-Event-ID', id)
  const { timeout } = options
  // A stream has no end that one could wait for.
  const endless = typeof timeout === 'object' ? { total: Infinity, ...timeout } : undefined
  const own = typeof timeout === 'number' ? timeout : (endless ?? { total: Infinity })
  const of: RequestOptions & Partial<EventsOptions> = { ...options, headers, timeout: own }
  for (const name of ownOptions) delete of[name]
  of.raiseForStatus = false
  of.endless = true
  return of
}

function isPassing(error: unknown): boolean {
  if (TransferError.is(error)) return true
  if (ConnectError.is(error)) return error.phase !== 'tls'
  if (TimeoutError.is(error)) return error.phase !== 'total' && error.phase !== 'scope'
  return ResponseError.is(error) && passing.has(error.status)
}
