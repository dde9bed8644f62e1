/**
 * First in, first out, in one array: adding and taking copy nothing and allocate nothing, but for
 * the doublings of a burst. The room of a burst is given back once it is over.
 */
import type { ItemStore } from './item-store.ts'

// A power of two, so that an index wraps with a mask.
const smallest = 16

export class RingBuffer<T> implements ItemStore<T> {
  #items: (T | undefined)[] = room(smallest)
  #head = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Adds at the end. */
  add(item: T): void {
    if (this.#size === this.#items.length) this.#resize(this.#items.length * 2)
    this.#items[(this.#head + this.#size) & (this.#items.length - 1)] = item
    this.#size++
  }

  /** Takes the first; `undefined` if there is none. */
  take(): T | undefined {
    if (this.#size === 0) return undefined
    const item = this.#items[this.#head]
    this.#items[this.#head] = undefined
    this.#head = (this.#head + 1) & (this.#items.length - 1)
    this.#size--
    // A quarter, so that a size that swings about one of the borders copies nothing.
    if (this.#size < this.#items.length >> 2 && this.#items.length > smallest) {
      this.#resize(this.#items.length >> 1)
    }
    return item
  }

  /** The first, which stays; `undefined` if there is none. */
  first(): T | undefined {
    return this.#size === 0 ? undefined : this.#items[this.#head]
  }

  #resize(length: number): void {
    const items: (T | undefined)[] = room<T>(length)
    for (let index = 0; index < this.#size; index++) {
      items[index] = this.#items[(this.#head + index) & (this.#items.length - 1)]
    }
    this.#items = items
    this.#head = 0
  }
}

// By push(), so that the engine keeps it as an array without holes.
function room<T>(length: number): (T | undefined)[] {
  const items: (T | undefined)[] = []
  for (let index = 0; index < length; index++) items.push(undefined)
  return items
}
