/**
 * A transport over a socket of Node.js: TCP, Unix or TLS.
 *
 * This is the hot path of everything. So the listeners are functions of the module, which find their
 * transport through one property of the socket (no closure for each connection and event), and a
 * chunk that arrives costs one test of one field before it is the sink's.
 *
 * `#direct` says that chunks may go straight to the sink. Whatever gets in between (paused, bytes
 * given back, closed) clears it, and then chunks are held, or dropped if we are closing. What is held
 * goes out in `#flush()`, in a microtask, so that no sink is called from inside its own call.
 */
import type { Socket } from 'node:net'
import { enclosingScope, outsideScopes } from '../concurrency/scope/context.ts'
import { ConnectError, connectionError } from './errors.ts'
import { contextOf } from './tls-options.ts'
import { upgradeToTLS } from './tls-upgrade.ts'
import type { Sink, TLSOptions, Transport } from './transport.ts'

const carried = Symbol('spool.transport')

type Carrier = Socket & { [carried]: SocketTransport }

/** Who hears of a transport before a sink is there: nobody. */
const nobody: Sink = {
  data: () => undefined,
  end: () => undefined,
  drain: () => undefined,
  closed: () => undefined,
}

export interface SocketTransportOptions {
  /** As Node.js has it: false or null if there is none. */
  alpn?: string | false | null
  /** Whether bytes come through `received()`, in a shared buffer: the socket was made with `onread`. */
  shared?: boolean
  /** The name that was connected to, for `startTLS()`. */
  host?: string | undefined
  /** Whether the socket can send a reset: TCP without TLS. */
  resettable?: boolean
  /** Told once, when the socket is closed: the keeper of the count. */
  onClosed?: (() => void) | undefined
}

export class SocketTransport implements Transport {
  readonly alpn: string | undefined
  readonly #socket: Socket
  readonly #shared: boolean
  readonly #resettable: boolean
  readonly #host: string | undefined
  readonly #onClosed: (() => void) | undefined
  #sink: Sink = nobody
  #direct = false
  #paused = true
  #flushing = false
  /** Whether `write()` does anything: until `end()`, `destroy()` or the socket's end. */
  #writable = true
  #destroyed = false
  #ended = false
  #endTold = false
  #closed = false
  #closedTold = false
  #error: Error | undefined = undefined
  #held: Uint8Array[] | undefined = undefined

  constructor(socket: Socket, options: SocketTransportOptions = {}) {
    this.alpn = typeof options.alpn === 'string' ? options.alpn : undefined
    this.#socket = socket
    this.#shared = options.shared === true
    this.#resettable = options.resettable === true
    this.#host = options.host
    this.#onClosed = options.onClosed
    ;(socket as Carrier)[carried] = this
    socket.on('end', onEnd)
    socket.on('drain', onDrain)
    socket.on('error', onError)
    socket.on('close', onClose)
  }

