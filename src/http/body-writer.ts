/**
 * Sends a body whose bytes come one by one: frames them, holds them against the length that was
 * promised, and waits while the peer is slow. The owner of the transport passes on what its sink is
 * told, by `drained()` and `fail()`.
 */
import { show } from '../concurrency/scope/arguments.ts'
import { currentScope } from '../concurrency/scope/scope.ts'
import { Waiter } from '../concurrency/scope/waiter.ts'
import type { Transport } from '../io/transport.ts'
import { ProtocolError } from '../wire/errors.ts'
import { readChunks } from './chunk-source.ts'
import type { BodyChunks } from './outgoing-body.ts'

/** How the peer finds the end: a length in bytes, the chunked coding, or the end of the connection. */
export type BodyFraming = number | 'chunked' | 'until-close'

export class BodyWriter {
  readonly #transport: Transport
  readonly #framing: BodyFraming
  readonly #onFull: (() => void) | undefined
  #written = 0
  #full = false
  #error: Error | undefined = undefined
  #waiter: Waiter<void> | undefined = undefined

  /** `onFull` is called when the transport asks to wait: the moment to start a time-out. */
  constructor(transport: Transport, framing: BodyFraming, onFull?: () => void) {
    this.#transport = transport
    this.#framing = framing
    this.#onFull = onFull
  }

  /** How many bytes of the body were given to the transport, framing not counted. */
  get written(): number {
    return this.#written
  }

  /** Whether the transport asked to wait. */
  get full(): boolean {
    return this.#full
  }

  /**
   * Writes one chunk; false: wait for `ready()` before the next.
   *
   * Throws `ProtocolError` if it goes beyond the promised length, and TypeError for what is no chunk:
   * nothing of it is sent then.
   */
  write(chunk: Uint8Array | string): boolean {
    if (this.#error !== undefined) throw this.#error
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) {
      throw new TypeError(
        `Cannot send ${show(chunk)} as a part of a body: expected a string or a Uint8Array`,
      )
    }
    // A string of ASCII goes out as it is: one byte is one character.
    const length = typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.byteLength
    const data = typeof chunk === 'string' && length !== chunk.length ? Buffer.from(chunk) : chunk
    // An empty chunk would end a chunked body.
    if (length === 0) return !this.#full
    if (typeof this.#framing === 'number' && this.#written + length > this.#framing) {
      throw new ProtocolError(
        'local',
        `Cannot send ${this.#written + length} bytes of body: the length given is ${this.#framing}`,
      )
    }
    this.#written += length
    const more =
      this.#framing === 'chunked' ? this.#chunk(data, length) : this.#transport.write(data)
    if (!more) this.#filled()
    return more
  }

  /**
   * Ends the body; with `trailers` after a chunked one: lines as the wire layer writes them.
   *
   * Throws `ProtocolError` if fewer bytes were written than promised.
   */
  end(trailers: string = ''): void {
    if (this.#error !== undefined) throw this.#error
    if (this.#framing === 'chunked') {
      if (!this.#transport.write(`0\r\n${trailers}\r\n`)) this.#filled()
    } else if (this.#framing !== 'until-close' && this.#written < this.#framing) {
      throw new ProtocolError(
        'local',
        `Cannot end the body after ${this.#written} bytes: the length given is ${this.#framing}`,
      )
    }
  }

  /**
   * Waits until the transport takes more. One caller at a time.
   *
   * Cancellation: the body stays where it is; the message can't be completed by anybody else, so the
   * connection is to be closed.
   */
  ready(): Promise<void> {
    if (this.#error !== undefined) return Promise.reject(this.#error)
    if (!this.#full) return Promise.resolve()
    this.#waiter = new Waiter<void>()
    return this.#waiter.promise
  }

  /** @internal From the sink: what was queued is written. */
  drained(): void {
    this.#full = false
    const waiter = this.#waiter
    this.#waiter = undefined
    waiter?.resolve()
  }

  /** @internal From the sink: the connection is gone. */
  fail(error: Error): void {
    this.#error ??= error
    const waiter = this.#waiter
    this.#waiter = undefined
    waiter?.reject(error)
  }

  #filled(): void {
    this.#full = true
    this.#onFull?.()
  }

  #chunk(data: Uint8Array | string, length: number): boolean {
    const transport = this.#transport
    const size = length.toString(16)
    if (typeof data === 'string') return transport.write(`${size}\r\n${data}\r\n`)
    transport.cork()
    transport.write(`${size}\r\n`)
    transport.write(data)
    const more = transport.write('\r\n')
    transport.uncork()
    return more
  }
}

/**
 * Writes all of `chunks`, and ends the body.
 *
 * Cancellation: stops at the next chunk, ends the source (a generator's `finally` runs, a stream is
 * cancelled at once), and leaves the body incomplete: the connection is to be closed.
 */
export async function writeChunks(
  writer: BodyWriter,
  chunks: BodyChunks,
  trailers?: () => string,
): Promise<void> {
  const scope = currentScope()
  for await (const chunk of chunks instanceof ReadableStream ? readChunks(chunks) : chunks) {
    scope.throwIfCancelled()
    if (!writer.write(chunk)) await writer.ready()
  }
  scope.throwIfCancelled()
  writer.end(trailers?.())
}
