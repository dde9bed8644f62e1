/**
 * One connection in a room. What its socket takes is written from the room's log; what it does not take
 * waits in a queue of its own, in front of all that comes later. So does what can't be sent now: while
 * a message is deflated, or between the fragments of one.
 */
import { closeCodes } from '../close-code.ts'
import type { ConnectionClosedError } from '../connection-closed-error.ts'
import type { LinkListener } from '../link-listeners.ts'
import type { WebSocketConnection } from '../websocket-connection.ts'
import type { WebSocketLink } from '../websocket-link.ts'
import { takeRun } from './frame-run.ts'
import { MessageQueue } from './message-queue.ts'
import type { LogReader, RoomLog } from './room-log.ts'
import { kindOf } from './shared-message.ts'

/** The room, as its members see it. */
export interface RoomKeeper {
  readonly log: RoomLog
  /** What may wait for each. */
  readonly maxQueue: number
  /** As much waits for it as may. */
  memberLags(member: RoomMember): void
  /** Half of that is taken. */
  memberHasRoom(member: RoomMember): void
  memberLeft(member: RoomMember): void
}

export class RoomMember implements LinkListener, LogReader {
  readonly ws: WebSocketConnection
  readonly link: WebSocketLink
  readonly kind: string
  /** The number of the message that it gets next; an older one than the log has means the log's first. */
  next: number
  /** The number of the last message that it is left out of. */
  leftOut = -1
  readonly #keeper: RoomKeeper
  readonly #queue = new MessageQueue()
  // It gets nothing more but what is in the queue.
  #left = false
  // Whether its connection was in another room, too.
  #shared = false

  constructor(ws: WebSocketConnection, keeper: RoomKeeper) {
    const { link } = ws
    this.ws = ws
    this.link = link
    this.kind = kindOf(link)
    this.next = keeper.log.end
    this.#keeper = keeper
    link.listeners.tell((other) => {
      if (other instanceof RoomMember) other.#shared = this.#shared = true
    })
    link.listeners.add(this)
  }

  /** Messages in its queue. */
  get queued(): number {
    return this.#queue.size
  }

  /** What they count. */
  get queuedCost(): number {
    return this.#queue.cost
  }

  /** Messages in the log that it has not got, with those that are not for it. */
  get ahead(): number {
    return this.#keeper.log.end - this.#first
  }

  /** Whether more waits for it than may. One message always may. */
  get overfull(): boolean {
    return this.#queue.cost >= this.#keeper.maxQueue && this.queued > 1
  }

  /** Whether what waits for it, waits for being compressed for it alone: that is our doing, and not the peer's. */
  get compressing(): boolean {
    const { deflate, fragmenting, writer, transport } = this.link
    if (deflate === undefined || fragmenting) return false
    return !writer.direct || !writer.full || transport.bytesQueued === 0
  }

  /** Gives it what was published, with all others. */
  flush(): void {
    if (!this.#shared) {
      this.catchUp(false)
      return
    }
    // What its other rooms have for it leaves in the same write.
    const { transport, listeners } = this.link
    transport.cork()
    listeners.catchUp(false)
    transport.uncork()
  }

  /** Drops the oldest messages until the queue is within its limit; how many. */
  dropOldest(): number {
    let dropped = 0
    for (; this.overfull; dropped++) this.#queue.take()
    return dropped
  }

  /** It gets what was published before, and nothing more. */
  leave(): void {
    if (this.#left) return
    // A close frame mostly follows.
    if (this.#first < this.#keeper.log.end) this.link.gather()
    this.catchUp(false)
    this.#left = true
    this.#keeper.memberLeft(this)
    if (this.queued === 0) this.link.listeners.delete(this)
  }

  /** It gets nothing more, not even what waits for it. */
  drop(): void {
    this.link.listeners.delete(this)
    this.#queue.clear()
    this.next = Infinity
    if (this.#left) return
    this.#left = true
    this.#keeper.memberLeft(this)
  }

  // As LinkListener:

  catchUp(force: boolean): void {
    const { link } = this
    const { log } = this.#keeper
    const first = this.#first
    const current = first >= log.end
    if (current && this.queued === 0) return
    this.next = log.end
    // Between the fragments of a message nothing can be forced.
    const all = force && link.writer.between
    if (all) link.gather()
    if (!current && !this.#writeLog(first)) {
      for (const message of log.messagesFor(this, first)) this.#queue.add(message)
    }
    if (this.queued > 0 && (all || link.ready)) this.#drain(all)
    if (this.#queue.cost >= this.#keeper.maxQueue && !this.#left) this.#keeper.memberLags(this)
  }

  linkReady(): void {
    if (this.queued > 0) this.#drain(false)
  }

  linkClosing(): void {
    this.catchUp(true)
    this.drop()
  }

  linkEnded({ closeCode }: ConnectionClosedError): void {
    // If it is not broken, our close frame follows: behind what was published before.
    if (closeCode !== closeCodes.abnormal) this.catchUp(true)
    this.drop()
  }

  /** The number of the first message in the log that it has not got. */
  get #first(): number {
    const { log } = this.#keeper
    return this.#left ? log.end : Math.max(this.next, log.base)
  }

  /** Writes what is in the log for it; false if it has to wait, or is not what others get. */
  #writeLog(first: number): boolean {
    if (this.queued > 0 || this.leftOut >= first || !this.link.ready) return false
    const run = this.#keeper.log.run(this, first)
    if (run === undefined) return false
    run.writeTo(this.link)
    this.#lookWhetherTaken()
    return true
  }

  /** Sends what waits for it: as much as the link takes, or all of it. */
  #drain(all: boolean): void {
    const { link } = this
    do {
      link.transport.cork()
      while (this.queued > 0 && this.#sendSome(all)) continue
      link.transport.uncork()
      this.#lookWhetherTaken()
    } while (this.queued > 0 && link.ready)
    if (this.#queue.cost <= this.#keeper.maxQueue / 2) this.#keeper.memberHasRoom(this)
    if (this.#left && this.queued === 0) link.listeners.delete(this)
  }

  #sendSome(all: boolean): boolean {
    const { link } = this
    if (!all && !link.ready) return false
    const run = link.writer.direct ? takeRun(this.#queue, link) : undefined
    if (run === undefined) this.#queue.take()?.sendTo(link)
    else run.writeTo(link)
    return true
  }

  /** A socket says of a large write that it is full, though the system has taken all of it. */
  #lookWhetherTaken(): void {
    const { writer, transport } = this.link
    if (writer.full && transport.bytesQueued === 0) writer.full = false
  }
}
