import { ClosedResourceError } from '../errors.ts'
import type { Queue } from './queue.ts'

/** One of several ends to put items into a queue. The queue closes when the last one is closed. */
export class Producer<T> implements Disposable {
  readonly #queue: Queue<T>
  readonly #onClose: () => void
  #closed = false

  /** @internal */
  constructor(queue: Queue<T>, onClose: () => void) {
    this.#queue = queue
    this.#onClose = onClose
  }

  /** Whether `close()` was called on this end. */
  get closed(): boolean {
    return this.#closed
  }

  /**
   * Puts `item` in, and waits while the queue is full.
   *
   * Cancellation: the item was not put in.
   *
   * @throws {ClosedResourceError} if this end or the queue is closed.
   */
  put(item: T): Promise<void> {
    if (this.#closed) return Promise.reject(closedError())
    return this.#queue.put(item)
  }

  /**
   * Puts `item` in if there is room, and says whether; never waits.
   *
   * @throws {ClosedResourceError} if this end or the queue is closed.
   */
  tryPut(item: T): boolean {
    if (this.#closed) throw closedError()
    return this.#queue.tryPut(item)
  }

  /** Another end of the same queue, for one more producer. */
  producer(): Producer<T> {
    if (this.#closed) throw closedError()
    return this.#queue.producer()
  }

  /** Puts no more items in through this end. Closing it twice does nothing. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#onClose()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

function closedError(): ClosedResourceError {
  return new ClosedResourceError('Cannot put into a queue through an end that is closed')
}
