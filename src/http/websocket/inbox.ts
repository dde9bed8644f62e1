/** The messages that came and nobody has taken yet, and the one who waits for the next. */
import { BusyResourceError, type CancelledError } from '../../concurrency/errors.ts'
import { RingBuffer } from '../../concurrency/queues/ring-buffer.ts'
import { currentScope } from '../../concurrency/scope/scope.ts'
import { Waiter } from '../../concurrency/scope/waiter.ts'
import type { ConnectionClosedError } from './connection-closed-error.ts'

/** Text as a string, binary data as bytes. */
export type WebSocketMessage = string | Uint8Array

type Result = IteratorResult<WebSocketMessage, undefined>

// What a message costs besides its bytes, so that a flood of empty ones fills the queue, too.
const overhead = 64

const finished: Result = { value: undefined, done: true }

/** Whoever fills it. */
export interface InboxKeeper {
  /** Half of a full queue is taken. */
  inboxHasRoom(): void
  /** Whoever receives has come back for more, after `tellWhenAwaited()`. */
  answered(): void
}

/** The one who waits. */
class Receiving extends Waiter<WebSocketMessage | Result> {
  /** Whether it iterates, and gets results. */
  readonly iterates: boolean
  readonly #inbox: Inbox

  constructor(inbox: Inbox, iterates: boolean) {
    super(undefined, currentScope(), 'a message')
    this.#inbox = inbox
    this.iterates = iterates
  }

  override scopeCancelled(error: CancelledError): void {
    this.#inbox.left(this)
    super.scopeCancelled(error)
  }
}

export class Inbox {
  readonly #limit: number
  readonly #keeper: InboxKeeper
  // Made when a message first comes that nobody waits for.
  #messages: RingBuffer<WebSocketMessage> | undefined = undefined
  #size = 0
  #full = false
  #end: ConnectionClosedError | undefined = undefined
  #waiter: Receiving | undefined = undefined
  /** Whether anybody has ever asked for a message. */
  used = false
  #tells = false

  constructor(limit: number, keeper: InboxKeeper) {
    this.#limit = limit
    this.#keeper = keeper
  }

  /** Messages that wait. */
  get count(): number {
    return this.#messages?.size ?? 0
  }

  /** What they count. */
  get size(): number {
    return this.#size
  }

  get full(): boolean {
    return this.#full
  }

  /** Whether whoever receives has messages, and has not come back for more. */
  get busy(): boolean {
    return this.used && this.#waiter === undefined
  }

  tellWhenAwaited(): void {
    this.#tells = true
  }

  push(message: WebSocketMessage): void {
    const waiter = this.#waiter
    if (waiter !== undefined) {
      this.#waiter = undefined
      waiter.resolve(waiter.iterates ? { value: message, done: false } : message)
      return
    }
    ;(this.#messages ??= new RingBuffer()).add(message)
    this.#size += overhead + message.length
    if (this.#size >= this.#limit) this.#full = true
  }

  /** Nothing comes any more: once all is taken, `error` is what is got. */
  end(error: ConnectionClosedError): void {
    if (this.#end !== undefined) return
    this.#end = error
    const waiter = this.#waiter
    this.#waiter = undefined
    if (waiter === undefined) return
    if (waiter.iterates && error.ordinary) waiter.resolve(finished)
    else waiter.reject(error)
  }

  /** The next message. Throws how the connection ended. */
  receive(): Promise<WebSocketMessage> {
    this.used = true
    if (this.count > 0 && !currentScope().cancelled) return Promise.resolve(this.#take())
    if (this.#end !== undefined && this.count === 0) return this.#reject(this.#end)
    return this.#wait(false) as Promise<WebSocketMessage>
  }

  /** As `receive()`, for an iterator; an ordinary end is the end of the iteration. */
  next(): Promise<Result> {
    this.used = true
    if (this.count > 0 && !currentScope().cancelled) {
      return Promise.resolve({ value: this.#take(), done: false })
    }
    const end = this.#end
    if (end !== undefined && this.count === 0) {
      return end.ordinary && !currentScope().cancelled
        ? Promise.resolve(finished)
        : this.#reject(end)
    }
    return this.#wait(true) as Promise<Result>
  }

  #take(): WebSocketMessage {
    const message = this.#messages?.take() as WebSocketMessage
    this.#size -= overhead + message.length
    if (this.#full && this.#size <= this.#limit / 2) {
      this.#full = false
      this.#keeper.inboxHasRoom()
    }
    return message
  }

  #reject(end: ConnectionClosedError): Promise<never> {
    const scope = currentScope()
    if (scope.cancelled) return new Waiter<never>(undefined, scope, 'a message').promise
    return Promise.reject(end)
  }

  #wait(iterates: boolean): Promise<WebSocketMessage | Result> {
    if (this.#waiter !== undefined) {
      return Promise.reject(
        new BusyResourceError('Cannot receive: another task waits for the next message'),
      )
    }
    const waiter = new Receiving(this, iterates)
    if (!waiter.settled) {
      this.#waiter = waiter
      if (this.#tells) this.#keeper.answered()
    }
    return waiter.promise
  }

  /** @internal */
  left(waiter: object): void {
    if (this.#waiter === waiter) this.#waiter = undefined
  }
}
