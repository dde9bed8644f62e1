import { RingBuffer } from '../../../concurrency/queues/ring-buffer.ts'
import type { SharedMessage } from './shared-message.ts'

/** Messages that wait for one member, and what they count. */
export class MessageQueue {
  #cost = 0
  // Made for the first: most members keep up.
  #messages: RingBuffer<SharedMessage> | undefined = undefined

  get size(): number {
    return this.#messages?.size ?? 0
  }

  get cost(): number {
    return this.#cost
  }

  add(message: SharedMessage): void {
    ;(this.#messages ??= new RingBuffer()).add(message)
    this.#cost += message.cost
  }

  first(): SharedMessage | undefined {
    return this.#messages?.first()
  }

  take(): SharedMessage | undefined {
    const message = this.#messages?.take()
    if (message !== undefined) this.#cost -= message.cost
    return message
  }

  clear(): void {
    this.#messages = undefined
    this.#cost = 0
  }
}
