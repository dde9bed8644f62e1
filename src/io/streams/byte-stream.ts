/**
 * A connection for code that awaits: what `Transport` is for protocols that are called back.
 *
 * Reading takes from an `Inflow`, which reads ahead up to a mark; writing goes to the transport at once, and
 * what an `await` of it waits for is room. So a cancelled read has taken nothing, and a cancelled write is
 * either sent whole or was never begun.
 */
import { ClosedResourceError } from '../../concurrency/errors.ts'
import { checkDuration } from '../../concurrency/scope/arguments.ts'
import { ConnectError, IncompleteReadError, LimitExceededError } from '../errors.ts'
import type { ServerTLSOptions, TLSOptions, Transport } from '../transport.ts'
import type { Names } from '../../util/known-names.ts'
import { checkSize } from './check-size.ts'
import type { Inflow } from './inflow.ts'
import { LineReader } from './line-reader.ts'
import { StreamCore } from './stream-core.ts'

export interface ByteStreamOptions {
  /**
   * Beyond how many bytes that nobody has read yet the peer is slowed down. Default 64 KiB: enough for full
   * speed over a fast network, and little beside a thousand connections. 0: nothing is read ahead, but only
   * while somebody waits for it.
   */
  highWaterMark?: number
  /**
   * How long `close()` waits until the peer has taken what was written, in milliseconds. Default 30,000.
   */
  closeTimeout?: number
}

export interface LimitOptions {
  /** The most bytes that are taken into memory for it; by default 64 KiB. */
  limit?: number
}

export const byteStreamNames: Names<ByteStreamOptions> = {
  highWaterMark: true,
  closeTimeout: true,
}

const defaultMark = 65_536
const defaultCloseTimeout = 30_000
const defaultLimit = 65_536
const defaultReadAllLimit = 16_777_216

/** What `stream.statistics()` returns. */
export interface ByteStreamStatistics {
  /** Bytes that came and were not read yet. */
  readonly unread: number
  /** Bytes written that the system has not taken yet. */
  readonly unsent: number
  /** Bytes given to `write()` so far. */
  readonly written: number
}

/** A connection: bytes in, bytes out, both with backpressure. Made by `openConnection()` or `startServer()`. */
export class ByteStream implements AsyncIterable<Uint8Array>, AsyncDisposable {
  readonly #core: StreamCore
  readonly #inflow: Inflow
  readonly #defaultLines: LineReader

