import { checkDeadline, checkDuration, checkFunction } from '../scope/arguments.ts'
import { isCancellation } from '../scope/cancellation.ts'
import { callInScope } from '../scope/context.ts'
import { currentScope, Scope, type ScopeView } from '../scope/scope.ts'
import { ClosedResourceError, TimeoutError } from '../errors.ts'
import { clock } from './current-clock.ts'

/** A scope whose time can be moved while it runs. */
export interface TimeoutScope extends ScopeView {
  /** Moves the deadline, on the clock of `now()`; `Infinity` takes it away. Needs no `this`. */
  readonly reschedule: (deadline: number) => void
  /** Starts the time anew: `timeout` milliseconds from now, by default as many as at first. */
  readonly restart: (timeout?: number) => void
}

/** What `moveOnAfter()` returns. */
export type MoveOnResult<T> =
  | { readonly timedOut: false; readonly value: T }
  | { readonly timedOut: true; readonly value?: undefined }

/**
 * Runs `fn` and stops it if it takes longer than `timeout` milliseconds: everything that it waits for
 * throws then. 0 stops it at its first wait, `Infinity` never.
 *
 * Cancellation: `fn` is cancelled, and awaited.
 *
 * @throws {TimeoutError} with phase `scope` if the time was up before `fn` came to an end. A value
 * that `fn` returns in spite of it is returned, and what else it throws is thrown.
 * @throws {RangeError} if `timeout` is negative or NaN.
 */
export async function timeout<T>(
  timeout: number,
  fn: (scope: TimeoutScope) => T | PromiseLike<T>,
): Promise<T> {
  checkDuration('timeout', timeout)
  checkFunction('run with a timeout', fn)
  return new Region(clock().now() + timeout, timeout).run(fn)
}

/**
 * Like `timeout()`, until `deadline` on the clock of `now()`. A past one stops `fn` at its first wait.
 *
 * Cancellation: `fn` is cancelled, and awaited.
 *
 * @throws {TimeoutError} if the deadline passed before `fn` came to an end.
 * @throws {RangeError} if `deadline` is NaN.
 */
export async function timeoutAt<T>(
  deadline: number,
  fn: (scope: TimeoutScope) => T | PromiseLike<T>,
): Promise<T> {
  checkDeadline('deadline', deadline)
  checkFunction('run with a timeout', fn)
  const length = Math.max(Math.round(deadline - clock().now()), 0)
  return new Region(deadline, length).run(fn)
}

/**
 * Runs `fn` for `timeout` milliseconds at most, and goes on without its value if that was not enough.
 *
 * Cancellation: `fn` is cancelled, and awaited.
 *
 * @throws {RangeError} if `timeout` is negative or NaN.
 */
export async function moveOnAfter<T>(
  timeout: number,
  fn: (scope: TimeoutScope) => T | PromiseLike<T>,
): Promise<MoveOnResult<T>> {
  checkDuration('timeout', timeout)
  checkFunction('run with a timeout', fn)
  const region = new Region(clock().now() + timeout, timeout)
  try {
    return { timedOut: false, value: await region.run(fn) }
  } catch (error) {
    // By identity: a TimeoutError from further in is a failure like any other.
    if (error === region.thrown) return { timedOut: true }
    throw error
  }
}

/** The scope of one `timeout()`. Its own timeout becomes a TimeoutError here and nowhere else. */
class Region extends Scope implements TimeoutScope {
  #length: number
  /** The TimeoutError that it threw. */
  thrown: TimeoutError | undefined

  constructor(deadline: number, length: number) {
    super(currentScope(), deadline)
    this.#length = length
    this.thrown = undefined
  }

  async run<T>(fn: (scope: TimeoutScope) => T | PromiseLike<T>): Promise<T> {
    try {
      return await callInScope(this, fn, this)
    } catch (error) {
      if (!this.cancelled || !isCancellation(error)) throw error
      // Whoever is further out and is cancelled too has the say.
      this.parent?.throwIfCancelled()
      if (this.error?.source !== 'deadline') this.throwIfCancelled()
      const cause = error === this.error ? {} : { cause: error }
      this.thrown = new TimeoutError('scope', this.#length, undefined, cause)
      throw this.thrown
    } finally {
      this.end()
    }
  }

  get reschedule(): (deadline: number) => void {
    return (deadline) => {
      checkDeadline('deadline', deadline)
      this.#length = Math.max(Math.round(deadline - clock().now()), 0)
      this.#move(deadline)
    }
  }

  get restart(): (timeout?: number) => void {
    return (timeout = this.#length) => {
      checkDuration('timeout', timeout)
      this.#length = timeout
      this.#move(clock().now() + timeout)
    }
  }

  #move(deadline: number): void {
    if (this.over) throw new ClosedResourceError('Cannot move the deadline: the timeout is over')
    if (this.cancelled) throw new ClosedResourceError('Cannot move the deadline: it has passed')
    this.setDeadline(deadline)
  }
}
