import type { LinkListener } from '../link-listeners.ts'
import type { WebSocketLink } from '../websocket-link.ts'
import type { SharedMessage } from './shared-message.ts'

/** Whoever keeps the members. */
interface RoomKeeper {
  /** The queue of a member is half empty again. */
  memberHasRoom(member: RoomMember): void
  memberLeft(member: RoomMember): void
}

// What a message costs in a queue besides its bytes, which are shared.
const overhead = 64

/** One connection in a room, and what it was not fast enough for. */
export class RoomMember implements LinkListener {
  readonly link: WebSocketLink
  /** What waits for it counts as much. */
  queuedBytes = 0
  readonly #keeper: RoomKeeper
  readonly #limit: number
  #queue: SharedMessage[] = []
  #full = false

  constructor(link: WebSocketLink, limit: number, keeper: RoomKeeper) {
    this.link = link
    this.#limit = limit
    this.#keeper = keeper
    link.listeners.add(this)
  }

  get queued(): number {
    return this.#queue.length
  }

  /** Whether no more should be given to it. */
  get full(): boolean {
    return this.#full
  }

  /** Sends the message, or queues it behind those that wait. */
  give(message: SharedMessage): void {
    if (this.#queue.length === 0 && this.link.ready) {
      // In a room of a thousand, several messages in one turn of the loop are the rule.
      this.link.gather()
      message.sendTo(this.link)
      return
    }
    this.#queue.push(message)
    this.queuedBytes += message.size + overhead
    if (this.queuedBytes >= this.#limit) this.#full = true
  }

  /** Drops the oldest messages until the queue is within its limit; how many. The last one stays. */
  dropOldest(): number {
    let dropped = 0
    while (this.queuedBytes >= this.#limit && this.#queue.length > 1) {
      this.#take()
      dropped++
    }
    return dropped
  }

  leave(): void {
    this.link.listeners.delete(this)
    this.#queue = []
    this.queuedBytes = 0
    this.#full = false
    this.#keeper.memberLeft(this)
  }

  // As LinkListener:

  linkReady(): void {
    if (this.#queue.length > 1) this.link.gather()
    while (this.link.ready) {
      const message = this.#take()
      if (message === undefined) break
      message.sendTo(this.link)
    }
    if (this.#full && this.queuedBytes <= this.#limit / 2) {
      this.#full = false
      this.#keeper.memberHasRoom(this)
    }
  }

  linkEnded(): void {
    this.leave()
  }

  #take(): SharedMessage | undefined {
    const message = this.#queue.shift()
    if (message !== undefined) this.queuedBytes -= message.size + overhead
    return message
  }
}
