/** Between `ByteStream` and the streams of Node.js. */
import { Duplex, type Readable, type Writable } from 'node:stream'
import { outsideScopes } from '../../concurrency/scope/context.ts'
import { ByteStream, type ByteStreamOptions } from './byte-stream.ts'
import { NodeTransport } from './node-transport.ts'

/** The streams of Node.js that become one stream; one of them at least. */
export interface NodeSides {
  readable?: Readable | undefined
  writable?: Writable | undefined
}

/**
 * A `ByteStream` over streams of Node.js: a `Duplex`, or one `Readable` and one `Writable`. They are its own from
 * now on, and are destroyed when it is closed.
 *
 * @throws TypeError if there is none, or one is in object mode
 */
export function fromNode(streams: Duplex | NodeSides, options?: ByteStreamOptions): ByteStream {
  const { readable, writable } =
    streams instanceof Duplex ? { readable: streams, writable: streams } : streams
  if (readable === undefined && writable === undefined) {
    throw new TypeError('Cannot make a stream of nothing: expected "readable", "writable" or both')
  }
  if (readable?.readableObjectMode === true || writable?.writableObjectMode === true) {
    throw new TypeError('Cannot make a stream of one in object mode: expected a stream of bytes')
  }
  return outsideScopes(() => new ByteStream(new NodeTransport(readable, writable), options))
}

/**
 * A `Duplex` of Node.js over a `ByteStream`, for libraries that want one. Use the stream through it alone from
 * now on; destroying it aborts the stream.
 */
export function toNode(stream: ByteStream): Duplex {
  return outsideScopes(() => new StreamDuplex(stream))
}

class StreamDuplex extends Duplex {
  readonly #stream: ByteStream

  constructor(stream: ByteStream) {
    super({ allowHalfOpen: true, autoDestroy: true, emitClose: true })
    this.#stream = stream
  }

  override _read(): void {
    void this.#pull()
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    void this.#push(chunk, done)
  }

  override _final(done: (error?: Error) => void): void {
    this.#stream.end()
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const whole = error === null && this.readableEnded && this.writableFinished
    if (!whole) this.#stream.abort()
    void this.#close(() => done(error))
  }

  async #pull(): Promise<void> {
    try {
      this.push((await this.#stream.read()) ?? null)
    } catch (error) {
      this.destroy(error as Error)
    }
  }

  async #push(chunk: Buffer, done: (error?: Error) => void): Promise<void> {
    try {
      await this.#stream.write(chunk)
    } catch (error) {
      done(error as Error)
      return
    }
    done()
  }

  async #close(done: () => void): Promise<void> {
    await this.#stream.close()
    done()
  }
}
