import { SpoolError } from '../../util/error.ts'
import { checkFunction, show } from '../scope/arguments.ts'
import { currentScope } from '../scope/scope.ts'
import { checkCount } from './count.ts'
import { Lock } from './lock.ts'
import type { Permit } from './permit.ts'
import { type LineWaiter, waitInLine, WaitLine } from '../scope/wait-line.ts'

/** What `condition.statistics()` returns. */
export interface ConditionStatistics {
  /** How many tasks wait to be notified. */
  readonly waiting: number
  readonly locked: boolean
}

/**
 * Lets tasks wait until something is so that others change under a lock.
 *
 * ```ts
 * const condition = new Condition()
 * let balance = 0
 * await gather(
 *   async () => {
 *     using permit = await condition.acquire()
 *     await condition.waitFor(() => balance >= 10)
 *     console.log(balance) // → 10
 *   },
 *   async () => {
 *     using permit = await condition.acquire()
 *     balance = 10
 *     condition.notifyAll()
 *   },
 * )
 * ```
 */
export class Condition {
  readonly lock: Lock
  readonly #line: WaitLine<LineWaiter<void>> = new WaitLine()

  /** `lock`: for several conditions about the same things. Default: one of its own. */
  constructor(lock: Lock = new Lock()) {
    if (!((lock as unknown) instanceof Lock)) {
      throw new TypeError(`Cannot use ${show(lock)} as the lock of a condition: expected a Lock`)
    }
    this.lock = lock
  }

  /**
   * Waits for the lock.
   *
   * Cancellation: leaves the line and holds nothing.
   */
  acquire(): Promise<Permit> {
    return this.lock.acquire()
  }

  /**
   * Lets the lock go, waits until it is notified, and takes the lock again.
   *
   * Cancellation: throws once it holds the lock again, so that the caller always leaves its block
   * with the lock. One that was already notified returns, and the notification is not lost.
   *
   * @throws {SpoolError} `SPOOL_NOT_HELD` if nobody holds the lock.
   */
  async wait(): Promise<void> {
    const scope = currentScope()
    scope.throwIfCancelled()
    const permit = this.lock.suspend()
    if (permit === undefined) throw notHeld('wait for')
    try {
      await waitInLine(this.#line, scope, 'condition.wait()')
    } finally {
      await this.lock.resume(permit)
    }
  }

  /**
   * Waits until `predicate` returns true; it is asked with the lock held, first at once and then
   * after each notification.
   *
   * Cancellation: as `wait()`.
   *
   * @throws {SpoolError} `SPOOL_NOT_HELD` if nobody holds the lock.
   */
  async waitFor(predicate: () => boolean): Promise<void> {
    checkFunction('wait for a condition', predicate)
    while (!predicate()) await this.wait()
  }

  /**
   * Wakes those `count` tasks that have waited longest. They go on one after the other, once the
   * lock is free.
   *
   * @throws {SpoolError} `SPOOL_NOT_HELD` if nobody holds the lock.
   * @throws {RangeError} if `count` is no integer, or negative.
   */
  notify(count = 1): void {
    this.#wake(checkCount('a number of tasks to notify', count, 0))
  }

  /**
   * Wakes every task that waits.
   *
   * @throws {SpoolError} `SPOOL_NOT_HELD` if nobody holds the lock.
   */
  notifyAll(): void {
    this.#wake(this.#line.size)
  }

  statistics(): ConditionStatistics {
    return { waiting: this.#line.size, locked: this.lock.locked }
  }

  #wake(count: number): void {
    if (!this.lock.locked) throw notHeld('notify')
    for (let woken = 0; woken < count; woken++) this.#line.shift()?.resolve()
  }
}

function notHeld(what: string): SpoolError {
  return new SpoolError('SPOOL_NOT_HELD', `Cannot ${what} a condition without its lock`)
}
