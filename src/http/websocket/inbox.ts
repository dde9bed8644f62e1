/** The messages that came and nobody has taken yet, and the one who waits for the next. */
import { BusyResourceError, type CancelledError } from '../../concurrency/errors.ts'
import { RingBuffer } from '../../concurrency/queues/ring-buffer.ts'
import { currentScope } from '../../concurrency/scope/scope.ts'
import { Waiter } from '../../concurrency/scope/waiter.ts'
import { nextTurn } from '../../concurrency/time/turn-queue.ts'
import type { ConnectionClosedError } from './connection-closed-error.ts'

/** Text as a string, binary data as bytes. */
export type WebSocketMessage = string | Uint8Array

type Result = IteratorResult<WebSocketMessage, undefined>

// What a message costs besides its bytes, so that a flood of empty ones fills the queue, too.
const overhead = 64

const finished: Result = { value: undefined, done: true }

/** Whoever fills it. */
export interface InboxKeeper {
  /** What messages may count, until no more are wanted. */
  readonly inboxLimit: number
  /** How it ended, once nothing comes any more. */
  readonly ending: ConnectionClosedError | undefined
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

const isFull = 1
const isUsed = 2
// Whether the keeper is told when somebody waits.
const tells = 4
// Whether it is so new that nobody has had the time to ask.
const isNew = 8

export class Inbox {
  readonly #keeper: InboxKeeper
  // Made when a message first comes that nobody waits for.
  #messages: RingBuffer<WebSocketMessage> | undefined = undefined
  #size = 0
  #waiter: Receiving | undefined = undefined
  // Bits of one number: there is an inbox for each connection.
  #state = 0

  constructor(keeper: InboxKeeper) {
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
    return (this.#state & isFull) !== 0
  }

  /** Whether anybody has ever asked for a message. */
  get used(): boolean {
    return (this.#state & isUsed) !== 0
  }

  /** Whether whoever receives has messages, and has not come back for more. */
  get busy(): boolean {
    if (this.#waiter !== undefined) return false
    return this.used || ((this.#state & isNew) !== 0 && this.count > 0)
  }

  /** Somebody may be about to ask, until the loop has turned. */
  opened(): void {
    this.#state |= isNew
    nextTurn(() => (this.#state &= ~isNew))
  }

  tellWhenAwaited(): void {
    this.#state |= tells
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
    if (this.#size >= this.#keeper.inboxLimit) this.#state |= isFull
  }

  /** Nothing comes any more: once all is taken, `error`, which is the keeper's ending, is what is got. */
  end(error: ConnectionClosedError): void {
    const waiter = this.#waiter
    this.#waiter = undefined
    if (waiter === undefined) return
    if (waiter.iterates && error.ordinary) waiter.resolve(finished)
    else waiter.reject(error)
  }

  /** The next message. Throws how the connection ended. */
  receive(): Promise<WebSocketMessage> {
    this.#state |= isUsed
    if (this.count > 0 && !currentScope().cancelled) return Promise.resolve(Inbox.#take(this))
    const { ending } = this.#keeper
    if (ending !== undefined && this.count === 0) return rejected(ending)
    return Inbox.#wait(this, false) as Promise<WebSocketMessage>
  }

  /** As `receive()`, for an iterator; an ordinary end is the end of the iteration. */
  next(): Promise<Result> {
    this.#state |= isUsed
    if (this.count > 0 && !currentScope().cancelled) {
      return Promise.resolve({ value: Inbox.#take(this), done: false })
    }
    const { ending } = this.#keeper
    if (ending !== undefined && this.count === 0) {
      return ending.ordinary && !currentScope().cancelled
        ? Promise.resolve(finished)
        : rejected(ending)
    }
    return Inbox.#wait(this, true) as Promise<Result>
  }

  /** @internal */
  left(waiter: object): void {
    if (this.#waiter === waiter) this.#waiter = undefined
  }

  // Static, what is private: with private methods each inbox would hold a mark of its own for that.

  static #take(inbox: Inbox): WebSocketMessage {
    const message = inbox.#messages?.take() as WebSocketMessage
    inbox.#size -= overhead + message.length
    if (inbox.full && inbox.#size <= inbox.#keeper.inboxLimit / 2) {
      inbox.#state &= ~isFull
      inbox.#keeper.inboxHasRoom()
    }
    return message
  }

  static #wait(inbox: Inbox, iterates: boolean): Promise<WebSocketMessage | Result> {
    if (inbox.#waiter !== undefined) {
      return Promise.reject(
        new BusyResourceError('Cannot receive: another task waits for the next message'),
      )
    }
    const waiter = new Receiving(inbox, iterates)
    if (!waiter.settled) {
      inbox.#waiter = waiter
      if ((inbox.#state & tells) !== 0) inbox.#keeper.answered()
    }
    return waiter.promise
  }
}

function rejected(ending: ConnectionClosedError): Promise<never> {
  const scope = currentScope()
  if (scope.cancelled) return new Waiter<never>(undefined, scope, 'a message').promise
  return Promise.reject(ending)
}
