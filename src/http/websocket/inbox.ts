/**
 * The messages that came and nobody has taken yet, and the one who waits for the next. It is that wait itself,
 * and the iterator of those who iterate: connections whose handler waits are many, and all they do is wait.
 */
import { BusyResourceError, type CancelledError } from '../../concurrency/errors.ts'
import { RingBuffer } from '../../concurrency/queues/ring-buffer.ts'
import { currentScope, type Scope } from '../../concurrency/scope/scope.ts'
import { ScopeMember } from '../../concurrency/scope/scope-member.ts'
import { Waiter } from '../../concurrency/scope/waiter.ts'
import { countWakeUp, wakeUp, wakeUpsAreOrdered } from '../../concurrency/scope/wake-ups.ts'
import { loopTurns } from '../../concurrency/time/turn-budget.ts'
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

const isFull = 1
const isUsed = 2
// Whether the keeper is told when somebody waits.
const tells = 4
// Whether the one who waits iterates, and gets results.
const iterates = 8
// Whether it is so new that nobody has had the time to ask.
const isNew = 16

type Resolve = (value: WebSocketMessage | Result | Promise<never>) => void

export class Inbox
  extends ScopeMember
  implements AsyncIterableIterator<WebSocketMessage, undefined>
{
  readonly #keeper: InboxKeeper
  // Made when a message first comes that nobody waits for.
  #messages: RingBuffer<WebSocketMessage> | undefined = undefined
  #size = 0
  // Bits of one number: there is an inbox for each connection.
  #state = 0
  // Of the one who waits, in whose scope this is then.
  #promise: Promise<WebSocketMessage | Result> | undefined = undefined
  #resolve: Resolve | undefined = undefined

  constructor(keeper: InboxKeeper) {
    super()
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
    if (this.#resolve !== undefined) return false
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
    loopTurns()
    if (this.#resolve !== undefined) {
      const given = (this.#state & iterates) !== 0 ? { value: message, done: false } : message
      Inbox.#settle(this, given as WebSocketMessage | Result)
      return
    }
    ;(this.#messages ??= new RingBuffer()).add(message)
    this.#size += overhead + message.length
    if (this.#size >= this.#keeper.inboxLimit) this.#state |= isFull
  }

  /** Nothing comes any more: once all is taken, `error`, which is the keeper's ending, is what is got. */
  end(error: ConnectionClosedError): void {
    if (this.#resolve === undefined) return
    if ((this.#state & iterates) !== 0 && error.ordinary) Inbox.#settle(this, finished)
    else Inbox.#settle(this, undefined, error)
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

  [Symbol.asyncIterator](): this {
    return this
  }

  /** @internal For the task tree. */
  get what(): string {
    return 'a message'
  }

  /** @internal */
  scopeCancelled(cancellation: CancelledError): void {
    // A wait that nobody awaits yet, or any more, must not end the process for being cancelled.
    this.#promise?.catch(ignore)
    Inbox.#settle(this, undefined, cancellation)
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

  static #wait(inbox: Inbox, iterating: boolean): Promise<WebSocketMessage | Result> {
    if (inbox.#resolve !== undefined) {
      return Promise.reject(
        new BusyResourceError('Cannot receive: another task waits for the next message'),
      )
    }
    const scope = currentScope()
    if (scope.cancelled) return refused(scope)
    inbox.#state = iterating ? inbox.#state | iterates : inbox.#state & ~iterates
    const promise = new Promise<WebSocketMessage | Result>(keepResolve)
    inbox.#promise = promise
    inbox.#resolve = lastResolve
    scope.addMember(inbox)
    if ((inbox.#state & tells) !== 0) inbox.#keeper.answered()
    return promise
  }

  /** As a `Waiter` does it; its function to reject would be kept for each, where a promise that fails will do. */
  static #settle(inbox: Inbox, value: WebSocketMessage | Result | undefined, error?: Error): void {
    const resolve = inbox.#resolve
    if (resolve === undefined) return
    inbox.#resolve = inbox.#promise = undefined
    countWakeUp()
    inbox.memberOf?.removeMember(inbox)
    const give = (): void => {
      resolve(error === undefined ? (value as WebSocketMessage | Result) : Promise.reject(error))
    }
    if (wakeUpsAreOrdered()) wakeUp(give)
    else give()
  }
}

let lastResolve: Resolve

function keepResolve(resolve: Resolve): void {
  lastResolve = resolve
}

function ignore(): void {}

function refused(scope: Scope): Promise<never> {
  return new Waiter<never>(undefined, scope, 'a message').promise
}

function rejected(ending: ConnectionClosedError): Promise<never> {
  const scope = currentScope()
  return scope.cancelled ? refused(scope) : Promise.reject(ending)
}
