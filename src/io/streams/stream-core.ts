/** What a stream is made of: both halves, and how they come to their end. */
import { BrokenResourceError, ClosedResourceError } from '../../concurrency/errors.ts'
import { isCancellation } from '../../concurrency/scope/cancellation.ts'
import { currentScope } from '../../concurrency/scope/scope.ts'
import { abortable } from '../../concurrency/tasks/abortable.ts'
import { moveOnAfter } from '../../concurrency/time/timeout.ts'
import type { Sink, Transport } from '../transport.ts'
import { Inflow } from './inflow.ts'
import { Outflow } from './outflow.ts'

// So long a peer may take to answer our end with its own. Closing earlier, with bytes of its on their way, would
// be a reset, which takes from the peer what it has not read yet (RFC 2525 §2.17).
const lingerTimeout = 2_000

export class StreamCore implements Sink {
  readonly transport: Transport
  readonly inflow: Inflow
  readonly outflow: Outflow
  readonly #closeTimeout: number
  readonly #whenClosed: PromiseWithResolvers<void> = Promise.withResolvers<void>()
  #closing: Promise<void> | undefined = undefined
  #closed = false

  constructor(transport: Transport, highWaterMark: number, closeTimeout: number) {
    this.transport = transport
    this.inflow = new Inflow(transport, highWaterMark)
    this.outflow = new Outflow(transport)
    this.#closeTimeout = closeTimeout
  }

  /** Whether nobody is to use it any more. */
  get over(): boolean {
    return this.#closed || this.#closing !== undefined
  }

  data(bytes: Uint8Array, shared: boolean): void {
    this.inflow.push(bytes, shared)
  }

  end(): void {
    this.inflow.end()
  }

  drain(): void {
    this.outflow.drained()
  }

  closed(error?: Error): void {
    this.#closed = true
    if (error === undefined) this.inflow.end()
    else this.inflow.fail(error)
    this.outflow.fail(
      error ?? new BrokenResourceError('Connection broken: the peer has closed the connection'),
    )
    this.#whenClosed.resolve()
  }

  /** Sends what was written, ends, waits for the peer's end for a while. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  abort(): void {
    this.#closing ??= this.#whenClosed.promise
    this.inflow.close()
    this.outflow.fail(new ClosedResourceError('Cannot write: the stream is closed'))
    this.transport.reset()
  }

  /** The transport is somebody else's now. */
  giveUp(): void {
    this.closed(new ClosedResourceError('Cannot use the stream: TLS took its place'))
  }

  async #close(): Promise<void> {
    this.inflow.close()
    this.outflow.end()
    try {
      if (!currentScope().cancelled) await this.#closeGracefully()
    } catch (error) {
      if (!isCancellation(error)) throw error
    }
    if (!this.#closed) this.transport.destroy()
    // Comes in the next turns, whatever the peer does.
    await this.#whenClosed.promise
  }

  async #closeGracefully(): Promise<void> {
    await moveOnAfter(this.#closeTimeout, () => this.outflow.sent())
    this.transport.end()
    await moveOnAfter(lingerTimeout, () => abortable(this.#whenClosed.promise))
  }
}
