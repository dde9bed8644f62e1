import { checkDeadline, checkDuration } from '../scope/arguments.ts'
import { currentScope } from '../scope/scope.ts'
import { Waiter } from '../scope/waiter.ts'
import type { ClockTimer } from './clock.ts'
import { clock } from './current-clock.ts'
import { nextTurn } from './turn-queue.ts'

function waitFor(delay: number, what: string): Promise<void> {
  let timer: ClockTimer | undefined
  const waiter = new Waiter<void>(() => timer?.cancel(), currentScope(), what)
  if (waiter.settled) return waiter.promise
  const wake = (): void => void waiter.resolve()
  // A turn of the event loop takes no time, on a clock that a test moves either.
  timer = delay === 0 ? nextTurn(wake) : clock().setTimer(delay, wake)
  return waiter.promise
}

/**
 * Waits for `delay` milliseconds. 0 lets everything else that is ready run once, I/O included;
 * `Infinity` waits until the scope is cancelled.
 *
 * Cancellation: stops the timer; nothing is left behind.
 *
 * @throws {RangeError} if `delay` is negative or NaN.
 */
export function sleep(delay: number): Promise<void> {
  checkDuration('delay', delay)
  return waitFor(delay, 'sleep()')
}

/**
 * Waits until `deadline`, on the clock of `now()`. If it is past, it waits like `sleep(0)`.
 *
 * Cancellation: stops the timer; nothing is left behind.
 *
 * @throws {RangeError} if `deadline` is NaN.
 */
export function sleepUntil(deadline: number): Promise<void> {
  checkDeadline('deadline', deadline)
  const delay = Math.max(deadline - clock().now(), 0)
  return waitFor(delay, 'sleepUntil()')
}

/**
 * Lets everything else that is ready run once, I/O included, and throws if the scope is cancelled:
 * for long computations, which nothing can interrupt otherwise.
 *
 * Cancellation: nothing is left behind.
 */
export function checkpoint(): Promise<void> {
  return waitFor(0, 'checkpoint()')
}
