import { currentScope } from './scope.ts'
import { Waiter } from './waiter.ts'

/** All who wait for one thing that happens once, and are woken together, in the order of arrival. */
export class WaiterSet<T> {
  #waiters: Set<Waiter<T>> | undefined = undefined

  get size(): number {
    return this.#waiters?.size ?? 0
  }

  /** Waits for the next `wake()` or `fail()`. `what`: what for, in a few words. */
  wait(what: string): Promise<T> {
    const waiter: Waiter<T> = new Waiter<T>(
      () => this.#waiters?.delete(waiter),
      currentScope(),
      what,
    )
    if (!waiter.settled) (this.#waiters ??= new Set()).add(waiter)
    return waiter.promise
  }

  wake(value: T): void {
    for (const waiter of this.#take()) waiter.resolve(value)
  }

  fail(error: unknown): void {
    for (const waiter of this.#take()) waiter.reject(error)
  }

  #take(): Iterable<Waiter<T>> {
    const waiters = this.#waiters ?? []
    this.#waiters = undefined
    return waiters
  }
}
