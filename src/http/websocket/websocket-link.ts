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
import { closeCodes } from './close-code.ts'
import {
  beingClosed,
  brokenOff,
  closedCleanly,
  closedForFault,
  type CloseFrame,
} from './closing-errors.ts'
import type { Codec } from './framing/codec.ts'
import type { ConnectionClosedError } from './connection-closed-error.ts'
import { type FrameEvents, FrameReader } from './framing/frame-reader.ts'
import { FrameWriter } from './framing/frame-writer.ts'
import { type Gatherer, untilTurn } from './gathered-writes.ts'
import { Inbox, type InboxKeeper } from './inbox.ts'
import { compact, ownBytes, textOf } from './incoming-message.ts'
import { LinkListeners } from './link-listeners.ts'
import { type DeflateAgreement, MessageDeflate } from './framing/message-deflate.ts'
import { noPayload, Pings } from './pings.ts'
import { Watch, type WatchEvents } from './watch.ts'
import type { WebSocketSettings } from './websocket-options.ts'

export interface LinkOptions {
  readonly codec: Codec
  readonly isServer: boolean
  readonly settings: WebSocketSettings
  readonly deflate: DeflateAgreement | undefined
  readonly wheel: TimerWheel
}

export class WebSocketLink implements Sink, FrameEvents, WatchEvents, InboxKeeper, Gatherer {
  readonly inbox: Inbox
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
  readonly listeners: LinkListeners = new LinkListeners()
  readonly #settings: WebSocketSettings
  readonly #watch: Watch
  // All of these are made when they are first needed: most connections of a crowd are silent.
  #madeReader: FrameReader | undefined = undefined
  #madeWriter: FrameWriter | undefined = undefined
  #madePings: Pings | undefined = undefined
  #writable: WaiterSet<void> | undefined = undefined
  #closed: WaiterSet<void> | undefined = undefined
  // Whether what is written waits for the loop to turn.
  #gathering = false
  // What our close frame said.
  #closeSent: CloseFrame | undefined = undefined
  #closeRead = false
  // The peer has closed it, and what came before is still being answered.
  #unanswered: ConnectionClosedError | undefined = undefined
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
    this.inbox = new Inbox(settings.maxQueue, this)
    this.#watch = new Watch(wheel, settings, this)
  }

  get writer(): FrameWriter {
    return (this.#madeWriter ??= this.#makeWriter())
  }

  get pings(): Pings {
    return (this.#madePings ??= new Pings())
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
    if (this.#closeSent !== undefined) throw beingClosed(this.#closeSent)
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
    return (this.#writable ??= new WaiterSet()).wait('the peer to take what was sent')
  }

  /** What is written from now on, until the loop has turned, leaves in one write. */
  gather(): void {
    if (this.#gathering || this.gone) return
    this.#gathering = true
    this.transport.cork()
    untilTurn(this)
  }

  /** @internal */
  turned(): void {
    this.#gathering = false
    this.transport.uncork()
  }

  // Closing:

  /** Sends a close frame, if none was sent, and waits for the peer's. */
  startClosing(code: number, reason: string): void {
    if (this.#closeSent !== undefined || this.ending !== undefined) return
    if (this.answered()) return
    this.#closeSent = { code, reason }
    this.#watch.closing()
    this.writer.close(code, reason, () => undefined)
    // What still comes is read for the close frame behind it.
    this.#reader.goOn()
    this.transport.resume()
  }

  /** Waits until nothing is left of it. */
  untilGone(): Promise<void> {
    if (this.gone) return Promise.resolve()
    return (this.#closed ??= new WaiterSet()).wait('the end of a WebSocket')
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
    this.#reader.feed(shared ? ownBytes(bytes) : bytes)
    // Who answers each of several messages need not write each time.
    if (this.inbox.count > 0) this.gather()
  }

  end(): void {
    this.#peerEnded = true
    // Its close frame may stand behind what is being inflated.
    if (this.ending === undefined && !this.#closeRead && !this.#reader.behind) this.destroy()
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
    this.#closed?.wake()
    this.listeners.tell((listener) => listener.linkGone?.())
    this.listeners.clear()
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
    this.#madePings?.answered(data)
  }

  concluded(code: number, reason: string): void {
    this.#closeRead = true
    const closedBy = this.#closeSent === undefined ? 'remote' : 'local'
    this.#answerBefore(closedCleanly(code, reason, closedBy))
  }

  unreadable(error: Error, code: number): void {
    this.#closeRead = true
    this.#answerBefore(closedForFault(code, error))
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
    if (!this.writer.full) this.writer.ping(noPayload)
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

  // As InboxKeeper:

  inboxHasRoom(): void {
    if (this.ending !== undefined) return
    this.#reader.goOn()
    if (!this.#congested && !this.inbox.full) this.transport.resume()
  }

  #sent(): void {
    if (!this.writer.ready) return
    this.#writable?.wake()
    if (this.ready) this.listeners.tell((listener) => listener.linkReady?.())
  }

  /**
   * RFC 6455 §5.5.1 lets our close frame wait for what is being sent. Whoever receives a message may send
   * one for it, also if the end came in the same read.
   */
  #answerBefore(error: ConnectionClosedError): void {
    if (this.#closeSent !== undefined || !this.inbox.busy) this.#conclude(error)
    else {
      this.#unanswered = error
      this.inbox.tellWhenAwaited()
      this.#watch.answering()
      this.transport.resume()
    }
  }

  /** What came before the end is answered, or has had its time; false if none came. */
  answered(): boolean {
    const error = this.#unanswered
    if (error === undefined) return false
    this.#unanswered = undefined
    this.#conclude(error)
    return true
  }

  #conclude(error: ConnectionClosedError): void {
    const { closeCode, reason, wasClean } = error
    // RFC 6455 §5.5.1: answered with what came.
    if (wasClean) this.#finish(closeCode === closeCodes.none ? undefined : closeCode, '', error)
    else this.#finish(closeCode, reason, error)
  }

  /** The peer has said its last: so do we, and end our side behind it. */
  #finish(code: number | undefined, reason: string, error: ConnectionClosedError): void {
    this.#reader.stop()
    this.#end(error)
    this.#watch.closing()
    if (this.#closeSent !== undefined) this.transport.end()
    else {
      this.#closeSent = { code, reason }
      this.writer.close(code, reason, () => this.transport.end())
    }
    this.transport.resume()
  }

  #lost(cause: Error | undefined): void {
    this.answered()
    this.writer.destroyed = true
    this.#reader.stop()
    this.#closeRead = true
    this.deflate?.close()
    if (this.ending !== undefined) return
    this.#end(brokenOff(cause, this.#peerEnded))
  }

  #end(error: ConnectionClosedError): void {
    this.ending = error
    this.inbox.end(error)
    // An answer to our close frame is one to all that stood before it.
    if (error.wasClean && error.closedBy === 'local') this.#writable?.wake()
    else this.#writable?.fail(error)
    this.#madePings?.end(error)
    this.listeners.tell((listener) => listener.linkEnded?.(error))
  }
}
