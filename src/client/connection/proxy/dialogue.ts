/**
 * What is said to a proxy before a connection is through: questions and answers over a transport, which is
 * then handed on with nothing lost of what came after the last answer.
 *
 * Cancellation: the wait ends. Closing the transport is left to who opened it.
 */
import { Waiter } from '../../../concurrency/scope/waiter.ts'
import type { Sink, Transport } from '../../../io/transport.ts'

export class Dialogue implements Sink {
  readonly #transport: Transport
  #pending: Buffer = Buffer.alloc(0)
  #failure: Error | undefined = undefined
  #waiter: Waiter<void> | undefined = undefined

  constructor(transport: Transport) {
    this.#transport = transport
    transport.start(this)
  }

  say(bytes: Uint8Array | string): void {
    this.#transport.write(bytes)
  }

  /** All that has come, once there is something. */
  async anything(): Promise<Buffer> {
    while (this.#pending.length === 0) await this.#more()
    const bytes = this.#pending
    this.#pending = Buffer.alloc(0)
    return bytes
  }

  /** So many bytes. */
  async exactly(length: number): Promise<Buffer> {
    while (this.#pending.length < length) await this.#more()
    const bytes = this.#pending.subarray(0, length)
    this.#pending = this.#pending.subarray(length)
    return bytes
  }

  /** Gives back what is not an answer. */
  unread(bytes: Uint8Array): void {
    this.#pending = Buffer.concat([bytes, this.#pending])
  }

  /** The peer sends no more. */
  end(): void {
    this.#fail(new Error('it closed the connection'))
  }

  /** Lets go of the transport, which is paused, with all that was not read. */
  handOver(): void {
    this.#transport.pause()
    if (this.#pending.length > 0) this.#transport.unread(this.#pending)
  }

  data(bytes: Uint8Array): void {
    // More than an answer must not pile up; what is shared is copied.
    this.#transport.pause()
    this.#pending = Buffer.concat([this.#pending, bytes])
    this.#waiter?.resolve()
  }

  drain(): void {}

  closed(error?: Error): void {
    this.#fail(error ?? new Error('it closed the connection'))
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#waiter?.reject(this.#failure)
  }

  async #more(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    this.#waiter = new Waiter<void>(undefined, undefined, 'an answer of a proxy')
    this.#transport.resume()
    await this.#waiter.promise
  }
}
