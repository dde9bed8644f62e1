import { Queue, type QueueOptions } from './queue.ts'
import { Stack } from './stack.ts'

/**
 * A queue that gives the youngest item first. Tasks that wait are still served in the order in which
 * they came.
 */
export class LifoQueue<T> extends Queue<T> {
  /**
   * @throws {RangeError} if `capacity` is no integer, or negative.
   */
  constructor(options: QueueOptions) {
    super(options, new Stack())
  }
}
