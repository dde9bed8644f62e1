/**
 * Two transports that are each other's peer, without a socket between them: for tests. The same calls
 * give the same events in the same order, always; each event comes in a microtask of its own.
 *
 * What TCP does is done here too: bytes that the other end does not read are backpressure, each end
 * closes its own direction, and closing with unread bytes is a reset.
 */
import { BrokenResourceError } from '../concurrency/errors.ts'
import { outsideScopes } from '../concurrency/scope/context.ts'
import { ConnectError } from './errors.ts'
import type { Sink, TLSOptions, Transport } from './transport.ts'

export interface MemoryPairOptions {
  /** Bytes that may wait for the other end before `write()` answers false. Default 64 KiB. */
  highWaterMark?: number
  /** The most bytes of one `data()`: 1 delivers byte by byte. Default: each write as it was made. */
  chunkSize?: number
  /** Delivers into a buffer that is overwritten afterwards, as a shared read buffer is. Default false. */
  shared?: boolean
}

/** What one end gives the test besides `Transport`. */
export interface MemoryTransport extends Transport {
  readonly peer: MemoryTransport
  readonly paused: boolean
  readonly closed: boolean
}

/** Makes the two ends of one connection. */
export function memoryPair(options: MemoryPairOptions = {}): [MemoryTransport, MemoryTransport] {
  const left = new MemoryEnd(options)
  const right = new MemoryEnd(options, left)
  return [left, right]
}

class MemoryEnd implements MemoryTransport {
  readonly remoteAddress: string | undefined = undefined
  readonly alpn: string | undefined = undefined
  readonly #highWaterMark: number
  readonly #chunkSize: number
  readonly #shared: Buffer | undefined
  #peer!: MemoryEnd
  #sink: Sink | undefined = undefined
  #paused = false
  #turning = false
  /** From the peer, or given back, and not delivered yet. */
  #incoming: Buffer[] = []
  #incomingBytes = 0
  #corks = 0
  #corked: Buffer[] = []
  #bytesWritten = 0
  #needsDrain = false
  #ended = false
  #peerEnded = false
  #endTold = false
  #closed = false
  #closedTold = false
  #error: Error | undefined = undefined

  constructor(options: MemoryPairOptions, peer?: MemoryEnd) {
    this.#highWaterMark = options.highWaterMark ?? 65_536
    this.#chunkSize = options.chunkSize ?? Infinity
    this.#shared = options.shared === true ? Buffer.alloc(65_536) : undefined
    if (peer === undefined) return
    this.#peer = peer
    peer.#peer = this
  }

  get peer(): MemoryTransport {
    return this.#peer
  }

  get paused(): boolean {
    return this.#paused
  }

  get closed(): boolean {
    return this.#closed
  }

  get bytesWritten(): number {
    return this.#bytesWritten
  }

  get bytesQueued(): number {
    return this.#peer.#incomingBytes + sizeOf(this.#corked)
  }

  start(sink: Sink): void {
    this.#sink = sink
    this.#paused = false
    this.#endTold = this.#closedTold = false
    this.#turn()
  }

  write(data: Uint8Array | string): boolean {
    if (this.#ended || this.#closed) return false
    const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : Buffer.from(data)
    this.#bytesWritten += bytes.length
    if (this.#corks > 0) this.#corked.push(bytes)
    else this.#send(bytes)
    if (this.bytesQueued < this.#highWaterMark) return true
    this.#needsDrain = true
    return false
  }

  cork(): void {
    this.#corks++
  }

  uncork(): void {
    if (this.#corks === 0 || --this.#corks > 0) return
    this.#sendCorked()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#turn()
  }

  unread(bytes: Uint8Array): void {
    if (bytes.length === 0 || this.#closed) return
    this.#paused = true
    this.#incoming.unshift(Buffer.from(bytes))
    this.#incomingBytes += bytes.length
  }

  end(): void {
    if (this.#ended || this.#closed) return
    this.#corks = 0
    this.#sendCorked()
    this.#ended = true
    this.#peer.#peerEnded = true
    this.#peer.#turn()
    this.#turn()
  }

  destroy(error?: Error): void {
    // As in TCP: the peer finds out about bytes that nobody will read by a reset, else by an end.
    const unread = this.#incomingBytes > 0
    if (!this.#close(error)) return
    if (unread) this.#peer.#breakDown()
    else {
      this.#peer.#peerEnded = true
      this.#peer.#turn()
    }
  }

  reset(error?: Error): void {
    if (this.#close(error)) this.#peer.#breakDown()
  }

  startTLS(_options: TLSOptions): Promise<Transport> {
    this.destroy()
    return Promise.reject(new ConnectError('tls', 'Starting TLS failed: there is none in memory'))
  }

  #send(bytes: Buffer): void {
    if (bytes.length === 0) return
    if (this.#peer.#closed) {
      this.#breakDown()
      return
    }
    this.#peer.#incoming.push(bytes)
    this.#peer.#incomingBytes += bytes.length
    this.#peer.#turn()
  }

  #sendCorked(): void {
    const bytes = Buffer.concat(this.#corked)
    this.#corked = []
    this.#send(bytes)
  }

  #close(error: Error | undefined): boolean {
    if (this.#closed) return false
    this.#closed = true
    this.#error = error
    this.#incoming = []
    this.#incomingBytes = 0
    this.#corked = []
    this.#turn()
    return true
  }

  #breakDown(): void {
    this.#close(new BrokenResourceError('Connection broken: connection reset by the peer'))
  }

  #turn(): void {
    if (this.#turning || this.#sink === undefined) return
    this.#turning = true
    outsideScopes(() => queueMicrotask(() => this.#step()))
  }

  /** Tells the sink the next thing, and comes back for more. */
  #step(): void {
    this.#turning = false
    const sink = this.#sink
    if (sink === undefined || this.#closedTold) return
    if (this.#closed) {
      this.#closedTold = true
      sink.closed(this.#error)
    } else if (this.#incomingBytes > 0 && !this.#paused) {
      this.#deliver(sink)
      this.#turn()
    } else if (this.#peerEnded && !this.#endTold && this.#incomingBytes === 0) {
      this.#endTold = true
      sink.end()
      this.#turn()
    } else if (this.#needsDrain && this.bytesQueued === 0 && !this.#ended) {
      this.#needsDrain = false
      sink.drain()
    } else if (this.#ended && this.#peerEnded && this.#incomingBytes === 0) {
      this.#close(undefined)
    }
  }

  #deliver(sink: Sink): void {
    const first = this.#incoming[0] ?? Buffer.alloc(0)
    const length = Math.min(first.length, this.#chunkSize, this.#shared?.length ?? Infinity)
    if (length === first.length) this.#incoming.shift()
    else this.#incoming[0] = first.subarray(length)
    this.#incomingBytes -= length
    if (this.#incomingBytes === 0) this.#peer.#turn()
    const bytes = first.subarray(0, length)
    if (this.#shared === undefined) sink.data(bytes, false)
    else {
      bytes.copy(this.#shared)
      sink.data(this.#shared.subarray(0, length), true)
      // Whoever kept a view finds out.
      this.#shared.fill(0xee, 0, length)
    }
  }
}

function sizeOf(chunks: readonly Buffer[]): number {
  return chunks.reduce((sum, { length }) => sum + length, 0)
}
