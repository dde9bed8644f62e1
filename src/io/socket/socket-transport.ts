/**
 * A transport over a socket of Node.js: TCP, Unix or TLS.
 *
 * This is the hot path of everything. The listeners are functions of the module, which find their
 * transport through one property of the socket: no closure for each connection and event.
 */
import type { Socket } from 'node:net'
import { outsideScopes } from '../../concurrency/scope/context.ts'
import { ConnectError, connectionError } from '../errors.ts'
import { Inbound } from './inbound.ts'
import { Slices, sliceSize } from './slices.ts'
import { acceptOverSocket } from './tls-accept.ts'
import { clientContextOf, serverOptions } from './tls-options.ts'
import type { TLSSessions } from './tls-sessions.ts'
import { upgradeToTLS } from './tls-upgrade.ts'
import type { ServerTLSOptions, TLSOptions, Transport } from '../transport.ts'

// RFC 8446 §5.1: what every TLS connection begins with. Bytes that were sent in plain text begin with another.
const handshakeRecord = 22

const carried = Symbol('spool.transport')

type Carrier = Socket & { [carried]: SocketTransport }

export interface SocketTransportOptions {
  /** As Node.js has it: false or null if there is none. */
  alpn?: string | false | null
  /** Whether bytes come through `received()`, in a shared buffer: the socket was made with `onread`. */
  shared?: boolean
  /** The name that was connected to, for `startTLS()`. */
  host?: string | undefined
  /** Whether the socket can send a reset: TCP without TLS. */
  resettable?: boolean
  /** Where TLS sessions are kept, for `startTLS()`. */
  sessions?: TLSSessions | undefined
  /** Told once, when the socket is closed: the keeper of the count. */
  onClosed?: (() => void) | undefined
}

export class SocketTransport extends Inbound implements Transport {
  readonly alpn: string | undefined
  readonly #socket: Socket
  readonly #shared: boolean
  readonly #resettable: boolean
  readonly #host: string | undefined
  readonly #sessions: TLSSessions | undefined
  readonly #onClosed: (() => void) | undefined
  /** Whether `write()` does anything: until `end()`, `destroy()` or the socket's end. */
  #writable = true
  /** What is left of a write that was too large for one; what is written after it too. */
  #slices: Slices | undefined = undefined

  constructor(socket: Socket, options: SocketTransportOptions = {}) {
    super(options.shared === true)
    this.alpn = typeof options.alpn === 'string' ? options.alpn : undefined
    this.#socket = socket
    this.#shared = options.shared === true
    this.#resettable = options.resettable === true
    this.#host = options.host
    this.#sessions = options.sessions
    this.#onClosed = options.onClosed
    ;(socket as Carrier)[carried] = this
    socket.on('end', onEnd)
    socket.on('drain', onDrain)
    socket.on('error', onError)
    socket.on('close', onClose)
  }

