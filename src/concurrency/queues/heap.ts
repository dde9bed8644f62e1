/** A binary heap: the item with the smallest number first, and of equal ones the one that came first. */
import { show } from '../scope/arguments.ts'
import type { ItemStore } from './item-store.ts'

interface Entry<T> {
  readonly item: T
  readonly priority: number
  /** Which addition it was, to keep equal ones in order. */
  readonly order: number
}

export class Heap<T> implements ItemStore<T> {
  readonly #priorityOf: (item: T) => number
  readonly #entries: Entry<T>[] = []
  #added = 0

  constructor(priorityOf: (item: T) => number) {
    this.#priorityOf = priorityOf
  }

  get size(): number {
    return this.#entries.length
  }

  /**
   * @throws {RangeError} if the item's priority is no number.
   */
  add(item: T): void {
    const priority = this.#priorityOf(item)
    if (typeof priority !== 'number' || Number.isNaN(priority)) {
      throw new RangeError(`Cannot put an item of priority ${show(priority)}: expected a number`)
    }
    const entry = { item, priority, order: this.#added++ }
    const entries = this.#entries
    let at = entries.length
    entries.push(entry)
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = entries[above] as Entry<T>
      if (comesBefore(parent, entry)) break
      entries[at] = parent
      at = above
    }
    entries[at] = entry
  }

  take(): T | undefined {
    const entries = this.#entries
    const first = entries[0]
    const last = entries.pop()
    if (first === undefined || last === undefined || entries.length === 0) return first?.item
    let at = 0
    for (;;) {
      const left = 2 * at + 1
      const child = this.#smaller(left, left + 1)
      const below = entries[child]
      if (below === undefined || comesBefore(last, below)) break
      entries[at] = below
      at = child
    }
    entries[at] = last
    return first.item
  }

  first(): T | undefined {
    return this.#entries[0]?.item
  }

  #smaller(left: number, right: number): number {
    const a = this.#entries[left]
    const b = this.#entries[right]
    return a === undefined || b === undefined || comesBefore(a, b) ? left : right
  }
}

function comesBefore(a: Entry<unknown>, b: Entry<unknown>): boolean {
  return a.priority < b.priority || (a.priority === b.priority && a.order < b.order)
}
