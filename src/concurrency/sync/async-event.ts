import { currentScope } from '../scope/scope.ts'
import { type LineWaiter, waitInLine, WaitLine } from '../scope/wait-line.ts'

/** What `event.statistics()` returns. */
export interface AsyncEventStatistics {
  /** How many tasks wait. */
  readonly waiting: number
}

// What wait() returns once it is set.
const done = Promise.resolve()

/** A flag that tasks can wait for: `set()` lets all of them through, until `clear()`. */
export class AsyncEvent {
  #set = false
  readonly #line: WaitLine<LineWaiter<void>> = new WaitLine()

  get isSet(): boolean {
    return this.#set
  }

  /** Lets all through who wait, and whoever comes until `clear()`. */
  set(): void {
    this.#set = true
    for (let next = this.#line.shift(); next !== undefined; next = this.#line.shift())
      next.resolve()
  }

  /** Makes whoever comes from now on wait for the next `set()`. */
  clear(): void {
    this.#set = false
  }

  /**
   * Waits until it is set.
   *
   * Cancellation: stops waiting; the event is not touched.
   */
  wait(): Promise<void> {
    const scope = currentScope()
    if (this.#set && !scope.cancelled) return done
    return waitInLine(this.#line, scope, 'event.wait()')
  }

  statistics(): AsyncEventStatistics {
    return { waiting: this.#line.size }
  }
}
