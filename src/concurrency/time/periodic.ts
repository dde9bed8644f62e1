import { checkFlag, checkFunction, checkOptional, show } from '../scope/arguments.ts'
import { clock } from './current-clock.ts'
import { sleepUntil } from './sleep.ts'

export interface PeriodicOptions {
  /** Calls for the first time at once, instead of after one interval. Default false. */
  immediately?: boolean
  /**
   * How much later than its time a call may come, at random, as a part of the interval: 0.1 spreads
   * the calls of many processes over a tenth of it. From 0 to 1, default 0.
   */
  jitter?: number
}

/**
 * Calls `fn` every `interval` milliseconds, until the scope is cancelled or `fn` throws. Calls never
 * overlap: one that takes longer than the interval makes the calls that it misses be left out, and
 * the rhythm stays.
 *
 * ```ts
 * let calls = 0
 * await moveOnAfter(50, () => periodic(5, () => calls++))
 * console.log(calls > 1) // → true
 * ```
 *
 * Cancellation: of the wait between two calls, at once; a call that is under way is cancelled and
 * awaited.
 *
 * @throws {TypeError} if an argument is of the wrong kind.
 * @throws {RangeError} if `interval` is not above 0, or `jitter` is not from 0 to 1.
 */
export async function periodic(
  interval: number,
  fn: () => unknown,
  options?: PeriodicOptions,
): Promise<never> {
  checkFunction('call periodically', fn)
  check('interval', interval, interval > 0 && interval < Infinity, 'a number of ms above 0')
  checkOptional('periodic()', options, '{ jitter: 0.1 }', { immediately: true, jitter: true })
  const { jitter = 0, immediately = false } = options ?? {}
  check('jitter', jitter, jitter >= 0 && jitter <= 1, 'a number from 0 to 1')
  checkFlag('immediately', immediately)
  let due = clock().now()
  if (!immediately) due += interval
  for (;;) {
    await sleepUntil(due + Math.random() * jitter * interval)
    await fn()
    const missed = Math.floor((clock().now() - due) / interval)
    due += interval * Math.max(missed, 0) + interval
  }
}

function check(what: string, value: number, isAllowed: boolean, allowed: string): void {
  if (typeof value === 'number' && isAllowed) return
  const message = `Invalid ${what} ${show(value)}: expected ${allowed}`
  throw typeof value === 'number' ? new RangeError(message) : new TypeError(message)
}
