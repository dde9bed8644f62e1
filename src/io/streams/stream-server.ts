/** A server that listens, and the tasks that serve its connections. */
import { TimeoutError } from '../../concurrency/errors.ts'
import { checkDeadline } from '../../concurrency/scope/arguments.ts'
import { isCancellation } from '../../concurrency/scope/cancellation.ts'
import { outsideScopes } from '../../concurrency/scope/context.ts'
import { reportLost } from '../../concurrency/scope/lost-errors.ts'
import { currentScope } from '../../concurrency/scope/scope.ts'
import { Waiter } from '../../concurrency/scope/waiter.ts'
import { WaiterSet } from '../../concurrency/scope/waiter-set.ts'
import { abortable } from '../../concurrency/tasks/abortable.ts'
import type { Task } from '../../concurrency/tasks/task.ts'
import { TaskGroup } from '../../concurrency/tasks/task-group.ts'
import { clock } from '../../concurrency/time/current-clock.ts'
import { timeoutAt } from '../../concurrency/time/timeout.ts'
import { IncompleteReadError, LimitExceededError } from '../errors.ts'
import type { Listener } from '../listener.ts'
import type { ListenerStatistics } from '../socket/accept.ts'
import type { Transport } from '../transport.ts'
import { ByteStream } from './byte-stream.ts'
import { SpoolError } from '../../util/error.ts'
import type { StartServerOptions, StreamHandler } from './start-server.ts'

// Most handlers end with their client; one that waits for a client that says nothing never would.
const defaultShutdownTimeout = 5_000

export interface StreamServerCloseOptions {
  /**
   * Until when handlers may go on, on the clock of `now()`; then they are cancelled. Default: 5 s from now.
   */
  deadline?: number
}

/** Made by `startServer()`. To be closed, best by `await using`. */
export class StreamServer implements AsyncDisposable {
  readonly #options: StartServerOptions
  readonly #handler: StreamHandler
  readonly #group: TaskGroup
  readonly #outer = currentScope().group
  readonly #waiting: WaiterSet<void> = new WaiterSet()
  #listener: Listener | undefined = undefined
  /** Stops listening when the scope of the server is cancelled. */
  #keeper: Waiter<void> | undefined = undefined
  #stopped = false
  #closing: Promise<void> | undefined = undefined
  #over = false

  /** @internal Made by `startServer()`. */
  constructor(options: StartServerOptions, handler: StreamHandler) {
    this.#options = options
    this.#handler = handler
    this.#group = new TaskGroup({ name: 'connections' })
  }

  /** The port that is listened on; 0 for a Unix socket. */
  get port(): number {
    return this.#listener?.port ?? 0
  }

  /** `host:port`, `[host]:port`, or the path of the Unix socket. */
  get address(): string {
    return this.#listener?.address ?? ''
  }

  /**
   * Resolves when the server is closed and every handler is over, whoever closes it.
   *
   * Cancellation: only stops waiting.
   */
  get closed(): Promise<void> {
    return this.#over ? Promise.resolve() : this.#waiting.wait('the server to be closed')
  }

  statistics(): ListenerStatistics | undefined {
    return this.#listener?.statistics()
  }

  /**
   * Stops to accept, lets handlers go on until the deadline, cancels the rest, and waits until all are over.
   * Calling it again joins in.
   *
   * A handler may close its own server: that waits for all other handlers, and `closed` for this one as well.
   *
   * Cancellation: is never thrown. In a scope that is cancelled, or as soon as it is, the handlers are cancelled.
   */
  close(options: StreamServerCloseOptions = {}): Promise<void> {
    const { deadline = clock().now() + defaultShutdownTimeout } = options
    checkDeadline('deadline', deadline)
    const own = this.#group.taskAround
    if (own !== undefined) return this.#closeInside(own, deadline)
    return (this.#closing ??= this.#close(deadline))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** @internal */
  listensOn(listener: Listener): void {
    this.#listener = listener
    this.#keeper = new Waiter(() => void listener.close(), this.#group.scope)
    if (this.#stopped) void listener.close()
  }

  /** @internal */
  accept(transport: Transport): void {
    // Accepted in the turn in which it was closed.
    if (this.#stopped || this.#group.scope.cancelled) transport.destroy()
    else this.#group.spawn(() => this.#serve(transport))
  }

  async #serve(transport: Transport): Promise<void> {
    const stream = new ByteStream(transport, this.#options)
    try {
      await this.#handler(stream)
    } catch (error) {
      stream.abort()
      if (!(currentScope().cancelled && isCancellation(error))) this.#report(error, stream)
    }
    await stream.close()
  }

  #report(error: unknown, stream: ByteStream): void {
    const { onError } = this.#options
    if (onError !== undefined) onError(error, stream)
    // A peer that left, or broke the rules, is no fault of the program.
    else if (!isOfPeer(error)) reportLost(error, this.#outer, 'a connection')
  }

  async #close(deadline: number): Promise<void> {
    await this.#stopListening()
    await until(deadline, () => this.#group.join())
    this.#group.cancel('the server is closed')
    await this.#end()
  }

  // The handler that closes goes on: it may have something to say to its client still.
  async #closeInside(own: Task, deadline: number): Promise<void> {
    await this.#stopListening()
    if (!(await until(deadline, () => abortable(this.#group.othersOver(own))))) {
      for (const task of this.#group.tasks) if (task !== own) task.cancel('the server is closed')
      await this.#group.othersOver(own)
    }
    outsideScopes(() => this.#end()).catch((error: unknown) => {
      reportLost(error, this.#outer, 'the connections')
    })
  }

  async #stopListening(): Promise<void> {
    this.#stopped = true
    this.#keeper?.resolve()
    await this.#listener?.close()
  }

  async #end(): Promise<void> {
    try {
      await this.#group.close()
    } finally {
      this.#over = true
      this.#waiting.wake()
    }
  }
}

/** Waits, and no longer than until the deadline, or until the scope is cancelled: false then. */
async function until(deadline: number, fn: () => Promise<void>): Promise<boolean> {
  try {
    await timeoutAt(deadline, fn)
    return true
  } catch (error) {
    if (!TimeoutError.is(error) && !isCancellation(error)) throw error
    return false
  }
}

function isOfPeer(error: unknown): boolean {
  return (
    SpoolError.hasCode(error, 'SPOOL_BROKEN') ||
    IncompleteReadError.is(error) ||
    LimitExceededError.is(error)
  )
}
