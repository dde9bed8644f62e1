/**
 * Those who wait to submit until the queue of a pool has room: what is behind `pool.ready()`.
 *
 * Whoever is let in has not submitted yet, and the place must not be promised twice meanwhile. So a
 * place is kept for a few ticks, and then it is free again: who was let in may have been cancelled,
 * or may have nothing to submit, and nobody else must wait for them.
 */
import type { Scope } from '../scope/scope.ts'
import { type LineWaiter, waitInLine, WaitLine } from '../scope/wait-line.ts'

// From the end of `ready()` to the `submit()` after an await of it takes two; the rest is for wrappers.
const ticksToSubmit = 6

const tick = Promise.resolve()

export class Admission {
  /** How many more tasks the pool could take now. */
  readonly #places: () => number
  readonly #line: WaitLine<LineWaiter<void>> = new WaitLine()
  /** How many have been let in, and how many of those places are used or free again. */
  #promised = 0
  #settled = 0
  #expiring = false

  constructor(places: () => number) {
    this.#places = places
  }

  /**
   * Waits for a place.
   *
   * Cancellation: only stops waiting.
   */
  async enter(scope: Scope, what: string): Promise<void> {
    scope.throwIfCancelled()
    if (this.#hasPlace) this.#promise()
    else await waitInLine(this.#line, scope, what)
  }

  /** How many wait. */
  get waiting(): number {
    return this.#line.size
  }

  /** A task was submitted. */
  placeUsed(): void {
    if (this.#settled < this.#promised) this.#settled++
  }

  /** There may be room for one more. */
  letIn(): void {
    while (this.#line.size > 0 && this.#hasPlace) {
      this.#promise()
      this.#line.shift()?.resolve()
    }
  }

  /** Throws at all who wait. */
  refuse(error: () => Error): void {
    while (this.#line.size > 0) this.#line.shift()?.reject(error())
  }

  get #hasPlace(): boolean {
    return this.#places() > this.#promised - this.#settled
  }

  #promise(): void {
    this.#promised++
    if (!this.#expiring) void this.#expire()
  }

  async #expire(): Promise<void> {
    this.#expiring = true
    while (this.#settled < this.#promised) {
      const promised = this.#promised
      for (let ticks = 0; ticks < ticksToSubmit; ticks++) await tick
      this.#settled = Math.max(this.#settled, promised)
      this.letIn()
    }
    this.#expiring = false
  }
}
