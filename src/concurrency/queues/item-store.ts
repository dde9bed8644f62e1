/** Where a queue keeps its items; it decides which of them comes next. */
export interface ItemStore<T> {
  readonly size: number
  /** Adds an item. If it throws, nothing was added. */
  add(item: T): void
  /** Takes the next one out; `undefined` if there is none. */
  take(): T | undefined
  /** The next one, which stays; `undefined` if there is none. */
  first(): T | undefined
}
