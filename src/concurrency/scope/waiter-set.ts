import { currentScope } from './scope.ts'
import { type LineWaiter, waitInLine, WaitLine } from './wait-line.ts'
import type { Describable } from './waiter.ts'

/** All who wait for one thing that happens once, and are woken together, in the order of arrival. */
export class WaiterSet<T> extends WaitLine<LineWaiter<T>> {
  /** Waits for the next `wake()` or `fail()`. `what`: what for. */
  wait(what: string | Describable): Promise<T> {
    return waitInLine(this, currentScope(), what)
  }

  wake(value: T): void {
    for (let next = this.shift(); next !== undefined; next = this.shift()) {
      next.resolve(value)
    }
  }

  fail(error: unknown): void {
    for (let next = this.shift(); next !== undefined; next = this.shift()) {
      next.reject(error)
    }
  }
}
