/**
 * A queue between tasks that put items in and tasks that take them out.
 *
 * Rules that keep it right:
 * 1. Tasks wait for items only while there is none, and with items to put only while it is full. So
 *    nobody who comes later can overtake who waits.
 * 2. An item is handed over at most once. Handed over to a task that waits, it is delivered, even if
 *    that task is cancelled before it runs again.
 * 3. A `put()` that throws has put nothing.
 */
import type { Names } from '../../util/known-names.ts'
import { ClosedResourceError } from '../errors.ts'
import { checkFlag, checkOptional, checkOptions } from '../scope/arguments.ts'
import { currentScope } from '../scope/scope.ts'
import { checkCount } from '../sync/count.ts'
import { type LineWaiter, waitInLine, WaitLine } from '../scope/wait-line.ts'
import type { ItemStore } from './item-store.ts'
import { Producer } from './producer.ts'
import { type Getter, ItemGetter, Putter, TurnGetter } from './queue-waiters.ts'
import { RingBuffer } from './ring-buffer.ts'

export interface QueueOptions {
  /** How many items it holds before `put()` waits; 0 for as many as come. */
  capacity: number
}

/** What `queue.statistics()` returns. */
export interface QueueStatistics {
  /** How many items are in it. */
  readonly size: number
  /** How many it may hold; `Infinity` if as many as come. */
  readonly capacity: number
  /** How many tasks wait for an item. */
  readonly getting: number
  /** How many tasks wait for room. */
  readonly putting: number
  /** How many items were put and not yet marked with `taskDone()`. */
  readonly unfinished: number
}

const names: Names<QueueOptions> = { capacity: true }

// What most calls of put() return: nothing was waited for.
const done = Promise.resolve()

/**
 * A first-in first-out queue: bounded, closable, for several producers and consumers.
 *
 * ```ts
 * const pages = new Queue<string>({ capacity: 100 })
 * await pages.put('/')
 * pages.close()
 * for await (const page of pages) console.log(page)
 * ```
 */
export class Queue<T> implements AsyncIterable<T, undefined>, Disposable {
  /** How many items it holds before `put()` waits; `Infinity` if as many as come. */
  readonly capacity: number
  readonly #store: ItemStore<T>
  readonly #getters: WaitLine<Getter<T>> = new WaitLine()
  readonly #putters: WaitLine<Putter<T>> = new WaitLine()
  readonly #joiners: WaitLine<LineWaiter<void>> = new WaitLine()
  #unfinished = 0
  #closed = false
  #producers = 0

  /**
   * @throws {TypeError} if `options` is no object.
   * @throws {RangeError} if `capacity` is no integer, or negative.
   */
  constructor(options: QueueOptions, /** @internal */ store: ItemStore<T> = new RingBuffer()) {
    checkOptions('queue', options, '{ capacity: 10 }', names)
    const capacity = checkCount('the capacity of a queue', options.capacity, 0, true)
    this.capacity = capacity === 0 ? Infinity : capacity
    this.#store = store
  }

  /** How many items are in it. */
  get size(): number {
    return this.#store.size
  }

  /** Whether `close()` was called. */
  get closed(): boolean {
    return this.#closed
  }

