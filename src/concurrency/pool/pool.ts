import { checkFunction } from '../scope/arguments.ts'
import type { Task, TaskFunction } from '../tasks/task.ts'
import type { ItemFunction, Items } from './batch.ts'
import { mapItems, resultsAsCompleted } from './map-items.ts'
import type { PoolEvent } from './pool-events.ts'
import {
  type BatchOptions,
  checkBatchOptions,
  type PoolOptions,
  type PoolStatistics,
  type SubmitOptions,
} from './pool-options.ts'
import { PoolTasks } from './pool-tasks.ts'

/**
 * The coroutine pool: runs tasks `limit` at a time, the others wait in a queue.
 *
 * ```ts
 * await using pool = new Pool({ limit: 10 })
 * const lengths = await pool.map(['a', 'bb'], async (text) => text.length)
 * console.log(...lengths) // → 1 2
 * ```
 *
 * A task belongs to the pool, which waits for it when it closes, and runs in the scope that submitted
 * it: whichever of the two ends first cancels it. Only once it has ended its slot goes to the next, so
 * a task that takes long to stop holds its slot meanwhile. A task that waits for another task of the
 * same pool holds its slot too; if all do, none goes on.
 */
export class Pool implements AsyncDisposable {
  readonly #tasks: PoolTasks

  /**
   * @throws {TypeError} if an option is of the wrong kind.
   * @throws {RangeError} if a number is out of range.
   */
  constructor(options: PoolOptions) {
    this.#tasks = new PoolTasks(options)
  }

  /** For messages and the task tree. */
  get name(): string {
    return this.#tasks.name
  }

  /** How many tasks run at a time. */
  get limit(): number {
    return this.#tasks.dispatcher.limit
  }

  /** Whether another task would find neither a slot nor a place in the queue. */
  get full(): boolean {
    return this.#tasks.full
  }

  /** Whether it starts no tasks until `resume()`. */
  get paused(): boolean {
    return this.#tasks.dispatcher.paused
  }

  /** Whether it takes no more tasks. */
  get closed(): boolean {
    return this.#tasks.closed
  }

  /**
   * Hands in a task. It runs once there is a slot for it, never inside `submit()`, in the scope and in
   * the context of the caller; one that is cancelled while it waits never runs. Its failure is thrown
   * to whoever awaits the task, and by `join()` and `close()` if nobody does. If nobody calls these either
   * before the task or group ends that has made the pool (of a pool that was made outside of all: the one
   * that has submitted), it fails the nearest task group.
   *
   * With `whenFull: 'wait'` it always takes the task: who submits many awaits `pool.ready()` before
   * each, which bounds the queue.
   *
   * @throws {ClosedResourceError} if the pool is closed.
   * @throws {BusyResourceError} if the queue is full, with `whenFull: 'reject'`.
   */
  submit<T>(fn: TaskFunction<T>, options?: SubmitOptions): Task<T> {
    checkFunction('submit a task', fn)
    return this.#tasks.submit(fn, options)
  }

  /**
   * Waits until there is a slot or a place in the queue. Those who wait are woken in the order in which
   * they came, as many at a time as there are places.
   *
   * Cancellation: only stops waiting.
   *
   * @throws {ClosedResourceError} if the pool is closed, or is closed while this waits.
   */
  ready(): Promise<void> {
    return this.#tasks.ready()
  }

  /**
   * Runs `fn` for every item and returns what it returns, in the order of the items. Items are taken
   * only as they can be worked off. If one fails, the others are cancelled and awaited, and the
   * failure itself is thrown, with what others failed with after it as its `suppressed`.
   *
   * Cancellation: cancels the tasks, waits until they are over, and closes the iterator.
   */
  map<I, R>(items: Items<I>, fn: ItemFunction<I, R>, options?: BatchOptions): Promise<R[]> {
    checkFunction('map items', fn)
    checkBatchOptions(options)
    return mapItems(this.#tasks, items, fn, options)
  }

  /**
   * Runs `fn` for every item and gives what it returns, in the order in which it comes. Items are taken
   * only as they can be worked off and as the results are read, so `items` may be endless. If one
   * fails, the others are cancelled and awaited, and the failure itself is thrown after the results
   * that were there. Leaving the loop cancels and awaits what still runs; what fails then fails the
   * task group around.
   *
   * Cancellation: cancels the tasks, waits until they are over, and closes the iterator.
   */
  asCompleted<I, R>(
    items: Items<I>,
    fn: ItemFunction<I, R>,
    options?: BatchOptions,
  ): AsyncGenerator<R, void, undefined> {
    checkFunction('run items', fn)
    checkBatchOptions(options)
    return resultsAsCompleted(this.#tasks, items, fn, options)
  }

  /**
   * Starts no more tasks until `resume()`; those that run go on.
   *
   * @throws {ClosedResourceError} if the pool is closed: it has to come to its end.
   */
  pause(): void {
    this.#tasks.hold()
  }

  resume(): void {
    this.#tasks.resume()
  }

  /**
   * Changes how many tasks run at a time. If more do, none of them is stopped.
   *
   * @throws {RangeError} if `limit` is no integer, or less than 1.
   */
  resize(limit: number): void {
    this.#tasks.resize(limit)
  }

  /**
   * Calls `listener` whenever the last task that waited for a slot is gone (`drain`), or the last task
   * at all (`idle`), outside of every scope. What a listener throws is an uncaught exception of the process,
   * and stops neither the pool nor the other listeners. Returns a function that takes the listener away.
   *
   * @throws {TypeError} if there is no such event, or `listener` is no function.
   */
  on(event: PoolEvent, listener: () => void): () => void {
    return this.#tasks.events.on(event, listener)
  }

  /**
   * Waits until no task is left. The pool stays open; one that is paused has to be resumed.
   *
   * Cancellation: only stops waiting.
   *
   * @throws {TaskGroupError} if tasks failed that nobody awaited; it lists them by name. All who wait
   *   for the pool then throw it, and nobody who comes later.
   * @throws {BusyResourceError} inside a task of this pool, which would wait for itself.
   */
  join(): Promise<void> {
    return this.#tasks.join()
  }

  /**
   * Takes no more tasks, resumes if it was paused, and waits until no task is left.
   *
   * Cancellation: cancels all tasks and waits until they are over; does not throw for it.
   *
   * @throws {TaskGroupError} if tasks failed that nobody awaited; it lists them by name. All who wait
   *   for the pool then throw it, and nobody who comes later.
   * @throws {BusyResourceError} inside a task of this pool, which would wait for itself.
   */
  close(): Promise<void> {
    return this.#tasks.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#tasks.close()
  }

  /**
   * Takes no more tasks and cancels all there are. Those that wait are gone at once; `await
   * pool.join()` to know that the others are over.
   */
  cancel(reason?: unknown): void {
    this.#tasks.cancel(reason ?? `the pool "${this.name}" was cancelled`)
  }

  statistics(): PoolStatistics {
    return this.#tasks.statistics()
  }
}
