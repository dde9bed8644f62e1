import type { Names } from '../../util/known-names.ts'
import { checkOptions, show } from '../scope/arguments.ts'
import { Heap } from './heap.ts'
import { Queue, type QueueOptions } from './queue.ts'

export interface PriorityQueueOptions<T> extends QueueOptions {
  /** The number of an item, asked once when it is put in: the smallest is taken out first. */
  priority: (item: T) => number
}

const names: Names<PriorityQueueOptions<unknown>> = { capacity: true, priority: true }

/**
 * A queue that gives the item with the smallest number first, and equal ones in the order in which
 * they were put. Tasks that wait are still served in the order in which they came.
 *
 * ```ts
 * const jobs = new PriorityQueue<{ due: number }>({ capacity: 100, priority: (job) => job.due })
 * await jobs.put({ due: 20 })
 * await jobs.put({ due: 10 })
 * console.log((await jobs.get()).due) // → 10
 * ```
 *
 * `put()` throws what `priority` throws, and a `RangeError` if it returns no number.
 */
export class PriorityQueue<T> extends Queue<T> {
  /**
   * @throws {RangeError} if `capacity` is no integer, or negative.
   * @throws {TypeError} if `priority` is no function.
   */
  constructor(options: PriorityQueueOptions<T>) {
    checkOptions('queue', options, '{ capacity: 10, priority: (item) => item.due }', names)
    if (typeof options.priority !== 'function') {
      throw new TypeError(
        `Cannot order a queue by ${show(options.priority)}: expected a function of an item`,
      )
    }
    super({ capacity: options.capacity }, new Heap(options.priority))
  }
}
