/** The three ways of waiting at a queue. */
import type { Scope } from '../scope/scope.ts'
import { type LinePlace, LineWaiter } from '../scope/wait-line.ts'

/** A task that waits for an item, whatever it wants to see of it. */
export interface Getter<T> extends LinePlace {
  /** Hands an item over. */
  deliver(item: T): void
  /** Tells that no item will come. */
  finish(closed: Error): void
}

/** A `get()`: wants the item, or an error. */
export class ItemGetter<T> extends LineWaiter<T> implements Getter<T> {
  constructor(scope: Scope) {
    super(scope, 'queue.get()')
  }

  deliver(item: T): void {
    this.resolve(item)
  }

  finish(closed: Error): void {
    this.reject(closed)
  }
}

/** A turn of `for await`: wants the item, or the end. */
export class TurnGetter<T> extends LineWaiter<IteratorResult<T, undefined>> implements Getter<T> {
  constructor(scope: Scope) {
    super(scope, 'queue.get()')
  }

  deliver(item: T): void {
    this.resolve({ value: item, done: false })
  }

  finish(): void {
    this.resolve({ value: undefined, done: true })
  }
}

/** A `put()` that waits for room, with what it wants to put. */
export class Putter<T> extends LineWaiter<void> {
  readonly item: T

  constructor(item: T, scope: Scope) {
    super(scope, 'queue.put()')
    this.item = item
  }
}
