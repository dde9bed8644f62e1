/**
 * Sends a request again that failed in a way that may pass.
 *
 * Rules:
 * 1. What may have reached the server is repeated only if doing it twice is as doing it once (RFC 9110
 *    §9.2.2), or the caller says that it may be. What did not reach it always may.
 * 2. A body that can't be sent a second time is not.
 * 3. No pause is begun that would end after the deadline: the failure is handed on at once.
 * 4. Repetitions are a part of all requests at most: a server that is down is not to be sent a
 *    multiple of its load.
 */
import { TimeoutError } from '../../concurrency/errors.ts'
import { RetryPolicy } from '../../concurrency/pool/policy/retry-policy.ts'
import { currentScope } from '../../concurrency/scope/scope.ts'
import { clock } from '../../concurrency/time/current-clock.ts'
import { sleep } from '../../concurrency/time/sleep.ts'
import { areRetriesTraced, traceRetry } from '../../http/tracing/request-channels.ts'
import { ConnectError } from '../../io/errors.ts'
import { TransferError } from '../errors.ts'
import { isIdempotent } from '../exchange/exchange-failures.ts'
import { begunAt, type Inspector } from '../call/first-attempt.ts'
import { readAway } from '../call/read-away.ts'
import type { ClientRequest } from '../request/client-request.ts'
import { atLeast } from '../request/request-options.ts'
import type { ClientResponse } from '../response/client-response.ts'
import type { ClientMiddleware } from '../session-options.ts'
import { inspected } from './inspected.ts'
import { releasesItself } from './releasing.ts'
import { checkKinds, type Kinds, shown } from '../../util/option-kinds.ts'
import { retryAfter } from './retry-after.ts'

/** One repetition that is about to happen. */
export interface RetryEvent {
  readonly request: ClientRequest
  /** Which attempt has failed, from 1. */
  readonly attempt: number
  /** How long is waited before the next, in milliseconds. */
  readonly delay: number
  /** What it was answered with; undefined if it failed without an answer. */
  readonly status: number | undefined
  /** What it failed with. */
  readonly error: unknown
}

export interface RequestRetryOptions {
  /** How often a request is sent at most, the first time included. Default 3. */
  attempts?: number | undefined
  /** The longest first pause, in milliseconds: each is anything from 0 to twice the one before. Default 250. */
  delay?: number | undefined
  /** The longest pause that is our choice, in milliseconds. Default 30,000. */
  maxDelay?: number | undefined
  /**
   * The longest `Retry-After` that is waited for, in milliseconds; an answer that asks for more is
   * handed on. Default 60,000.
   */
  maxRetryAfter?: number | undefined
  /** How long all attempts and pauses may take together, in milliseconds. Default: the request's total. */
  total?: number | undefined
  /** Answers that are tried again. Default 408, 429, 500, 502, 503 and 504. */
  statuses?: readonly number[] | undefined
  /** Methods that may be repeated when the server may have seen them. Default: the idempotent ones. */
  methods?: readonly string[] | undefined
  /**
   * Repetitions for each request, on average; ten may come at once after a quiet time. Default 0.2;
   * `Infinity` for no such limit.
   */
  budget?: number | undefined
  /** Told before each pause. */
  onRetry?: ((event: RetryEvent) => void) | undefined
  /** A number from 0 up to 1, for the pauses. Default `Math.random`. */
  random?: (() => number) | undefined
}

const kinds: Kinds<RequestRetryOptions> = {
  attempts: 'any',
  delay: 'any',
  maxDelay: 'any',
  maxRetryAfter: 'any',
  total: 'any',
  statuses: 'list',
  methods: 'list',
  budget: 'any',
  onRetry: 'function',
  random: 'function',
}

// RFC 9110 §15.5.9, RFC 6585 §4, and what says that another server, or the same one later, may do better.
const transient = [408, 429, 500, 502, 503, 504]
// What the budget saves up: a page that fails as a whole, after a quiet hour.
const mostSaved = 10

/**
 * A middleware that repeats what failed for the moment: no connection, one that broke, an answer of 5xx
 * or 429. A failure in the middle of a body is not repeated: parts of it are in the hands of the caller.
 *
 * @example
 * ```ts
 * import { serve } from 'spool/server'
 *
 * let asked = 0
 * await using server = await serve(() => new Response('ok', { status: ++asked < 3 ? 503 : 200 }), { port: 0 })
 * await using session = new ClientSession({ middleware: [retry({ attempts: 5, delay: 10 })] })
 * console.log(await session.get(server.url).text()) // → ok
 * ```
 *
 * Cancellation: ends the pause.
 *
 * @throws TypeError or RangeError for an option that makes no sense
 */
