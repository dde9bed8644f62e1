import { checkFunction } from '../scope/arguments.ts'
import { WaiterSet } from '../scope/waiter-set.ts'
import type { Task, TaskFunction } from './task.ts'
import { TaskGroup } from './task-group.ts'

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
 * values of those that were done before it. Leaving the loop early cancels those that still run.
 *
 * Cancellation: of the scope that it was called in cancels the functions; of the one that waits for
 * the next value, only the wait.
 */
export function asCompleted<T>(functions: Iterable<TaskFunction<T>>): AsyncIterableIterator<T> {
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
    if (task === undefined || this.#left === 0) return { done: true, value: undefined }
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
    // The group lists the failure that is thrown here, and what its cancellation made of the others.
    await this.#group[Symbol.asyncDispose]().catch(() => undefined)
    throw task.state === 'failed' ? task.exception() : task.scope.error
  }
}
