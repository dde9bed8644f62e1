import type { WaiterSet } from '../../concurrency/scope/waiter-set.ts'
import type { ClosingHandshake } from './closing-handshake.ts'
import type { ConnectionClosedError } from './connection-closed-error.ts'
import type { Pings } from './pings.ts'

/** Who is to know of the end of a link, or that it takes more. */
export interface LinkListener {
  /** Nothing can be sent any more, and nothing comes. */
  linkEnded?(error: ConnectionClosedError): void
  /** What was sent has left, and more can be sent. */
  linkReady?(): void
  /** A close frame is about to be sent: the last moment to send anything. */
  linkClosing?(): void
  /** The transport is closed: nothing is left. */
  linkGone?(): void
  /** Something is about to be sent: what is held back goes before it, with `force` also if it has to wait. */
  catchUp?(force: boolean): void
}

/** Most links have one. */
export class LinkListeners {
  #first: LinkListener | undefined = undefined
  #others: Set<LinkListener> | undefined = undefined

  add(listener: LinkListener): void {
    if (this.#first === undefined) this.#first = listener
    else (this.#others ??= new Set()).add(listener)
  }

  delete(listener: LinkListener): void {
    if (this.#first === listener) this.#first = undefined
    else this.#others?.delete(listener)
  }

  clear(): void {
    this.#first = this.#others = undefined
  }

  /** As `tell()`, for each message that is sent over a link in a room. */
  catchUp(force: boolean): void {
    this.#first?.catchUp?.(force)
    if (this.#others === undefined) return
    for (const listener of this.#others) listener.catchUp?.(force)
  }

  tell(call: (listener: LinkListener) => void): void {
    // A copy: who is told may leave.
    const others = this.#others === undefined ? [] : Array.from(this.#others)
    if (this.#first !== undefined) call(this.#first)
    for (const listener of others) call(listener)
  }
}

/** What goes on with a link beyond messages: who waits for something of it, and what is owed to its peer. */
export class Outstanding {
  listeners: LinkListeners | undefined = undefined
  closing: ClosingHandshake | undefined = undefined
  writable: WaiterSet<void> | undefined = undefined
  closed: WaiterSet<void> | undefined = undefined
  pings: Pings | undefined = undefined
  /** The last ping that could not be answered yet. */
  pong: Buffer | undefined = undefined
}
