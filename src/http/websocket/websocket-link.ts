/**
 * One WebSocket over its transport: what is sent and what comes, and how it ends (RFC 6455). The same at
 * both ends, but for the mask. What users see of it is the `WebSocketConnection`.
 *
 * 1. `open` until the first close frame, sent or read, or until the transport breaks. From then on it has
 *    an `ending`: nothing can be sent, and what came before can still be taken.
 * 2. Both close frames, ours and the peer's, are followed by FIN. What does not come to this within the
 *    time for closing is dropped.
 * 3. What breaks the rules is answered with a close frame that says so; the rest is read away, so that the
 *    frame is not lost to a reset.
 */
import { BusyResourceError } from '../../concurrency/errors.ts'
import { currentScope } from '../../concurrency/scope/scope.ts'
import { WaiterSet } from '../../concurrency/scope/waiter-set.ts'
import type { TimerWheel } from '../../concurrency/time/timer-wheel.ts'
import type { Sink, Transport } from '../../io/transport.ts'
import { SpoolError } from '../../util/error.ts'
import { closeCodes, shortened } from './close-code.ts'
import type { Codec } from './codec.ts'
import { ConnectionClosedError } from './connection-closed-error.ts'
import { type FrameEvents, FrameReader } from './frame-reader.ts'
import { FrameWriter } from './frame-writer.ts'
import { Inbox } from './inbox.ts'
import { compact, textOf } from './incoming-message.ts'
import { type DeflateAgreement, MessageDeflate } from './message-deflate.ts'
import { Pings } from './pings.ts'
import { Watch, type WatchEvents } from './watch.ts'
import type { WebSocketSettings } from './websocket-options.ts'

/** Who is to know of the end of a link, or that it takes more. */
export interface LinkListener {
  /** Nothing can be sent any more, and nothing comes. */
  linkEnded?(error: ConnectionClosedError): void
  /** What was sent has left, and more can be sent. */
  linkReady?(): void
  /** The transport is closed: nothing is left. */
  linkGone?(): void
}

export interface LinkOptions {
  readonly codec: Codec
  readonly isServer: boolean
  readonly settings: WebSocketSettings
  readonly deflate: DeflateAgreement | undefined
  readonly wheel: TimerWheel
}

export class WebSocketLink implements Sink, FrameEvents, WatchEvents {
  readonly inbox: Inbox
  readonly pings: Pings = new Pings()
  readonly transport: Transport
  readonly deflate: MessageDeflate | undefined
  /** How it ended, once it has. */
  ending: ConnectionClosedError | undefined = undefined
  /** Whether the transport is closed. */
  gone = false
  /** Whether a message is sent in fragments, between which no other may come. */
  fragmenting = false
  readonly codec: Codec
  readonly isServer: boolean
  messagesReceived = 0
  bytesReceived = 0
  messagesSent = 0
  bytesSent = 0
  readonly #settings: WebSocketSettings
  // Both are made when they are first needed: most connections of a crowd are silent.
  #madeReader: FrameReader | undefined = undefined
  #madeWriter: FrameWriter | undefined = undefined
  readonly #watch: Watch
  readonly #writable = new WaiterSet<void>()
  readonly #closed = new WaiterSet<void>()
  #listeners: Set<LinkListener> | undefined = undefined
  // What our close frame said.
  #closeSent: { readonly code: number | undefined; readonly reason: string } | undefined = undefined
  #closeRead = false
  #congested = false
  #peerEnded = false
  // The last ping that could not be answered yet.
  #pongOwed: Buffer | undefined = undefined

