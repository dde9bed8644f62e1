import { BrokenResourceError } from '../errors.ts'
import { currentScope } from '../scope/scope.ts'
import { checkCount } from './count.ts'
import { type LineWaiter, waitInLine, WaitLine } from '../scope/wait-line.ts'

/** What `barrier.statistics()` returns. */
export interface BarrierStatistics {
  readonly parties: number
  /** How many have arrived and wait for the rest. */
  readonly waiting: number
  readonly broken: boolean
}

/** Holds tasks back until a number of them has arrived, and lets them go on together; again and again. */
export class Barrier {
  /** How many tasks it waits for. */
  readonly parties: number
  readonly #line: WaitLine<LineWaiter<number>> = new WaitLine()
  #broken = false

  /**
   * @throws {RangeError} if `parties` is no integer, or less than 1.
   */
  constructor(parties: number) {
    this.parties = checkCount('the parties of a barrier', parties, 1)
  }

  /** Whether `abort()` was called, and not yet `reset()`. */
  get broken(): boolean {
    return this.#broken
  }

  /**
   * Waits until `parties` tasks wait, and says which of them this is, from 0, in the order of
   * arrival.
   *
   * Cancellation: this task counts as not arrived; the others wait on.
   *
   * @throws {BrokenResourceError} if the barrier is aborted, or is aborted or reset while this waits.
   */
  wait(): Promise<number> {
    const scope = currentScope()
    if (this.#broken) return Promise.reject(brokenBy('abort()'))
    if (this.#line.size + 1 === this.parties && !scope.cancelled) {
      for (let index = 0; index < this.parties - 1; index++) this.#line.shift()?.resolve(index)
      return Promise.resolve(this.parties - 1)
    }
    return waitInLine(this.#line, scope, 'barrier.wait()')
  }

  /** Begins anew: who waits is told so by an error, and a barrier that was aborted works again. */
  reset(): void {
    this.#broken = false
    this.#refuse('reset()')
  }

  /** Refuses all who wait, and whoever comes until `reset()`: for when one of them will never arrive. */
  abort(): void {
    this.#broken = true
    this.#refuse('abort()')
  }

  statistics(): BarrierStatistics {
    return { parties: this.parties, waiting: this.#line.size, broken: this.#broken }
  }

  #refuse(call: string): void {
    for (let next = this.#line.shift(); next !== undefined; next = this.#line.shift()) {
      next.reject(brokenBy(call))
    }
  }
}

function brokenBy(call: string): BrokenResourceError {
  return new BrokenResourceError(`Cannot wait at a barrier on which ${call} was called`)
}
