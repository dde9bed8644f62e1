/**
 * Datagrams, for code that awaits.
 *
 * The system throws datagrams away when a socket's buffer is full, and so does this: what comes while the
 * queue is full is dropped, and counted. Waiting would only move the loss to where nobody counts it.
 */
import type { RemoteInfo, Socket } from 'node:dgram'
import { ClosedResourceError } from '../../concurrency/errors.ts'
import { currentScope } from '../../concurrency/scope/scope.ts'
import { type LineWaiter, waitInLine, WaitLine } from '../../concurrency/scope/wait-line.ts'
import { connectionError } from '../errors.ts'

/** What came, and from where. */
export interface Datagram {
  /** Yours. */
  readonly data: Uint8Array
  readonly address: string
  readonly port: number
}

/** What `endpoint.statistics()` returns. */
export interface UDPStatistics {
  /** Datagrams that came and were not received yet. */
  readonly queued: number
  /** Datagrams that came, dropped ones included. */
  readonly received: number
  /** Datagrams that came while the queue was full. */
  readonly dropped: number
  /** Datagrams handed to the system. */
  readonly sent: number
}

/** How many datagrams, and how many bytes, may wait to be received. */
export interface QueueLimits {
  /** Default 1,000. */
  readonly maxQueue: number
  /** Default 4 MiB: sixty-four of the largest. */
  readonly maxQueueBytes: number
}

/** Both kinds of endpoint. Closed with `close()`, best by `await using`. */
export abstract class UDPSocket implements AsyncDisposable {
  /** @internal */
  protected readonly socket: Socket
  readonly #limits: QueueLimits
  readonly #receivers: WaitLine<LineWaiter<Datagram | undefined>> = new WaitLine()
  #queue: Datagram[] = []
  #queuedBytes = 0
  #received = 0
  #dropped = 0
  #sent = 0
  #failure: Error | undefined = undefined
  #closed = false
  readonly #whenClosed: PromiseWithResolvers<void> = Promise.withResolvers<void>()

  /** @internal */
  constructor(socket: Socket, limits: QueueLimits) {
    this.socket = socket
    this.#limits = limits
    socket.on('message', (data, from) => this.#arrived(data, from))
    socket.on('error', (error) => this.#failed(error))
    socket.on('close', () => this.#whenClosed.resolve())
  }

  /** The local port. */
  get port(): number {
    return this.#closed ? 0 : this.socket.address().port
  }

  /** The local address. */
  get address(): string {
    return this.#closed ? '' : this.socket.address().address
  }

  statistics(): UDPStatistics {
    return {
      queued: this.#queue.length,
      received: this.#received,
      dropped: this.#dropped,
      sent: this.#sent,
    }
  }

  /**
   * The next datagram, in the order in which they came. Several tasks may wait.
   *
   * Cancellation: nothing was taken.
   *
   * @throws BrokenResourceError once, if the system told of a failure, such as a peer that is not there
   * @throws ClosedResourceError after `close()`
   */
  async receive(): Promise<Datagram> {
    const datagram = await this.#next()
    if (datagram === undefined) {
      throw new ClosedResourceError('Cannot receive: the endpoint is closed')
    }
    return datagram
  }

  /** What comes until the endpoint is closed. Leaving the loop leaves it open. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Datagram, void> {
    for (;;) {
      const datagram = await this.#next()
      if (datagram === undefined) return
      yield datagram
    }
  }

  /**
   * Closes the socket; what was not received is dropped, and loops over it end. Calling it again does nothing.
   *
   * Cancellation: has none, it waits for nobody.
   */
  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true
      this.#queue = []
      this.#queuedBytes = 0
      this.socket.close()
      for (let next = this.#receivers.shift(); next !== undefined; next = this.#receivers.shift()) {
        next.resolve(undefined)
      }
    }
    await this.#whenClosed.promise
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** @internal */
  protected async sendBy(send: (done: (error: Error | null) => void) => void): Promise<void> {
    currentScope().throwIfCancelled()
    if (this.#closed) throw new ClosedResourceError('Cannot send: the endpoint is closed')
    // Not cancellable: the system has taken it by then, or says in the same turn that it does not.
    const sent = Promise.withResolvers<void>()
    send((error) => (error === null ? sent.resolve() : sent.reject(connectionError(error))))
    await sent.promise
    this.#sent++
  }

  #next(): Promise<Datagram | undefined> {
    const scope = currentScope()
    if (scope.error !== undefined) return Promise.reject(scope.error)
    const datagram = this.#queue.shift()
    if (datagram !== undefined) {
      this.#queuedBytes -= datagram.data.length
      return Promise.resolve(datagram)
    }
    if (this.#closed) return Promise.resolve(undefined)
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) return Promise.reject(failure)
    return waitInLine(this.#receivers, scope, 'a datagram')
  }

  #arrived(data: Uint8Array, { address, port }: RemoteInfo): void {
    this.#received++
    const datagram = { data, address, port }
    const receiver = this.#receivers.shift()
    if (receiver !== undefined) receiver.resolve(datagram)
    else if (
      this.#queue.length < this.#limits.maxQueue &&
      this.#queuedBytes + data.length <= this.#limits.maxQueueBytes
    ) {
      this.#queue.push(datagram)
      this.#queuedBytes += data.length
    } else this.#dropped++
  }

  #failed(error: Error): void {
    const failure = connectionError(error)
    const receiver = this.#receivers.shift()
    if (receiver !== undefined) receiver.reject(failure)
    else this.#failure = failure
  }
}
