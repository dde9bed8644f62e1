/**
 * Carries out the wake-ups that Spool's primitives make in an order that a seed decides, so that a test
 * finds the orders that no test by hand thinks of, and finds them again.
 *
 * Only wake-ups of ours are permuted: native promise jobs run in the order that the language gives them.
 */
import { show } from '../concurrency/scope/arguments.ts'
import { replaceWakeUpOrder, type WakeUpOrder } from '../concurrency/scope/wake-ups.ts'

export class SeededOrder implements WakeUpOrder, Disposable {
  readonly seed: number
  #state: number
  #waiting: (() => void)[] = []
  #scheduled = false
  #disposed = false
  readonly #restore: () => void

  private constructor(seed: number) {
    this.seed = seed
    this.#state = seed >>> 0
    this.#restore = replaceWakeUpOrder(this)
  }

  /**
   * Puts a seeded order in force until it is disposed of.
   *
   * @throws TypeError if `seed` is no number.
   * @throws RangeError if it is not whole.
   *
   * @example
   * ```ts
   * using order = SeededOrder.install(42)
   * const lock = new Semaphore(1)
   * await gather(
   *   async () => { using permit = await lock.acquire() },
   *   async () => { using permit = await lock.acquire() },
   * )
   * ```
   */
  static install(seed: number): SeededOrder {
    if (!Number.isSafeInteger(seed)) {
      const message = `Cannot seed the order with ${show(seed)}: expected a whole number`
      throw typeof seed === 'number' ? new RangeError(message) : new TypeError(message)
    }
    return new SeededOrder(seed)
  }

  add(wake: () => void): void {
    this.#waiting.push(wake)
    this.#schedule()
  }

  /**
   * Takes the order back: the one that was put in force last of those that are left is in force then.
   * Wake-ups that still wait are carried out now. Doing it twice does nothing.
   */
  [Symbol.dispose](): void {
    if (this.#disposed) return
    this.#disposed = true
    this.#restore()
    while (this.#waiting.length > 0) this.#carryOutOne()
  }

  // One wake-up a turn of the microtask queue, or after a few: what it wakes gets a chance to run, and to
  // make wake-ups that compete with those that wait already.
  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    let turns = this.#below(3)
    const next = (): void => {
      if (turns-- > 0) {
        queueMicrotask(next)
        return
      }
      this.#scheduled = false
      this.#carryOutOne()
      if (this.#waiting.length > 0) this.#schedule()
    }
    queueMicrotask(next)
  }

  #carryOutOne(): void {
    const index = this.#below(this.#waiting.length)
    const last = this.#waiting.pop()
    const wake = index === this.#waiting.length ? last : this.#waiting[index]
    if (index < this.#waiting.length && last !== undefined) this.#waiting[index] = last
    wake?.()
  }

  // mulberry32: 32 bits of state, good enough to shuffle, the same everywhere.
  #below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
  }
}