  constructor(transport: Transport, options: LinkOptions) {
    const { codec, isServer, settings, deflate, wheel } = options
    this.transport = transport
    this.codec = codec
    this.isServer = isServer
    this.#settings = settings
    this.deflate =
      deflate === undefined ? undefined : new MessageDeflate(codec, deflate, isServer, settings)
    this.inbox = new Inbox(settings.maxQueue, () => this.#wanted())
    this.#watch = new Watch(wheel, settings, this)
  }

  get writer(): FrameWriter {
    return (this.#madeWriter ??= this.#makeWriter())
  }

  get #reader(): FrameReader {
    const { codec, isServer, deflate } = this
    return (this.#madeReader ??= new FrameReader(codec, isServer, this.#settings, deflate, this))
  }

  #makeWriter(): FrameWriter {
    const { codec, transport, isServer, deflate } = this
    const writer = new FrameWriter(codec, transport, !isServer, deflate, () => this.#sent())
    writer.destroyed = this.gone
    return writer
  }

  start(): void {
    this.#watch.start()
    this.transport.start(this)
  }

  listen(listener: LinkListener): void {
    ;(this.#listeners ??= new Set()).add(listener)
  }

  unlisten(listener: LinkListener): void {
    this.#listeners?.delete(listener)
  }

  // Sending:

  /** Whether messages can be sent. */
  get sendable(): boolean {
    return this.ending === undefined && this.#closeSent === undefined
  }

  /** Whether a message can be sent, and leaves at once. */
  get ready(): boolean {
    return this.writer.ready && !this.fragmenting && this.sendable
  }

  /** A message in fragments is out. */
  fragmented(): void {
    this.fragmenting = false
    this.#sent()
  }

  /** Throws if nothing can be sent, or if too much waits already. */
  checkSendable(): void {
    if (this.ending !== undefined) throw this.ending
    if (this.#closeSent !== undefined) throw this.#closing()
    if (this.writer.ready) return
    const { queued } = this.writer
    if (queued < this.#settings.maxSendQueue) return
    throw new BusyResourceError(
      `Cannot send: ${queued} bytes wait for the peer already, ${this.#settings.maxSendQueue} are allowed`,
    )
  }

  /** Hands over a message, or a fragment of one. `size`: its bytes. */
  send(data: Uint8Array | string, size: number, fin = true, compress?: boolean): void {
    const threshold = this.deflate?.threshold ?? Infinity
    this.writer.send(data, size, typeof data !== 'string', compress ?? size >= threshold, fin)
    this.sent(size, fin)
  }

  /** Counts what was sent. */
  sent(size: number, fin: boolean): void {
    this.bytesSent += size
    if (fin) this.messagesSent++
    this.#watch.used()
  }

  /** Waits until what was sent has left for the peer, or nearly so. */
  untilReady(): Promise<void> {
    if (this.ending !== undefined && !currentScope().cancelled) return Promise.reject(this.ending)
    return this.#writable.wait('the peer to take what was sent')
  }

  // Closing:

  /** Sends a close frame, if none was sent, and waits for the peer's. */
  startClosing(code: number, reason: string): void {
    if (this.#closeSent !== undefined || this.ending !== undefined) return
    this.#closeSent = { code, reason }
    this.#watch.closing()
    this.writer.close(code, reason, () => undefined)
    // What still comes is read for the close frame behind it.
    this.#reader.goOn()
    this.transport.resume()
  }

  /** Waits until nothing is left of it. */
  untilGone(): Promise<void> {
    return this.gone ? Promise.resolve() : this.#closed.wait('the end of a WebSocket')
  }

  /** Drops it. */
  destroy(error?: Error): void {
    this.#lost(error)
    this.transport.destroy(error)
  }

  // As Sink:

  data(bytes: Uint8Array, shared: boolean): void {
    this.#watch.heard()
    if (this.#closeRead) return
    if (!shared) {
      this.#reader.feed(bytes)
      return
    }
    const own = Buffer.allocUnsafe(bytes.byteLength)
    own.set(bytes, 0)
    this.#reader.feed(own)
  }

  end(): void {
    this.#peerEnded = true
    // Its close frame may stand behind what is being inflated.
    if (this.ending === undefined && !this.#reader.behind) this.destroy()
  }

  drain(): void {
    this.writer.full = false
    if (this.#pongOwed !== undefined && this.ending === undefined) {
      this.writer.pong(this.#pongOwed)
      this.#pongOwed = undefined
    }
    this.#sent()
  }

  closed(error?: Error): void {
    this.#lost(error)
    this.gone = true
    this.#watch.stop()
    this.#closed.wake()
    this.#tell((listener) => listener.linkGone?.())
    this.#listeners = undefined
  }

  // As FrameEvents:

  get satiated(): boolean {
    return this.inbox.full && this.#closeSent === undefined
  }

  message(data: Buffer, binary: boolean): void {
    this.messagesReceived++
    this.bytesReceived += data.byteLength
    this.#watch.used()
    // Behind our own close frame nobody reads any more.
    if (this.#closeSent !== undefined) return
    const { full } = this.inbox
    this.inbox.push(binary ? compact(data) : textOf(data))
    if (!full && this.inbox.full) this.transport.pause()
  }

  ping(data: Buffer): void {
    if (this.#closeSent !== undefined) return
    // RFC 6455 §5.5.3: of several pings, the last may be the only one that is answered. So a peer that
    // asks and does not listen fills nothing.
    if (this.writer.full) this.#pongOwed = Buffer.from(data)
    else this.writer.pong(data)
  }

  pong(data: Buffer): void {
    this.pings.answered(data)
  }

  concluded(code: number, reason: string): void {
    this.#closeRead = true
    const closedBy = this.#closeSent === undefined ? 'remote' : 'local'
    const who = closedBy === 'local' ? 'we closed it' : 'the peer closed it'
    const message = `The WebSocket is closed: ${who} with ${code}${reason === '' ? '' : ` ${JSON.stringify(reason)}`}`
    // RFC 6455 §5.5.1: answered with what came.
    const answer = code === closeCodes.none ? undefined : code
    this.#finish(
      answer,
      '',
      new ConnectionClosedError(message, { closeCode: code, reason, wasClean: true, closedBy }),
    )
  }

  unreadable(error: Error, code: number): void {
    const reason = shortened(error.message)
    const message = `The WebSocket is closed with ${code}: the peer sent what it must not: ${error.message}`
    this.#closeRead = true
    this.#finish(
      code,
      reason,
      new ConnectionClosedError(message, {
        closeCode: code,
        reason,
        wasClean: false,
        closedBy: 'local',
        cause: error,
      }),
    )
  }

  congested(congested: boolean): void {
    this.#congested = congested
    if (congested) this.transport.pause()
    else if (!this.inbox.full) this.transport.resume()
  }

  caughtUp(): void {
    if (this.#peerEnded) this.end()
  }

  // As WatchEvents:

  get outgoing(): number {
    return this.writer.queued
  }

  get paused(): boolean {
    return this.inbox.full
  }

  sendPing(): void {
    // What waits to be sent already tells as much as a ping behind it.
    if (!this.writer.full) this.writer.ping('')
  }

  peerVanished(): void {
    const { heartbeat, heartbeatTimeout } = this.#settings
    const silent = heartbeat + heartbeatTimeout
    this.destroy(new Error(`the peer was silent for ${silent} ms, and did not answer a ping`))
  }

  idled(): void {
    this.startClosing(closeCodes.goingAway, 'idle')
  }

  closingTimedOut(): void {
    const { closeTimeout } = this.#settings
    this.destroy(new Error(`the peer did not close it within ${closeTimeout} ms`))
  }

  #wanted(): void {
    if (this.ending !== undefined) return
    this.#reader.goOn()
    if (!this.#congested && !this.inbox.full) this.transport.resume()
  }

  #sent(): void {
    if (!this.writer.ready) return
    this.#writable.wake()
    if (this.ready) this.#tell((listener) => listener.linkReady?.())
  }

  /** The peer has said its last: so do we, and end our side behind it. */
  #finish(code: number | undefined, reason: string, error: ConnectionClosedError): void {
    this.#reader.stop()
    this.#end(error)
    this.#watch.closing()
    const end = (): void => this.transport.end()
    if (this.#closeSent !== undefined) end()
    else {
      this.#closeSent = { code, reason }
      this.writer.close(code, reason, end)
    }
    this.transport.resume()
  }

  #lost(cause: Error | undefined): void {
    this.writer.destroyed = true
    this.#reader.stop()
    this.#closeRead = true
    this.deflate?.close()
    if (this.ending !== undefined) return
    const why = cause === undefined ? 'the peer left without a close frame' : cause.message
    this.#end(
      new ConnectionClosedError(`The WebSocket is broken: ${why}`, {
        closeCode: closeCodes.abnormal,
        wasClean: false,
        closedBy: this.#peerEnded || SpoolError.is(cause) ? 'remote' : 'local',
        ...(cause === undefined ? {} : { cause }),
      }),
    )
  }

  #end(error: ConnectionClosedError): void {
    this.ending = error
    this.inbox.end(error)
    // An answer to our close frame is one to all that stood before it.
    if (error.wasClean && error.closedBy === 'local') this.#writable.wake()
    else this.#writable.fail(error)
    this.pings.end(error)
    this.#tell((listener) => listener.linkEnded?.(error))
  }

  #closing(): ConnectionClosedError {
    return new ConnectionClosedError('Cannot send: the WebSocket is being closed', {
      closeCode: this.#closeSent?.code ?? closeCodes.none,
      reason: this.#closeSent?.reason ?? '',
      wasClean: false,
      closedBy: 'local',
    })
  }

  #tell(call: (listener: LinkListener) => void): void {
    if (this.#listeners === undefined) return
    for (const listener of Array.from(this.#listeners)) call(listener)
  }
}