  /**
   * Puts `item` in, and waits while the queue is full.
   *
   * Cancellation: the item was not put in.
   *
   * @throws {ClosedResourceError} if the queue is closed, or is closed while this waits.
   */
  put(item: T): Promise<void> {
    const scope = currentScope()
    if (this.#closed) return Promise.reject(closedToPut())
    try {
      if (!scope.cancelled && this.#accept(item)) return done
    } catch (error) {
      const refusal = error as Error
      return Promise.reject(refusal)
    }
    const putter = new Putter(item, scope)
    if (!putter.settled) this.#putters.add(putter)
    return putter.promise
  }

  /**
   * Puts `item` in if there is room, and says whether; never waits.
   *
   * @throws {ClosedResourceError} if the queue is closed.
   */
  tryPut(item: T): boolean {
    if (this.#closed) throw closedToPut()
    return this.#accept(item)
  }

  /**
   * Takes the next item out, and waits while there is none.
   *
   * An item that is itself a promise, or a `Task`, is awaited on the way, as by every promise: put it
   * into an object to hand it over as it is.
   *
   * Cancellation: no item was taken out. One that was already handed over is delivered.
   *
   * @throws {ClosedResourceError} if the queue is closed and empty, or becomes so while this waits.
   */
  get(): Promise<T> {
    const scope = currentScope()
    if (this.#store.size > 0 && !scope.cancelled) return Promise.resolve(this.#take())
    if (this.#closed) return Promise.reject(closedToGet())
    const getter = new ItemGetter<T>(scope)
    if (!getter.settled) this.#getters.add(getter)
    return getter.promise
  }

  /** Takes the next item out; `undefined` if there is none. Never waits, and does not say why. */
  tryGet(): T | undefined {
    return this.#store.size > 0 ? this.#take() : undefined
  }

  /** The item that `get()` would give next, which stays; `undefined` if there is none. */
  peek(): T | undefined {
    return this.#store.first()
  }

  /**
   * Takes items out until the queue is closed and empty. Several loops share the items.
   *
   * Cancellation: the loop throws and no item was taken out.
   */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return { next: () => this.#next() }
  }

  /**
   * Marks one item that was taken out as worked off; `join()` waits for all of them.
   *
   * @throws {RangeError} if all items are marked already.
   */
  taskDone(): void {
    if (this.#unfinished === 0) {
      throw new RangeError('Cannot mark an item as done: all items that were put are marked')
    }
    this.#finish(1)
  }

  /**
   * Waits until every item that was put is marked with `taskDone()`.
   *
   * Cancellation: stops waiting; the items are not touched.
   */
  join(): Promise<void> {
    const scope = currentScope()
    if (this.#unfinished === 0 && !scope.cancelled) return done
    return waitInLine(this.#joiners, scope, 'queue.join()')
  }

  /**
   * Takes no more items. What is in the queue can still be taken out, then `get()` throws and loops
   * end; a `put()` that waits throws, since its item was not put in. With `immediate` what is in the
   * queue is dropped, and counts as done for `join()`. Closing it twice does nothing.
   */
  close(options?: { immediate?: boolean }): void {
    checkOptional('close()', options, '{ immediate: true }', { immediate: true })
    checkFlag('immediate', options?.immediate)
    this.#closed = true
    for (let putter = this.#putters.shift(); putter !== undefined; putter = this.#putters.shift()) {
      putter.reject(closedToPut())
    }
    if (options?.immediate === true) {
      const dropped = this.#store.size
      while (this.#store.size > 0) this.#store.take()
      this.#finish(dropped)
    }
    for (let getter = this.#getters.shift(); getter !== undefined; getter = this.#getters.shift()) {
      getter.finish(closedToGet())
    }
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /**
   * An end to put items in, one for each of several producers: when the last one is closed, so is
   * the queue.
   *
   * @throws {ClosedResourceError} if the queue is closed.
   */
  producer(): Producer<T> {
    if (this.#closed) throw closedToPut()
    this.#producers++
    return new Producer(this, () => {
      if (--this.#producers === 0) this.close()
    })
  }

  statistics(): QueueStatistics {
    return {
      size: this.#store.size,
      capacity: this.capacity,
      getting: this.#getters.size,
      putting: this.#putters.size,
      unfinished: this.#unfinished,
    }
  }

  #accept(item: T): boolean {
    const getter = this.#getters.shift()
    if (getter !== undefined) getter.deliver(item)
    else if (this.#store.size < this.capacity) this.#store.add(item)
    else return false
    this.#unfinished++
    return true
  }

  /** Takes an item out of a store that is not empty, and lets the first who waits for room put in. */
  #take(): T {
    const item = this.#store.take() as T
    for (let putter = this.#putters.shift(); putter !== undefined; putter = this.#putters.shift()) {
      if (this.#admit(putter)) break
    }
    return item
  }

  /** Puts in what `putter` waits to put; false if the store refused it, and then `putter` throws. */
  #admit(putter: Putter<T>): boolean {
    try {
      this.#store.add(putter.item)
    } catch (error) {
      putter.reject(error)
      return false
    }
    this.#unfinished++
    return putter.resolve()
  }

  #next(): Promise<IteratorResult<T, undefined>> {
    const scope = currentScope()
    if (scope.cancelled) return new TurnGetter<T>(scope).promise
    if (this.#store.size > 0) return Promise.resolve({ value: this.#take(), done: false })
    if (this.#closed) return Promise.resolve({ value: undefined, done: true })
    const getter = new TurnGetter<T>(scope)
    this.#getters.add(getter)
    return getter.promise
  }

  #finish(count: number): void {
    this.#unfinished -= count
    if (this.#unfinished > 0) return
    for (let joiner = this.#joiners.shift(); joiner !== undefined; joiner = this.#joiners.shift()) {
      joiner.resolve()
    }
  }
}

function closedToPut(): ClosedResourceError {
  return new ClosedResourceError('Cannot put into a queue that is closed')
}

function closedToGet(): ClosedResourceError {
  return new ClosedResourceError('Cannot get from a queue that is closed and empty')
}
