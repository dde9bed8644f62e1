/**
 * Refuses what can't be done in time anyway, so that the rest is: a server that takes on everything
 * answers nobody once it is overloaded.
 */
import { Semaphore } from '../../concurrency/sync/semaphore.ts'
import type { Permit } from '../../concurrency/sync/permit.ts'
import { clock } from '../../concurrency/time/current-clock.ts'
import type { ClockTimer } from '../../concurrency/time/clock.ts'
import { moveOnAfter } from '../../concurrency/time/timeout.ts'
import { HTTPError } from '../messages/http-error.ts'
import type { ServerRequest } from '../messages/server-request.ts'
import type { ServerMiddleware } from '../routing/route.ts'
import {
  above,
  aFunction,
  atLeast,
  type Checks,
  checkSettings,
  either,
  oneOf,
  optional,
} from '../option-checks.ts'

export interface ShedLoadOptions {
  /** Requests that are handled at a time; more wait. Default 1,000. */
  maxActive?: number
  /** Requests that wait; more are refused at once. Default 1,000. */
  maxWaiting?: number
  /** How long one waits before it is refused, in milliseconds. Default 1,000. */
  maxWait?: number
  /** How late the event loop may be, in milliseconds; while it is later, all are refused. Default 500. */
  maxLoopDelay?: number
  /** When clients are told to come again, in milliseconds. Default 1,000. */
  retryAfter?: number
  /** Requests that are always let through, such as those of a health check. */
  skip?: (request: ServerRequest) => boolean
}

const checks: Checks<ShedLoadOptions> = {
  maxActive: optional(atLeast(1)),
  maxWaiting: optional(atLeast(0)),
  maxWait: optional(atLeast(0)),
  maxLoopDelay: optional(either('more than 0', above(0), oneOf(Infinity))),
  retryAfter: optional(atLeast(0)),
  skip: optional(aFunction),
}

/**
 * Answers 503 with `Retry-After` to requests that would wait too long: for a place among those that
 * are handled, or for an event loop that is late. A request has its place until its response is out.
 *
 * Costs a request 1 µs while there are places (`npm run bench -- middleware`).
 *
 * Throws RangeError for numbers that are out of range.
 *
 * @example
 * ```ts
 * const app = new Application()
 *   .use(shedLoad({ maxActive: 100, skip: ({ path }) => path === '/health' }))
 *   .get('/', () => text('Hello'))
 * ```
 */
export function shedLoad(options: ShedLoadOptions = {}): ServerMiddleware {
  checkSettings('shedLoad()', options, checks)
  const { maxActive = 1_000, maxWaiting = 1_000, maxWait = 1_000 } = options
  const { maxLoopDelay = 500, retryAfter = 1_000, skip } = options
  const headers = { 'retry-after': Math.max(1, Math.ceil(retryAfter / 1_000)) }
  const refuse = (why: string): never => {
    throw new HTTPError(503, why, { headers })
  }
  const places = new Semaphore(maxActive)
  const delay = new DelayWatch()
  let waiting = 0
  return (request, next) => {
    if (skip?.(request) === true) return next(request)
    const late = delay.enter()
    request.onEnd(() => delay.leave())
    if (late > maxLoopDelay) return refuse('The event loop is late')
    const permit = places.tryAcquire()
    if (permit === undefined) {
      if (waiting >= maxWaiting || maxWait === 0) return refuse('Too many requests wait')
      return wait()
    }
    return go(permit)

    function go(permit: Permit): ReturnType<typeof next> {
      request.onEnd(() => permit[Symbol.dispose]())
      return next(request)
    }

    async function wait(): Promise<Awaited<ReturnType<typeof next>>> {
      waiting++
      let result
      try {
        result = await moveOnAfter(maxWait, () => places.acquire())
      } finally {
        waiting--
      }
      return result.timedOut ? refuse('No place came free in time') : go(result.value)
    }
  }
}

// Often enough to see a delay before the next burst of requests does.
const interval = 50

/** How late the event loop is, watched while there are requests. */
class DelayWatch {
  #active = 0
  #timer: ClockTimer | undefined = undefined
  #due = 0
  #late = 0

  /** How late it is, in milliseconds: at the last look, or at the next one that is overdue. */
  enter(): number {
    if (this.#active++ === 0) this.#wait()
    return Math.max(this.#late, clock().now() - this.#due)
  }

  leave(): void {
    if (--this.#active > 0) return
    this.#timer?.cancel()
    this.#timer = undefined
    this.#late = 0
  }

  #wait(): void {
    this.#due = clock().now() + interval
    this.#timer = clock().setTimer(interval, this.#look, { background: true })
  }

  readonly #look = (): void => {
    this.#late = clock().now() - this.#due
    this.#wait()
  }
}
