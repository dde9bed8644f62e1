/**
 * A transport over streams of Node.js: pipes of processes, standard streams, and whatever else somebody has as a
 * `Readable` and a `Writable`. Slower than a socket's own (`SocketTransport`), and no less strict.
 */
import type { Readable, Writable } from 'node:stream'
import { ConnectError, connectionError } from '../errors.ts'
import { Inbound } from '../socket/inbound.ts'
import type { TLSOptions, Transport } from '../transport.ts'

export class NodeTransport extends Inbound implements Transport {
  readonly remoteAddress: string | undefined = undefined
  readonly alpn: string | undefined = undefined
  readonly #readable: Readable | undefined
  readonly #writable: Writable | undefined
  #open = 0
  #ended = false
  #bytesWritten = 0

  /** One of them at least; a `Duplex` is both. */
  constructor(readable: Readable | undefined, writable: Writable | undefined) {
    super(false)
    this.#readable = readable
    this.#writable = writable
    const onError = (error: Error): void => this.#broke(error)
    const onClose = (): void => this.#sideClosed()
    const sides = new Set<Readable | Writable>()
    if (readable !== undefined) sides.add(readable)
    if (writable !== undefined) sides.add(writable)
    for (const side of sides) {
      this.#open++
      side.on('error', onError)
      if (side.closed) queueMicrotask(onClose)
      else side.on('close', onClose)
    }
    readable?.on('end', () => this.peerEnded())
    writable?.on('drain', () => {
      if (!this.#ended) this.tellDrain()
    })
  }

  protected beginReading(): void {
    const readable = this.#readable
    if (readable === undefined) this.peerEnded()
    else if (readable.readableEnded) this.peerEnded()
    else readable.on('data', (chunk: Buffer | string) => this.received(bytesOf(chunk), false))
  }

  protected resumeReading(): void {
    this.#readable?.resume()
  }

  protected pauseReading(): void {
    this.#readable?.pause()
  }

  write(data: Uint8Array | string): boolean {
    const writable = this.#writable
    if (this.#ended || writable === undefined || !writable.writable) return false
    this.#bytesWritten += data.length
    return typeof data === 'string' ? writable.write(data, 'latin1') : writable.write(data)
  }

  cork(): void {
    this.#writable?.cork()
  }

  uncork(): void {
    this.#writable?.uncork()
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    if (this.#writable !== undefined) this.#writable.end()
    // Whoever writes to us can't see that nothing is said here: closing is all there is.
    else this.#destroy()
  }

  destroy(error?: Error): void {
    if (!this.abandon(error)) return
    this.#ended = true
    this.#destroy()
  }

  reset(error?: Error): void {
    this.destroy(error)
  }

  startTLS(_options: TLSOptions): Promise<Transport> {
    this.destroy()
    return Promise.reject(
      new ConnectError('tls', 'Starting TLS failed: it is not there for streams of Node.js'),
    )
  }

  get bytesWritten(): number {
    return this.#bytesWritten
  }

  get bytesQueued(): number {
    return this.#writable?.writableLength ?? 0
  }

  #broke(error: Error): void {
    this.failed(connectionError(error))
    this.#ended = true
    this.#destroy()
  }

  #destroy(): void {
    this.#readable?.destroy()
    this.#writable?.destroy()
  }

  #sideClosed(): void {
    if (--this.#open > 0) return
    this.#ended = true
    this.tellClosed()
  }
}

function bytesOf(chunk: Buffer | string): Uint8Array {
  return typeof chunk === 'string' ? Buffer.from(chunk) : chunk
}
