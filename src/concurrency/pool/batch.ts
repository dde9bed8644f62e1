/**
 * Many items through one function of a pool: what `map()` and `asCompleted()` share.
 *
 * Items are taken one by one, and only while fewer than twice as many as the pool has slots are in
 * work or wait for the reader: enough that a slot never waits for the next item, and little enough
 * that the length of the input does not matter. The tasks run in a scope of their own, which the first
 * failure cancels, and the reader who leaves.
 */
import { show } from '../scope/arguments.ts'
import { isCancellation } from '../scope/cancellation.ts'
import { runInScope } from '../scope/context.ts'
import { reportLost, withFurtherFailures } from '../scope/lost-errors.ts'
import { currentScope, Scope, type ScopeView } from '../scope/scope.ts'
import { Waiter } from '../scope/waiter.ts'
import { abortable } from '../tasks/abortable.ts'
import type { BatchOptions } from './pool-options.ts'
import type { PoolTask, PoolTaskObserver } from './pool-task.ts'
import type { PoolTasks } from './pool-tasks.ts'

/** What is run for one item. */
export type ItemFunction<I, R> = (item: I, index: number, scope: ScopeView) => R | PromiseLike<R>

/** What `map()` and `asCompleted()` take items from. */
export type Items<I> = Iterable<I> | AsyncIterable<I>

/** Where results go. */
export interface ResultSink<R> {
  /** How many results wait to be read. */
  readonly size: number
  add(value: R, index: number): void
}

// Without a limit there is no slot that could wait; it is as many as may wait in a pool's queue.
const mostWithoutLimit = 10_000

export class Batch<I, R> implements PoolTaskObserver {
  readonly #tasks: PoolTasks
  readonly #fn: ItemFunction<I, R>
  readonly #options: BatchOptions | undefined
  readonly #sink: ResultSink<R>
  readonly #scope: Scope = new Scope(currentScope())
  #running = 0
  #feeding = true
  #failure: { readonly error: unknown; readonly others: unknown[] } | undefined = undefined
  /** The feeder that waits until fewer are in work. */
  #room: Waiter<void> | undefined = undefined
  /** The reader that waits for a result or the end. */
  #reader: Waiter<void> | undefined = undefined
  #onOver: (() => void) | undefined = undefined

  constructor(
    tasks: PoolTasks,
    items: Items<I>,
    fn: ItemFunction<I, R>,
    options: BatchOptions | undefined,
    sink: ResultSink<R>,
  ) {
    this.#tasks = tasks
    this.#fn = fn
    this.#options = options
    this.#sink = sink
    void runInScope(this.#scope, () => this.#feed(items))
  }

  /** Whether everything has ended. */
  get over(): boolean {
    return !this.#feeding && this.#running === 0
  }

  /**
   * Waits for a result or the end.
   *
   * Cancellation: only stops waiting.
   */
  change(): Promise<void> {
    this.#reader = new Waiter<void>(undefined, currentScope(), 'asCompleted()')
    return this.#reader.promise
  }

  /** Says that the reader took a result. */
  resultTaken(): void {
    this.#wakeFeeder()
  }

  /** Cancels what still runs, waits until all is over, and ends the scope. Looks at no scope. */
  async stop(): Promise<void> {
    if (!this.over) this.#scope.cancel('nobody waits for the result', 'group')
    await this.finish()
  }

  /** Waits until all is over, and ends the scope. Looks at no scope. */
  async finish(): Promise<void> {
    if (!this.over) {
      await new Promise<void>((resolve) => {
        this.#onOver = resolve
      })
    }
    this.#scope.end()
  }

  /** Throws the first failure, if there was one. */
  throwFailure(): void {
    if (this.#failure === undefined) return
    const { error, others } = this.#failure
    throw withFurtherFailures(error, others, this.#scope.group, `the pool "${this.#tasks.name}"`)
  }

  /** Hands what failed to the nearest group, where the reader has left and throws none of it. */
  reportFailures(): void {
    if (this.#failure === undefined) return
    const { error, others } = this.#failure
    // Two that wait for the same thing throw the same error.
    for (const failure of new Set([error, ...others])) {
      if (isCancellation(failure)) continue
      reportLost(failure, this.#scope.group, `the pool "${this.#tasks.name}"`)
    }
  }

  async #feed(items: Items<I>): Promise<void> {
    try {
      await this.#takeAll(iteratorOf(items))
    } catch (error) {
      this.#fail(error)
    }
    this.#feeding = false
    this.#changed()
  }

  async #takeAll(iterator: AnyIterator<I>): Promise<void> {
    let pulling = false
    let exhausted = false
    try {
      for (let index = 0; !exhausted; index++) {
        if (this.#crowded || this.#tasks.full || this.#scope.cancelled) await this.#waitForRoom()
        pulling = true
        const next = iterator.next()
        const result = isPromise(next) ? await abortable(next) : next
        pulling = false
        if (result.done === true) exhausted = true
        else {
          // Others may have taken the room while the item was on its way.
          while (this.#tasks.full) await this.#waitForRoom()
          this.#start(result.value, index)
        }
      }
    } finally {
      // A pull that was given up may never end, and a generator closes after it: nobody waits then.
      if (pulling) void closeIterator(iterator).catch(ignore)
      else if (!exhausted) await closeIterator(iterator)
    }
  }

  get #crowded(): boolean {
    const { limit } = this.#tasks.dispatcher
    const most = limit === Infinity ? mostWithoutLimit : 2 * limit
    return this.#running + this.#sink.size >= most
  }

  async #waitForRoom(): Promise<void> {
    while (this.#crowded && !this.#scope.cancelled) {
      this.#room = new Waiter<void>(undefined, this.#scope, 'the tasks of a batch')
      await this.#room.promise
    }
    while (this.#tasks.full) await this.#tasks.ready()
    // A task that is cancelled makes room too, and no more items are wanted then.
    this.#scope.throwIfCancelled()
  }

  #start(item: I, index: number): void {
    const fn = this.#fn
    this.#running++
    try {
      const task = this.#tasks.submit<R>((scope) => fn(item, index, scope), this.#options, this)
      task.index = index
    } catch (error) {
      this.#running--
      throw error
    }
  }

  /** @internal */
  taskOver(task: PoolTask): void {
    this.#running--
    try {
      this.#sink.add(task.result() as R, task.index)
    } catch (error) {
      this.#fail(error)
    }
    this.#wakeFeeder()
    this.#changed()
  }

  #fail(error: unknown): void {
    if (this.#failure === undefined) this.#failure = { error, others: [] }
    else if (!isCancellation(error)) this.#failure.others.push(error)
    this.#scope.cancel(error, 'group')
  }

  #wakeFeeder(): void {
    if (!this.#crowded) this.#room?.resolve()
  }

  #changed(): void {
    this.#reader?.resolve()
    if (this.over) this.#onOver?.()
  }
}

type AnyIterator<I> = Iterator<I> | AsyncIterator<I>

function iteratorOf<I>(items: Items<I>): AnyIterator<I> {
  const source = Object(items) as Partial<Iterable<I> & AsyncIterable<I>>
  const iterator = source[Symbol.asyncIterator]?.() ?? source[Symbol.iterator]?.()
  if (iterator !== undefined) return iterator
  throw new TypeError(`Cannot iterate over ${show(items)}: expected an iterable`)
}

async function closeIterator(iterator: AnyIterator<unknown>): Promise<void> {
  await iterator.return?.()
}

function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T>).then === 'function'
}

function ignore(): void {}
