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

const plain: SocketTransportOptions = {}

export class SocketTransport extends Inbound implements Transport {
  readonly #socket: Socket
  readonly #options: SocketTransportOptions
  /** What is left of a write that was too large for one; what is written after it too. */
  #slices: Slices | undefined = undefined

  /** `options` is kept, and may be that of many. */
  constructor(socket: Socket, options: SocketTransportOptions = plain) {
    super(options.shared === true)
    this.#socket = socket
    this.#options = options
    ;(socket as Carrier)[carried] = this
    socket.on('end', onEnd)
    socket.on('drain', onDrain)
    socket.on('error', onError)
    socket.on('close', onClose)
  }

  get alpn(): string | undefined {
    const { alpn } = this.#options
    return typeof alpn === 'string' ? alpn : undefined
  }

  write(data: Uint8Array | string): boolean {
    if (!this.writable) return false
    if (data.length > sliceSize || this.#slices !== undefined) {
      return SocketTransport.#writeSliced(this, data)
    }
    return typeof data === 'string' ? this.#socket.write(data, 'latin1') : this.#socket.write(data)
  }

  cork(): void {
    this.#socket.cork()
  }

  uncork(): void {
    this.#socket.uncork()
  }

  end(): void {
    if (!this.writable) return
    this.endWriting()
    if (this.#slices === undefined) this.#socket.end()
  }

  destroy(error?: Error): void {
    if (!this.abandon(error)) return
    this.endWriting()
    this.#slices = undefined
    this.#socket.destroy()
  }

  reset(error?: Error): void {
    if (!this.abandon(error)) return
    this.endWriting()
    this.#slices = undefined
    if (this.#options.resettable === true) this.#socket.resetAndDestroy()
    else this.#socket.destroy()
  }

  async startTLS(
    options: TLSOptions,
    host: string | undefined = this.#options.host,
  ): Promise<Transport> {
    const { servername = host } = options
    if (servername === undefined) throw new TypeError('Starting TLS needs "servername"')
    clientContextOf(options)
    // Bytes that came in plain text would be taken as if they had come encrypted.
    const early = this.holdsBytes || this.#socket.readableLength > 0
    const late = this.#slices !== undefined
    if (early || late || !this.writable || this.over) {
      const closed = late ? 'writes are not done' : 'the connection is closed'
      const why = early ? 'the peer sent bytes before it' : closed
      this.destroy()
      throw new ConnectError('tls', `Starting TLS with "${servername}" failed: ${why}`)
    }
    SocketTransport.#release(this)
    const { sessions } = this.#options
    return upgradeToTLS(
      this.#socket,
      options,
      servername,
      sessions,
      (socket) =>
        new SocketTransport(socket, { host: servername, alpn: socket.alpnProtocol, sessions }),
    )
  }

  async acceptTLS(options: ServerTLSOptions): Promise<Transport> {
    serverOptions(options)
    const held = Buffer.concat(this.takeHeld())
    const [first = handshakeRecord] = held
    const late = this.#slices !== undefined
    if (first !== handshakeRecord || late || !this.writable || this.over) {
      const closed = late ? 'writes are not done' : 'the connection is closed'
      this.destroy()
      const why = first === handshakeRecord ? closed : 'the client sent bytes before it'
      throw new ConnectError('tls', `Accepting TLS failed: ${why}`)
    }
    this.#socket.pause()
    SocketTransport.#release(this)
    if (held.length > 0) this.#socket.unshift(held)
    const { onClosed } = this.#options
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
    if (this.#options.shared !== true) this.#socket.on('data', onData)
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
    if (slices === undefined ? this.writable : SocketTransport.#writeNext(this, slices))
      this.tellDrain()
  }

  /** @internal */
  socketClosed(): void {
    this.endWriting()
    this.#slices = undefined
    this.#options.onClosed?.()
    this.tellClosed()
  }

  static #writeSliced(transport: SocketTransport, data: Uint8Array | string): boolean {
    const going = transport.#slices
    const slices = going ?? new Slices()
    slices.push(data)
    transport.#slices = slices
    // Otherwise the socket's drain asks for the next.
    return going === undefined && SocketTransport.#writeNext(transport, slices)
  }

  /**
   * Writes until the socket is full, which then asks for more by its drain. True if all is written and it is
   * not: then no drain comes.
   */
  static #writeNext(transport: SocketTransport, slices: Slices): boolean {
    const socket = transport.#socket
    let full = false
    while (!full) {
      const slice = slices.next()
      if (slice === undefined) break
      full = typeof slice === 'string' ? !socket.write(slice, 'latin1') : !socket.write(slice)
    }
    if (slices.bytes > 0) return false
    transport.#slices = undefined
    if (!transport.writable) socket.end()
    return !full && transport.writable
  }

  /** Lets go of the socket, as if it had never been ours. */
  static #release(transport: SocketTransport): void {
    const socket = transport.#socket
    socket.off('data', onData).off('end', onEnd).off('drain', onDrain).off('close', onClose)
    // `onError` stays: TLS has a listener of its own, and may leave before the last error.
    transport.endWriting()
    transport.dismissSink()
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