  write(data: Uint8Array | string): boolean {
    if (!this.#writable) return false
    if (data.length > sliceSize || this.#slices !== undefined) return this.#writeSliced(data)
    return typeof data === 'string' ? this.#socket.write(data, 'latin1') : this.#socket.write(data)
  }

  cork(): void {
    this.#socket.cork()
  }

  uncork(): void {
    this.#socket.uncork()
  }

  end(): void {
    if (!this.#writable) return
    this.#writable = false
    if (this.#slices === undefined) this.#socket.end()
  }

  destroy(error?: Error): void {
    if (!this.abandon(error)) return
    this.#writable = false
    this.#slices = undefined
    this.#socket.destroy()
  }

  reset(error?: Error): void {
    if (!this.abandon(error)) return
    this.#writable = false
    this.#slices = undefined
    if (this.#resettable) this.#socket.resetAndDestroy()
    else this.#socket.destroy()
  }

  async startTLS(options: TLSOptions, host: string | undefined = this.#host): Promise<Transport> {
    const { servername = host } = options
    if (servername === undefined) throw new TypeError('Starting TLS needs "servername"')
    clientContextOf(options)
    // Bytes that came in plain text would be taken as if they had come encrypted.
    const early = this.holdsBytes || this.#socket.readableLength > 0
    const late = this.#slices !== undefined
    if (early || late || !this.#writable || this.over) {
      const closed = late ? 'writes are not done' : 'the connection is closed'
      const why = early ? 'the peer sent bytes before it' : closed
      this.destroy()
      throw new ConnectError('tls', `Starting TLS with "${servername}" failed: ${why}`)
    }
    this.#release()
    return upgradeToTLS(
      this.#socket,
      options,
      servername,
      this.#sessions,
      (socket) =>
        new SocketTransport(socket, {
          host: servername,
          alpn: socket.alpnProtocol,
          sessions: this.#sessions,
        }),
    )
  }

  async acceptTLS(options: ServerTLSOptions): Promise<Transport> {
    serverOptions(options)
    const held = Buffer.concat(this.takeHeld())
    const [first = handshakeRecord] = held
    const late = this.#slices !== undefined
    if (first !== handshakeRecord || late || !this.#writable || this.over) {
      const closed = late ? 'writes are not done' : 'the connection is closed'
      this.destroy()
      const why = first === handshakeRecord ? closed : 'the client sent bytes before it'
      throw new ConnectError('tls', `Accepting TLS failed: ${why}`)
    }
    this.#socket.pause()
    this.#release()
    if (held.length > 0) this.#socket.unshift(held)
    const onClosed = this.#onClosed
    return acceptOverSocket(this.#socket, options, (socket) => {
      return new SocketTransport(socket, { alpn: socket.alpnProtocol, onClosed })
    })
  }

  get bytesWritten(): number {
    return this.#socket.bytesWritten + (this.#slices?.bytes ?? 0)
  }

  get bytesQueued(): number {
    return this.#socket.writableLength + (this.#slices?.bytes ?? 0)
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress
  }

  protected beginReading(): void {
    if (!this.#shared) this.#socket.on('data', onData)
  }

  protected resumeReading(): void {
    // It begins in a `nextTick`, whose context the sink would otherwise be called in.
    if (this.#socket.readableFlowing !== true) outsideScopes(() => this.#socket.resume())
  }

  protected pauseReading(): void {
    this.#socket.pause()
  }

  /** @internal */
  drained(): void {
    const slices = this.#slices
    if (slices === undefined ? this.#writable : this.#writeNext(slices)) this.tellDrain()
  }

  /** @internal */
  socketClosed(): void {
    this.#writable = false
    this.#slices = undefined
    this.#onClosed?.()
    this.tellClosed()
  }

  #writeSliced(data: Uint8Array | string): boolean {
    const going = this.#slices
    const slices = going ?? new Slices()
    slices.push(data)
    this.#slices = slices
    // Otherwise the socket's drain asks for the next.
    return going === undefined && this.#writeNext(slices)
  }

  /**
   * Writes until the socket is full, which then asks for more by its drain. True if all is written and it is
   * not: then no drain comes.
   */
  #writeNext(slices: Slices): boolean {
    let full = false
    while (!full) {
      const slice = slices.next()
      if (slice === undefined) break
      full =
        typeof slice === 'string'
          ? !this.#socket.write(slice, 'latin1')
          : !this.#socket.write(slice)
    }
    if (slices.bytes > 0) return false
    this.#slices = undefined
    if (!this.#writable) this.#socket.end()
    return !full && this.#writable
  }

  /** Lets go of the socket, as if it had never been ours. */
  #release(): void {
    const socket = this.#socket
    socket.off('data', onData).off('end', onEnd).off('drain', onDrain).off('close', onClose)
    // `onError` stays: TLS has a listener of its own, and may leave before the last error.
    this.#writable = false
    this.dismissSink()
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
  ;(this as Carrier)[carried].failed(connectionError(error))
  // Node.js has done so, but for TLS over a socket that may be half open: a fatal alert leaves both open there.
  this.destroy()
}

function onClose(this: Socket): void {
  ;(this as Carrier)[carried].socketClosed()
}

/** Bytes came into the buffer that the socket shares with others. False: no more until it is resumed. */
export function received(socket: Socket, bytes: Uint8Array): boolean {
  return (socket as Carrier)[carried].received(bytes, true)
}