export function retry(options: RequestRetryOptions = {}): ClientMiddleware {
  checkKinds(options, kinds, 'retry()')
  checkLists(options)
  const policy = new RetryPolicy({
    attempts: options.attempts ?? 3,
    delay: options.delay ?? 250,
    maxDelay: options.maxDelay ?? 30_000,
    random: options.random ?? Math.random,
  })
  const maxRetryAfter = atLeast(0, 'maxRetryAfter', options.maxRetryAfter ?? 60_000)
  const budget = atLeast(0, 'budget', options.budget ?? 0.2)
  const total = atLeast(0, 'total', options.total ?? Infinity)
  const { onRetry } = options
  const statuses = new Set(options.statuses ?? transient)
  const methods = options.methods && new Set(options.methods.map((one) => one.toUpperCase()))
  const most = budget === Infinity ? Infinity : mostSaved
  let saved = most

  function mayRepeat({ method, body }: ClientRequest, reached: boolean): boolean {
    if (body !== undefined && !body.replayable) return false
    return !reached || (methods === undefined ? isIdempotent(method) : methods.has(method))
  }

  /** Waits for the next attempt; false if there is none. */
  async function waited(
    request: ClientRequest,
    begun: number,
    attempt: number,
    response: ClientResponse | undefined,
    error: unknown,
  ): Promise<boolean> {
    const asked = retryAfter(response?.headers.get('retry-after') ?? null, Date.now())
    const pause = policy.delayAfter(attempt, error)
    const delay = pause === undefined ? Infinity : Math.max(pause, asked ?? 0)
    const allowed = Math.min(total, request.settings.timeouts.total)
    const until = Math.min(begun + allowed, currentScope().deadline)
    const tooLate = clock().now() + delay >= until
    if (tooLate || (asked ?? 0) > maxRetryAfter || saved < 1) return false
    saved--
    const event: RetryEvent = { request, attempt, delay, status: response?.status, error }
    onRetry?.(event)
    traceRetry(event)
    if (response !== undefined) await readAway(response)
    await sleep(delay)
    return true
  }

  function earn(): void {
    saved = Math.min(saved + budget, most)
  }

  const inspector: Inspector = {
    get watched() {
      return onRetry !== undefined || options.random !== undefined || areRetriesTraced()
    },
    accepts: (status) => {
      if (statuses.has(status)) return false
      earn()
      return true
    },
    acceptsFailure: (error) => {
      if (isTransient(error)) return false
      earn()
      return true
    },
  }

  const middleware = releasesItself(async (request, next) => {
    earn()
    const begun = begunAt()
    for (let attempt = 1; ; attempt++) {
      let response: ClientResponse
      try {
        response = await next(request)
      } catch (error) {
        if (!isTransient(error) || !mayRepeat(request, hasReached(error))) throw error
        if (await waited(request, begun, attempt, undefined, error)) continue
        throw error
      }
      if (!statuses.has(response.status) || !mayRepeat(request, true)) return response
      try {
        if (!(await waited(request, begun, attempt, response, undefined))) return response
      } catch (error) {
        // What `onRetry` or `random` threw, or the end of the pause.
        await response.close()
        throw error
      }
    }
  })
  return inspected(middleware, inspector)
}

function checkLists({ statuses = [], methods = [] }: RequestRetryOptions): void {
  for (const status of statuses) {
    if (Number.isInteger(status) && status >= 200 && status <= 599) continue
    throw new RangeError(`Cannot use ${shown(status)} as a status: expected 200 to 599`)
  }
  for (const method of methods) {
    if (typeof method === 'string') continue
    throw new TypeError(`Cannot use ${shown(method)} as a method: expected a string`)
  }
}

function isTransient(error: unknown): boolean {
  if (TransferError.is(error)) return true
  // What a certificate says, it says the next time too.
  if (ConnectError.is(error)) return error.phase !== 'tls'
  return TimeoutError.is(error) && error.phase !== 'total' && error.phase !== 'scope'
}

function hasReached(error: unknown): boolean {
  if (ConnectError.is(error)) return false
  if (TransferError.is(error)) return error.requestSent
  return !(TimeoutError.is(error) && (error.phase === 'connect' || error.phase === 'pool'))
}
