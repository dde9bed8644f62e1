/**
 * A transport over a standard stream of this process, which is lent and not given: others print to it too, so it is
 * neither ended nor destroyed, and all that is taken off it at the end are the listeners.
 */
import { closeSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { outsideContexts, outsideScopes } from '../../concurrency/scope/context.ts'
import { ConnectError, connectionError } from '../errors.ts'
import { Inbound } from '../socket/inbound.ts'
import type { TLSOptions, Transport } from '../transport.ts'

/** A standard stream: one of the two. */
export interface StandardSide {
  readonly readable?: Readable
  readonly writable?: Writable
  /** The descriptor to close in the end, if that was asked for. */
  readonly closes: number | undefined
}

export class StandardTransport extends Inbound implements Transport {
  readonly remoteAddress: string | undefined = undefined
  readonly alpn: string | undefined = undefined
  readonly #readable: Readable | undefined
  readonly #writable: Writable | undefined
  readonly #closes: number | undefined
  #bytesWritten = 0
  #ended = false
  #detached = false

  constructor({ readable, writable, closes }: StandardSide) {
    super(false)
    this.#readable = readable
    this.#writable = writable
    this.#closes = closes
    outsideContexts(() => {
      this.#side.on('error', this.#onError).on('close', this.#onClose)
      readable?.on('end', this.#onEnd)
      writable?.on('drain', this.#onDrain)
      outliveErrors(this.#side)
    })
  }

  protected beginReading(): void {
    const readable = this.#readable
    // What only writes has nothing to say.
    if (readable === undefined || readable.readableEnded || readable.destroyed) this.peerEnded()
    else readable.on('data', this.#onData)
  }

  protected resumeReading(): void {
    // Its `nextTick` must not carry the scope of who happens to read.
    outsideScopes(() => this.#readable?.resume())
  }

  protected pauseReading(): void {
    this.#readable?.pause()
  }

  write(data: Uint8Array | string): boolean {
    const writable = this.#writable
    if (this.#ended || writable === undefined || !writable.writable) return false
    this.#bytesWritten += data.length
    return outsideContexts(() =>
      typeof data === 'string' ? writable.write(data, 'latin1') : writable.write(data),
    )
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
    const writable = this.#writable
    if (writable === undefined || writable.writableLength === 0) this.#detach()
    else outsideContexts(() => writable.write('', () => this.#detach()))
  }

  destroy(error?: Error): void {
    if (!this.abandon(error)) return
    this.#ended = true
    this.#detach()
  }

  reset(error?: Error): void {
    this.destroy(error)
  }

  startTLS(_options: TLSOptions): Promise<Transport> {
    this.destroy()
    return Promise.reject(
      new ConnectError('tls', 'Starting TLS failed: it is not there for standard streams'),
    )
  }

  get bytesWritten(): number {
    return this.#bytesWritten
  }

  get bytesQueued(): number {
    return this.#writable?.writableLength ?? 0
  }

  get #side(): Readable | Writable {
    return (this.#readable ?? this.#writable) as Readable | Writable
  }

  readonly #onData = (chunk: Buffer | string): void => {
    this.received(typeof chunk === 'string' ? Buffer.from(chunk) : chunk, false)
  }

  readonly #onEnd = (): void => this.peerEnded()

  readonly #onDrain = (): void => {
    if (!this.#ended) this.tellDrain()
  }

  readonly #onError = (error: Error): void => {
    this.failed(connectionError(error))
    this.#ended = true
    this.#detach()
  }

  // By somebody else.
  readonly #onClose = (): void => {
    this.#ended = true
    if (this.#readable === undefined) this.#detach()
    else this.peerEnded()
  }

  #detach(): void {
    if (this.#detached) return
    this.#detached = true
    this.#readable?.off('data', this.#onData).off('end', this.#onEnd).pause()
    this.#writable?.off('drain', this.#onDrain)
    this.#side.off('error', this.#onError).off('close', this.#onClose)
    if (this.#closes !== undefined) this.#closeDescriptor(this.#closes)
    // Nobody is to be called from inside of a call of its own.
    outsideScopes(() => queueMicrotask(() => this.tellClosed()))
  }

  #closeDescriptor(descriptor: number): void {
    // Whoever prints afterwards does so into nothing, and not into a file that has got the number.
    this.#side.destroy()
    try {
      closeSync(descriptor)
    } catch {
      // It was closed before.
    }
  }
}

const listened = new WeakSet<Readable | Writable>()

// What was written may still fail when nobody is here to hear of it, and that must not end the program.
function outliveErrors(side: Readable | Writable): void {
  if (listened.has(side)) return
  listened.add(side)
  side.on('error', () => undefined)
}
