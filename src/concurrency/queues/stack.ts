import type { ItemStore } from './item-store.ts'

/** Last in, first out. */
export class Stack<T> implements ItemStore<T> {
  readonly #items: T[] = []

  get size(): number {
    return this.#items.length
  }

  add(item: T): void {
    this.#items.push(item)
  }

  take(): T | undefined {
    return this.#items.pop()
  }

  first(): T | undefined {
    return this.#items.at(-1)
  }
}
