/**
 * A semaphore that knows who holds its permits, and whose size can be changed: for sharing out
 * something that has a capacity, such as threads or connections.
 */
import { BusyResourceError, type CancelledError } from '../errors.ts'
import { currentScope, type Scope } from '../scope/scope.ts'
import { checkCount } from './count.ts'
import { Permit, type PermitIssuer } from './permit.ts'
import { LineWaiter, WaitLine } from '../scope/wait-line.ts'

/** What `limiter.statistics()` returns. */
export interface CapacityLimiterStatistics {
  /** How many may be held at a time. */
  readonly total: number
  /** How many are held; more than `total` for a while after it was made smaller. */
  readonly borrowed: number
  /** Who holds them, in the order in which they got them. */
  readonly borrowers: readonly unknown[]
  /** How many tasks wait for one. */
  readonly waiting: number
}

class LimiterWaiter extends LineWaiter<Permit> {
  readonly borrower: unknown
  readonly #onLeave: (borrower: unknown) => void

  constructor(scope: Scope, borrower: unknown, onLeave: (borrower: unknown) => void) {
    super(scope, 'limiter.acquire()')
    this.borrower = borrower
    this.#onLeave = onLeave
  }

  override scopeCancelled(error: CancelledError): void {
    this.#onLeave(this.borrower)
    super.scopeCancelled(error)
  }
}

/**
 * Shares out a number of permits between borrowers, each of whom holds at most one. The borrower is
 * the current task, unless another is named.
 */
export class CapacityLimiter implements PermitIssuer {
  #total: number
  readonly #holders = new Map<Permit, unknown>()
  /** Who holds a permit or waits for one. */
  readonly #known = new Set<unknown>()
  readonly #line: WaitLine<LimiterWaiter> = new WaitLine()

  /**
   * `total`: how many may be held at a time; `Infinity` for no limit.
   *
   * @throws {RangeError} if `total` is no integer, or less than 1.
   */
  constructor(total: number) {
    this.#total = checkTotal(total)
  }

  /** How many permits may be held at a time. */
  get total(): number {
    return this.#total
  }

  /** Made larger, it lets those through who wait; made smaller, it waits for permits to come back. */
  set total(total: number) {
    this.#total = checkTotal(total)
    this.#serve()
  }

  /**
   * Waits for a permit on behalf of `borrower`: any value that stands for who uses it. Outside of
   * every task, and without a borrower, permits have no owner and their number is all that counts.
   *
   * Cancellation: leaves the line and holds nothing. A permit that was already handed over is
   * delivered, and is the caller's to release.
   *
   * @throws {BusyResourceError} if the borrower holds one already, or waits for one: it might wait
   * for itself for ever.
   */
  acquire(borrower: unknown = currentScope().task): Promise<Permit> {
    const scope = currentScope()
    if (this.#known.has(borrower)) return Promise.reject(borrowsAlready())
    if (this.#holders.size < this.#total && !scope.cancelled) {
      return Promise.resolve(this.#lend(borrower))
    }
    const waiter = new LimiterWaiter(scope, borrower, this.#forget)
    if (!waiter.settled) {
      this.#remember(borrower)
      this.#line.add(waiter)
    }
    return waiter.promise
  }

  /**
   * Takes a permit if one is free; never waits.
   *
   * @throws {BusyResourceError} if the borrower holds one already, or waits for one.
   */
  tryAcquire(borrower: unknown = currentScope().task): Permit | undefined {
    if (this.#known.has(borrower)) throw borrowsAlready()
    return this.#holders.size < this.#total ? this.#lend(borrower) : undefined
  }

  statistics(): CapacityLimiterStatistics {
    return {
      total: this.#total,
      borrowed: this.#holders.size,
      borrowers: [...this.#holders.values()].filter((borrower) => borrower !== undefined),
      waiting: this.#line.size,
    }
  }

  /** @internal */
  takeBack(permit: Permit): void {
    this.#known.delete(this.#holders.get(permit))
    this.#holders.delete(permit)
    this.#serve()
  }

  #serve(): void {
    while (this.#holders.size < this.#total) {
      const waiter = this.#line.shift()
      if (waiter === undefined) return
      waiter.resolve(this.#lend(waiter.borrower))
    }
  }

  #lend(borrower: unknown): Permit {
    const permit = new Permit(this)
    this.#holders.set(permit, borrower)
    this.#remember(borrower)
    return permit
  }

  #remember(borrower: unknown): void {
    if (borrower !== undefined) this.#known.add(borrower)
  }

  readonly #forget = (borrower: unknown): void => {
    this.#known.delete(borrower)
  }
}

function checkTotal(total: number): number {
  return checkCount('the total of a limiter', total, 1, true)
}

function borrowsAlready(): BusyResourceError {
  return new BusyResourceError(
    'Cannot borrow twice from a limiter: the borrower holds a permit, or waits for one',
  )
}
