import { SpoolError } from '../../util/error.ts'
import { currentScope, Scope } from '../scope/scope.ts'
import { Permit, type PermitIssuer } from './permit.ts'
import { LineWaiter, WaitLine } from '../scope/wait-line.ts'

/** What `lock.statistics()` returns. */
export interface LockStatistics {
  readonly locked: boolean
  /** How many tasks wait for it. */
  readonly waiting: number
}

class LockWaiter extends LineWaiter<Permit> {
  /** What it had before it let the lock go, to have it back. */
  readonly permit: Permit | undefined

  constructor(scope: Scope, permit: Permit | undefined) {
    super(scope, 'lock.acquire()')
    this.permit = permit
  }
}

/**
 * Lets one task through at a time; the others wait in the order in which they came. A task that
 * holds it and acquires it again waits for itself.
 *
 * ```ts
 * const lock = new Lock()
 * using permit = await lock.acquire()
 * ```
 */
export class Lock implements PermitIssuer {
  #holder: Permit | undefined = undefined
  readonly #line: WaitLine<LockWaiter> = new WaitLine()

  /**
   * Waits for the lock.
   *
   * Cancellation: leaves the line and holds nothing. A lock that was already handed over is
   * delivered, and is the caller's to release.
   */
  acquire(): Promise<Permit> {
    const scope = currentScope()
    if (this.#holder === undefined && !scope.cancelled) {
      this.#holder = new Permit(this)
      return Promise.resolve(this.#holder)
    }
    return this.#wait(scope, undefined)
  }

  /** Takes the lock if it is free; never waits. */
  tryAcquire(): Permit | undefined {
    if (this.#holder !== undefined) return undefined
    this.#holder = new Permit(this)
    return this.#holder
  }

  /** Whether a task holds it. */
  get locked(): boolean {
    return this.#holder !== undefined
  }

  statistics(): LockStatistics {
    return { locked: this.locked, waiting: this.#line.size }
  }

  /** @internal */
  takeBack(permit: Permit): void {
    if (this.#holder !== permit) {
      throw new SpoolError(
        'SPOOL_NOT_HELD',
        'Cannot release a lock during condition.wait(): the lock was let go meanwhile',
      )
    }
    this.#pass()
  }

  /** @internal Lets the lock go for a while; undefined if nobody holds it. */
  suspend(): Permit | undefined {
    const permit = this.#holder
    if (permit !== undefined) this.#pass()
    return permit
  }

  /** @internal Waits until the lock is held by `permit` again, in a cancelled scope too. */
  async resume(permit: Permit): Promise<void> {
    if (this.#holder === undefined) {
      this.#holder = permit
      return
    }
    const shield = new Scope(currentScope(), Infinity, true)
    try {
      await this.#wait(shield, permit)
    } finally {
      shield.end()
    }
  }

  #wait(scope: Scope, permit: Permit | undefined): Promise<Permit> {
    const waiter = new LockWaiter(scope, permit)
    if (!waiter.settled) this.#line.add(waiter)
    return waiter.promise
  }

  #pass(): void {
    const next = this.#line.shift()
    this.#holder = next === undefined ? undefined : (next.permit ?? new Permit(this))
    if (this.#holder !== undefined) next?.resolve(this.#holder)
  }
}