  start(sink: Sink): void {
    const first = this.#sink === nobody
    this.#sink = sink
    this.#endTold = this.#closedTold = false
    if (first && !this.#shared) this.#socket.on('data', onData)
    this.resume()
    if (this.#ended || this.#closed) this.#flushSoon()
  }

  write(data: Uint8Array | string): boolean {
    if (!this.#writable) return false
    return typeof data === 'string' ? this.#socket.write(data, 'latin1') : this.#socket.write(data)
  }

  cork(): void {
    this.#socket.cork()
  }

  uncork(): void {
    this.#socket.uncork()
  }

  pause(): void {
    if (this.#sink === nobody || this.#paused) return
    this.#paused = true
    this.#direct = false
    this.#socket.pause()
  }

  resume(): void {
    if (this.#sink === nobody || this.#destroyed) return
    this.#paused = false
    if (this.#held === undefined) this.#direct = true
    else this.#flushSoon()
    // Reading on begins in a `nextTick`, whose context the sink would otherwise be called in.
    if (this.#socket.readableFlowing !== true) outsideScopes(() => this.#socket.resume())
  }

  unread(bytes: Uint8Array): void {
    if (bytes.length === 0 || this.#destroyed) return
    this.pause()
    this.#direct = false
    const kept = this.#shared ? Buffer.from(bytes) : bytes
    if (this.#held === undefined) this.#held = [kept]
    else this.#held.unshift(kept)
  }

  end(): void {
    if (!this.#writable) return
    this.#writable = false
    this.#socket.end()
  }

  destroy(error?: Error): void {
    if (this.#abandon(error)) this.#socket.destroy()
  }

  reset(error?: Error): void {
    if (!this.#abandon(error)) return
    if (this.#resettable) this.#socket.resetAndDestroy()
    else this.#socket.destroy()
  }

  async startTLS(options: TLSOptions): Promise<Transport> {
    const { serverName = this.#host } = options
    if (serverName === undefined) throw new TypeError('Starting TLS needs "serverName"')
    // Bytes that came in plain text would be taken as if they had come encrypted.
    const early = this.#held !== undefined || this.#socket.readableLength > 0
    if (early || !this.#writable || this.#ended) {
      const why = early ? 'the peer sent bytes before it' : 'the connection is closed'
      this.destroy()
      throw new ConnectError('tls', `Starting TLS with "${serverName}" failed: ${why}`)
    }
    contextOf(options)
    this.#release()
    return upgradeToTLS(
      this.#socket,
      options,
      serverName,
      (socket) => new SocketTransport(socket, { host: serverName, alpn: socket.alpnProtocol }),
    )
  }

  get bytesWritten(): number {
    return this.#socket.bytesWritten
  }

  get bytesQueued(): number {
    return this.#socket.writableLength
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress
  }

  /** @internal Bytes came. `shared`: in the buffer that the socket was made with. False: no more. */
  received(bytes: Uint8Array, shared: boolean): boolean {
    if (this.#direct) this.#sink.data(bytes, shared)
    else if (!this.#destroyed) (this.#held ??= []).push(shared ? Buffer.from(bytes) : bytes)
    return !this.#paused
  }

  /** @internal */
  peerEnded(): void {
    this.#ended = true
    this.#tellEnd()
  }

  /** @internal */
  drained(): void {
    if (!this.#writable) return
    if (enclosingScope() === undefined) this.#sink.drain()
    else outsideScopes(() => this.#sink.drain())
  }

  /** @internal */
  failed(error: Error): void {
    this.#error ??= connectionError(error)
    this.#direct = false
    this.#destroyed = true
  }

  /** @internal */
  socketClosed(): void {
    this.#closed = true
    this.#writable = false
    this.#onClosed?.()
    this.#tellClosed()
  }

  #abandon(error: Error | undefined): boolean {
    if (this.#destroyed || this.#closedTold) return false
    this.#error = error
    this.#destroyed = true
    this.#direct = false
    this.#writable = false
    this.#held = undefined
    // Closed already, but for bytes that nobody took: those are dropped now.
    if (this.#closed) this.#flushSoon()
    return true
  }

  /** Lets go of the socket, as if it had never been ours. */
  #release(): void {
    const socket = this.#socket
    socket.off('data', onData).off('end', onEnd).off('drain', onDrain).off('close', onClose)
    // `onError` stays: TLS has a listener of its own, and may leave before the last error.
    this.#sink = nobody
    this.#destroyed = true
    this.#direct = this.#writable = false
  }

  #flushSoon(): void {
    if (this.#flushing) return
    this.#flushing = true
    outsideScopes(() => queueMicrotask(() => this.#flush()))
  }

  #flush(): void {
    this.#flushing = false
    while (!this.#paused && this.#held !== undefined) {
      const bytes = this.#held.shift()
      if (this.#held.length === 0) {
        this.#held = undefined
        this.#direct = !this.#destroyed
      }
      if (bytes !== undefined) this.#sink.data(bytes, false)
    }
    if (this.#ended) this.#tellEnd()
    if (this.#closed) this.#tellClosed()
  }

  #tellEnd(): void {
    if (this.#endTold || this.#destroyed || this.#held !== undefined || this.#sink === nobody)
      return
    this.#endTold = true
    if (enclosingScope() === undefined) this.#sink.end()
    else outsideScopes(() => this.#sink.end())
  }

  #tellClosed(): void {
    if (this.#closedTold || this.#sink === nobody) return
    // An orderly end does not overtake bytes that were given back.
    if (this.#held !== undefined && !this.#destroyed) return
    this.#closedTold = true
    if (enclosingScope() === undefined) this.#sink.closed(this.#error)
    else outsideScopes(() => this.#sink.closed(this.#error))
  }
}

function onData(this: Socket, chunk: Buffer): void {
  ;(this as Carrier)[carried].received(chunk, false)
}

function onEnd(this: Socket): void {
  ;(this as Carrier)[carried].peerEnded()
}

function onDrain(this: Socket): void {
  ;(this as Carrier)[carried].drained()
}

function onError(this: Socket, error: Error): void {
  ;(this as Carrier)[carried].failed(error)
}

function onClose(this: Socket): void {
  ;(this as Carrier)[carried].socketClosed()
}

/** Bytes came into the buffer that the socket shares with others. False: no more until it is resumed. */
export function received(socket: Socket, bytes: Uint8Array): boolean {
  return (socket as Carrier)[carried].received(bytes, true)
}