  /** Takes a transport over, and starts it. */
  constructor(transport: Transport, options: ByteStreamOptions = {}) {
    const { highWaterMark = defaultMark, closeTimeout = defaultCloseTimeout } = options
    checkSize('highWaterMark', highWaterMark, 0)
    checkDuration('closeTimeout', closeTimeout)
    this.#core = new StreamCore(transport, highWaterMark, closeTimeout)
    this.#inflow = this.#core.inflow
    this.#defaultLines = this.#lines({})
    transport.start(this.#core)
    if (highWaterMark === 0) transport.pause()
  }

  /** The peer's IP address; undefined where there is none. */
  get remoteAddress(): string | undefined {
    return this.#core.transport.remoteAddress
  }

  /** The protocol that TLS agreed on, if there is TLS and it did. */
  get alpn(): string | undefined {
    return this.#core.transport.alpn
  }

  /** Whether everything was read that the peer will ever send. */
  get atEnd(): boolean {
    return this.#inflow.atEnd
  }

  /** Whether both directions are over. */
  get closed(): boolean {
    return this.#core.over
  }

  statistics(): ByteStreamStatistics {
    this.#inflow.lines.settle()
    return {
      unread: this.#inflow.queue.length,
      unsent: this.#core.transport.bytesQueued,
      written: this.#core.transport.bytesWritten,
    }
  }

  /**
   * Reads what is there, at most `size` bytes, and waits if there is nothing; undefined at the end.
   * The bytes are yours.
   *
   * Cancellation: nothing was taken; the next read gets it.
   *
   * @throws BrokenResourceError if the connection broke, after all that came before
   * @throws BusyResourceError if another task reads
   * @throws ClosedResourceError after `close()`
   */
  read(size: number = Infinity): Promise<Uint8Array | undefined> {
    const inflow = this.#inflow
    if (inflow.queue.length === 0 || !(size >= 1)) return this.#readLater(size)
    const refusal = inflow.refusal()
    if (refusal !== undefined) return Promise.reject(refusal)
    inflow.lines.settle()
    const bytes = inflow.queue.takeChunk(size)
    inflow.taken()
    return Promise.resolve(bytes)
  }

  /**
   * Reads exactly `size` bytes.
   *
   * Cancellation: nothing was taken; the next read gets it.
   *
   * @throws IncompleteReadError if the stream ends before, with the bytes that were there
   * @throws BrokenResourceError, BusyResourceError, ClosedResourceError as `read()`
   */
  async readExactly(size: number): Promise<Uint8Array> {
    checkSize('size', size, 0)
    const inflow = this.#inflow
    inflow.begin()
    try {
      if (await inflow.has(size)) return inflow.queue.take(size)
      throw new IncompleteReadError(inflow.queue.take(inflow.queue.length), `${size} bytes`)
    } finally {
      inflow.done()
    }
  }

  /**
   * Reads up to and including `separator`, a string as UTF-8.
   *
   * Cancellation: nothing was taken; the next read gets it.
   *
   * @throws LimitExceededError if it does not come within `limit` bytes; they stay there to be read
   * @throws IncompleteReadError if the stream ends before, with the bytes that were there
   * @throws BrokenResourceError, BusyResourceError, ClosedResourceError as `read()`
   */
  async readUntil(separator: string | Uint8Array, options: LimitOptions = {}): Promise<Uint8Array> {
    const bytes = Buffer.from(separator)
    if (bytes.length === 0) throw new TypeError('Cannot read until "": a separator is not empty')
    const inflow = this.#inflow
    inflow.begin()
    try {
      const end = await this.#find(bytes, checkSize('limit', options.limit ?? defaultLimit, 1))
      if (end !== undefined) return inflow.queue.take(end)
      const rest = inflow.queue.take(inflow.queue.length)
      throw new IncompleteReadError(rest, JSON.stringify(bytes.toString()))
    } finally {
      inflow.done()
    }
  }

  /**
   * Reads a line as UTF-8, without its end, which is LF or CR LF; undefined at the end. The last line may
   * lack its end.
   *
   * Cancellation: nothing was taken; the next read gets it.
   *
   * @throws LimitExceededError if no line ends within `limit` bytes; they stay there to be read
   * @throws BrokenResourceError, BusyResourceError, ClosedResourceError as `read()`
   */
  readLine(options?: LimitOptions): Promise<string | undefined> {
    return (options === undefined ? this.#defaultLines : this.#lines(options)).read()
  }

  /** The lines, as `readLine()` has them, for `for await`. Leaving the loop leaves the stream open. */
  lines(options: LimitOptions = {}): AsyncIterable<string> {
    return this.#lines(options)
  }

  /**
   * Reads all until the end.
   *
   * Cancellation: nothing was taken; the next read gets it.
   *
   * @throws LimitExceededError if there are more than `limit` bytes, by default 16 MiB
   * @throws BrokenResourceError, BusyResourceError, ClosedResourceError as `read()`
   */
  async readAll({ limit = defaultReadAllLimit }: LimitOptions = {}): Promise<Uint8Array> {
    checkSize('limit', limit, 0)
    const inflow = this.#inflow
    inflow.begin()
    try {
      if (await inflow.has(limit + 1)) throw new LimitExceededError('the end', limit)
      return inflow.queue.take(inflow.queue.length)
    } finally {
      inflow.done()
    }
  }

  /** What comes, in chunks as they came. Leaving the loop leaves the stream open. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    for (;;) {
      const bytes = await this.read()
      if (bytes === undefined) return
      yield bytes
    }
  }

  /**
   * Writes, a string as UTF-8, and waits while the peer takes less than is written. What several tasks write
   * is sent in the order of their calls, each write whole. The bytes are not copied: leave them alone
   * afterwards.
   *
   * Cancellation: if the scope was cancelled before, nothing is written; if it is cancelled while this waits,
   * the bytes are on their way and will be sent.
   *
   * @throws BrokenResourceError if the peer is gone
   * @throws ClosedResourceError after `end()` or `close()`
   */
  write(data: Uint8Array | string): Promise<void> {
    return this.#core.outflow.write(data)
  }

  /**
   * Writes each line with LF behind it, and those of an array at once.
   *
   * Cancellation: stops between two lines of an iterable; an array is written whole or not at all.
   *
   * @throws as `write()`
   */
  async writeLines(lines: Iterable<string> | AsyncIterable<string>): Promise<void> {
    if (Array.isArray(lines)) {
      await this.write(lines.map((line) => `${line}\n`).join(''))
      return
    }
    for await (const line of lines) await this.write(`${line}\n`)
  }

  /**
   * Waits until all that was written has been handed to the system.
   *
   * Cancellation: only stops waiting.
   *
   * @throws BrokenResourceError if the peer is gone
   */
  flush(): Promise<void> {
    return this.#core.outflow.flushed()
  }

  /** Tells the peer that nothing more comes from here; reading goes on. Calling it again does nothing. */
  end(): void {
    this.#core.outflow.end()
    this.#core.transport.end()
  }

  /**
   * Sends what was written, ends, and waits until the peer has ended too, or for 2 s. What still comes is
   * dropped. Calling it again joins in.
   *
   * Cancellation: is never thrown. In a scope that is cancelled, or as soon as it is, the connection is
   * destroyed, and what was not sent yet is lost.
   */
  close(): Promise<void> {
    return this.#core.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Closes at once; what was not sent yet is lost, and the peer sees a reset where there are resets. */
  abort(): void {
    this.#core.abort()
  }

  /**
   * Goes on with TLS, as its client: after STARTTLS and the like. This stream is used up; the one that it
   * resolves with takes its place.
   *
   * Cancellation: the connection is destroyed.
   *
   * @throws ConnectError of phase `tls`
   */
  async startTLS(options: TLSOptions, streamOptions?: ByteStreamOptions): Promise<ByteStream> {
    if (this.closed) throw new ClosedResourceError('Cannot start TLS: the stream is closed')
    if (this.#inflow.queue.length > 0) {
      this.abort()
      // They came in plain text, and would be taken as if they had come encrypted (CVE-2011-0411).
      throw new ConnectError('tls', 'Starting TLS failed: the peer sent bytes before it')
    }
    const upgrading = this.#core.transport.startTLS(options)
    this.#core.giveUp()
    return new ByteStream(await upgrading, streamOptions)
  }

  /**
   * Goes on with TLS, as its server: behind the answer to STARTTLS and the like. This stream is used up; the one that
   * it resolves with takes its place. What the client sent in plain text behind its request is never taken for what
   * it says encrypted: the handshake fails.
   *
   * Cancellation: the connection is destroyed.
   *
   * @throws ConnectError of phase `tls`
   * @throws TypeError if the options lack `cert` or `key`, or they can't be read
   */
  async acceptTLS(
    options: ServerTLSOptions,
    streamOptions?: ByteStreamOptions,
  ): Promise<ByteStream> {
    if (this.closed) throw new ClosedResourceError('Cannot accept TLS: the stream is closed')
    const { transport, inflow } = this.#core
    inflow.lines.settle()
    if (transport.acceptTLS === undefined) {
      throw new ConnectError('tls', 'Accepting TLS failed: the stream has no socket')
    }
    transport.unread(inflow.queue.take(inflow.queue.length))
    const upgrading = transport.acceptTLS(options)
    this.#core.giveUp()
    return new ByteStream(await upgrading, streamOptions)
  }

  #lines({ limit = defaultLimit }: LimitOptions): LineReader {
    return new LineReader(this.#inflow, limit)
  }

  /** How many bytes it is to the end of the separator; undefined if the stream ends before it. */
  async #find(separator: Buffer, limit: number): Promise<number | undefined> {
    const { queue } = this.#inflow
    for (let from = 0; ;) {
      const at = queue.indexOf(separator, from)
      if (at >= 0 ? at + separator.length > limit : queue.length >= limit) {
        throw new LimitExceededError(JSON.stringify(separator.toString()), limit)
      }
      if (at >= 0) return at + separator.length
      // The last bytes may be the beginning of it.
      from = Math.max(queue.length - separator.length + 1, 0)
      if (!(await this.#inflow.has(queue.length + 1))) return undefined
    }
  }

  async #readLater(size: number): Promise<Uint8Array | undefined> {
    checkSize('size', size, 1)
    const inflow = this.#inflow
    inflow.begin()
    try {
      return (await inflow.has(1)) ? inflow.queue.takeChunk(size) : undefined
    } finally {
      inflow.done()
    }
  }
}
