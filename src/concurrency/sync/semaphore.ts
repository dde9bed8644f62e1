import { currentScope } from '../scope/scope.ts'
import { checkCount } from './count.ts'
import { Permit, type PermitIssuer } from './permit.ts'
import { type LineWaiter, waitInLine, WaitLine } from '../scope/wait-line.ts'

/** What `semaphore.statistics()` returns. */
export interface SemaphoreStatistics {
  /** How many permits could be had at once. */
  readonly free: number
  /** How many tasks wait for one. */
  readonly waiting: number
}

/**
 * Lets a number of tasks through at a time; the others wait in the order in which they came.
 *
 * ```ts
 * const semaphore = new Semaphore(10)
 * using permit = await semaphore.acquire()
 * ```
 */
export class Semaphore implements PermitIssuer {
  #free: number
  readonly #line: WaitLine<LineWaiter<Permit>> = new WaitLine()

  /**
   * `permits`: how many tasks at a time. 0 is allowed: then the first `release()` lets one through.
   *
   * @throws {RangeError} if `permits` is no integer, or negative.
   */
  constructor(permits: number) {
    this.#free = checkCount('the permits of a semaphore', permits, 0)
  }

  /**
   * Waits for a permit.
   *
   * Cancellation: leaves the line and holds nothing. A permit that was already handed over is
   * delivered, and is the caller's to release.
   */
  acquire(): Promise<Permit> {
    const scope = currentScope()
    if (this.#free > 0 && !scope.cancelled) {
      this.#free--
      return Promise.resolve(new Permit(this))
    }
    return waitInLine(this.#line, scope, 'semaphore.acquire()')
  }

  /** Takes a permit if one is free; never waits. */
  tryAcquire(): Permit | undefined {
    if (this.#free === 0) return undefined
    this.#free--
    return new Permit(this)
  }

  /** Whether `acquire()` would wait. */
  get locked(): boolean {
    return this.#free === 0
  }

  /**
   * Adds a permit: for permits that one task makes and another uses up. What `acquire()` gave is
   * released through the `Permit` instead.
   */
  release(): void {
    const waiter = this.#line.shift()
    if (waiter === undefined) this.#free++
    else waiter.resolve(new Permit(this))
  }

  statistics(): SemaphoreStatistics {
    return { free: this.#free, waiting: this.#line.size }
  }

  /** @internal */
  takeBack(): void {
    this.release()
  }
}
