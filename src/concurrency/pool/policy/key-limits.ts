/**
 * How many tasks of one key run at a time. One whose key has no room is set aside, so that it holds
 * up nobody else, and is put back when a task of its key ends.
 */
import { checkCount } from '../../sync/count.ts'
import { PriorityLines, type PriorityPlace } from './priority-lines.ts'

/** The limit of every key, or a function that says it; it is asked when a key is first seen. */
export type KeyLimit = number | ((key: unknown) => number)

/** What is known of one key while tasks of it run or wait. */
export class KeySlots<P extends PriorityPlace> {
  readonly key: unknown
  readonly #limit: number
  readonly #aside: PriorityLines<P> = new PriorityLines()
  #running = 0
  /** @internal How many tasks of the key run or wait. */
  users = 0

  /** @internal */
  constructor(key: unknown, limit: number) {
    this.key = key
    this.#limit = limit
  }

  /** Counts one more as running; false if there is no room. */
  start(): boolean {
    if (this.#running >= this.#limit) return false
    this.#running++
    return true
  }

  /** Sets `place` aside until there is room. */
  setAside(place: P): void {
    this.#aside.add(place)
  }

  /** Who is set aside. */
  aside(): Generator<P> {
    return this.#aside.members()
  }

  /** Counts one as ended, and returns who was set aside and may go now. */
  end(): P | undefined {
    this.#running--
    return this.#aside.shift()
  }
}

/** The keys of which tasks run or wait. The others are forgotten, so that it does not grow for ever. */
export class KeyLimits<P extends PriorityPlace> {
  readonly #limit: KeyLimit
  readonly #keys = new Map<unknown, KeySlots<P>>()

  /**
   * @throws {RangeError} if the limit is no integer, or less than 1.
   */
  constructor(limit: KeyLimit) {
    this.#limit = typeof limit === 'function' ? limit : checkLimit(limit)
  }

  /** How many keys there are. */
  get size(): number {
    return this.#keys.size
  }

  /**
   * The slots of `key`, for one more task.
   *
   * @throws {RangeError} if the function that says the limit says no integer of at least 1.
   */
  enter(key: unknown): KeySlots<P> {
    let slots = this.#keys.get(key)
    if (slots === undefined) {
      const limit = typeof this.#limit === 'function' ? checkLimit(this.#limit(key)) : this.#limit
      slots = new KeySlots(key, limit)
      this.#keys.set(key, slots)
    }
    slots.users++
    return slots
  }

  /** Who is set aside, of all keys. */
  *aside(): Generator<P> {
    for (const slots of this.#keys.values()) yield* slots.aside()
  }

  /** Says that a task of the key is over. */
  leave(slots: KeySlots<P>): void {
    if (--slots.users === 0) this.#keys.delete(slots.key)
  }
}

function checkLimit(limit: number): number {
  return checkCount('the limit of a key', limit, 1, true)
}
