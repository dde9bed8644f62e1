/** A server that listens, and the tasks that serve its connections. */
import { TimeoutError } from '../../concurrency/errors.ts'
import { checkDeadline } from '../../concurrency/scope/arguments.ts'
import { isCancellation } from '../../concurrency/scope/cancellation.ts'
import { reportLost } from '../../concurrency/scope/lost-errors.ts'
import { currentScope } from '../../concurrency/scope/scope.ts'
import { Waiter } from '../../concurrency/scope/waiter.ts'
import { WaiterSet } from '../../concurrency/scope/waiter-set.ts'
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
   * Cancellation: is never thrown. In a scope that is cancelled, or as soon as it is, the handlers are cancelled.
   */
  close(options: StreamServerCloseOptions = {}): Promise<void> {
    const { deadline = clock().now() + defaultShutdownTimeout } = options
    checkDeadline('deadline', deadline)
    return (this.#closing ??= this.#close(deadline))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** @internal */
  listensOn(listener: Listener): void {
    this.#listener = listener
    this.#keeper = new Waiter(() => void listener.close(), this.#group.scope)
    if (this.#closing !== undefined) void listener.close()
  }

  /** @internal */
  accept(transport: Transport): void {
    // Accepted in the turn in which it was closed.
    if (this.#closing !== undefined || this.#group.scope.cancelled) transport.destroy()
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
    this.#keeper?.resolve()
    await this.#listener?.close()
    try {
      await timeoutAt(deadline, () => this.#group.join())
    } catch (error) {
      if (!TimeoutError.is(error) && !isCancellation(error)) throw error
    }
    this.#group.cancel('the server is closed')
    await this.#group.close()
    this.#over = true
    this.#waiting.wake()
  }
}

function isOfPeer(error: unknown): boolean {
  return (
    SpoolError.hasCode(error, 'SPOOL_BROKEN') ||
    IncompleteReadError.is(error) ||
    LimitExceededError.is(error)
  )
}
