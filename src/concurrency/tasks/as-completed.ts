import { checkFunction, checkIterable } from '../scope/arguments.ts'
import { withFurtherFailures } from '../scope/lost-errors.ts'
import { WaiterSet } from '../scope/waiter-set.ts'
import type { Task, TaskFunction } from './task.ts'
import { TaskGroup } from './task-group.ts'
import type { TaskGroupError } from './task-group-error.ts'

/**
 * Runs the functions at the same time and gives their values in the order in which they are done.
 *
 * ```ts
 * const waits = [20, 1].map((delay) => () => sleep(delay).then(() => delay))
 * const order: number[] = []
 * for await (const delay of asCompleted(waits)) order.push(delay)
 * console.log(...order) // → 1 20
 * ```
 *
 * If one fails, the others are cancelled and awaited, and the failure itself is thrown, after the
 * values of those that were done before it; what others fail with goes along as its `suppressed`.
 * Leaving the loop early cancels those that still run, and throws a `TaskGroupError` if one failed.
 *
 * Cancellation: of the scope that it was called in cancels the functions; of the one that waits for
 * the next value, only the wait.
 */
export function asCompleted<T>(functions: Iterable<TaskFunction<T>>): AsyncIterableIterator<T> {
  checkIterable('run', functions, 'an iterable of functions')
  const all = [...functions]
  for (const fn of all) checkFunction('run', fn)
  return new Completed(all)
}

class Completed<T> implements AsyncIterableIterator<T> {
  readonly #group: TaskGroup = new TaskGroup({ name: 'asCompleted' })
  readonly #done: Task<T>[] = []
  readonly #arrival: WaiterSet<void> = new WaiterSet()
  #left: number

  constructor(functions: readonly TaskFunction<T>[]) {
    this.#left = functions.length
    for (const [index, fn] of functions.entries()) {
      const name = fn.name === '' ? `asCompleted[${index}]` : fn.name
      this.#group.spawn(fn, { name }).addDoneCallback((task) => {
        this.#done.push(task)
        this.#arrival.wake()
      })
    }
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    while (this.#done.length === 0 && this.#left > 0) {
      await this.#arrival.wait('the next of asCompleted()')
    }
    const task = this.#done.shift()
    if (task === undefined || this.#left === 0) {
      await this.#group.close()
      return { done: true, value: undefined }
    }
    this.#left--
    if (task.state !== 'succeeded') await this.#fail(task)
    if (this.#left === 0) await this.#group.close()
    return { done: false, value: task.result() }
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.#left = 0
    await this.#group[Symbol.asyncDispose]()
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async #fail(task: Task<T>): Promise<never> {
    this.#left = 0
    let failures: readonly unknown[] = []
    try {
      await this.#group[Symbol.asyncDispose]()
    } catch (error) {
      // It lists the failure that is thrown here, and what its cancellation made of the others.
      failures = (error as TaskGroupError).errors
    }
    // One that was cancelled with the group may come before what the group failed with.
    const first = task.state === 'failed' ? task.exception() : (failures[0] ?? task.scope.error)
    throw withFurtherFailures(first, failures, this.#group.outer, 'asCompleted()')
  }
}
