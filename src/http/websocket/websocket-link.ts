/**
 * One WebSocket over its transport: what is sent and what comes, and how it ends (RFC 6455). The same at
 * both ends, but for the mask. What users see of it is the `WebSocketConnection`.
 *
 * 1. `open` until the first close frame, sent or read, or until the transport breaks. From then on it has
 *    an `ending`: nothing can be sent, and what came before can still be taken.
 * 2. How it is closed from then on is the closing handshake's business.
 */
import { BusyResourceError } from '../../concurrency/errors.ts'
import { currentScope } from '../../concurrency/scope/scope.ts'
import { WaiterSet } from '../../concurrency/scope/waiter-set.ts'
import type { Sink, Transport } from '../../io/transport.ts'
import type { ProtocolError } from '../../wire/errors.ts'
import { closeCodes } from './close-code.ts'
import { ClosingHandshake, type ClosingLink } from './closing-handshake.ts'
import { beingClosed, brokenOff } from './closing-errors.ts'
import type { ConnectionClosedError } from './connection-closed-error.ts'
import { type FrameEvents, FrameReader } from './framing/frame-reader.ts'
import { FrameWriter } from './framing/frame-writer.ts'
import { type Gatherer, untilTurn } from './gathered-writes.ts'
import { Inbox, type InboxKeeper, type WebSocketMessage } from './inbox.ts'
import { type LinkListener, LinkListeners, Outstanding } from './link-listeners.ts'
import { LinkTraffic, noTraffic } from './link-traffic.ts'
import type { MessageDeflate } from './framing/message-deflate.ts'
import { noPayload, Pings } from './pings.ts'
import { Watch, type WatchTerms } from './watch.ts'

/** They are kept, and may be those of many. */
export interface LinkOptions extends WatchTerms {
  readonly isServer: boolean
  readonly deflate: MessageDeflate | undefined
}

// What is true of it now: bits of one number.
const isGone = 1
const isFragmenting = 2
// Whether what is written waits for the loop to turn.
const isGathering = 4
const isCongested = 8
const peerHasEnded = 16

export class WebSocketLink
  extends Watch<LinkOptions>
  implements Sink, FrameEvents, ClosingLink, InboxKeeper, Gatherer
{
  readonly inbox: Inbox
  readonly transport: Transport
  /** How it ended, once it has. */
  ending: ConnectionClosedError | undefined = undefined
  /** Told before all listeners: the one whose link this is. */
  owner: LinkListener | undefined = undefined
  #state = 0
  // All of these are made when they are first needed: most connections of a crowd are silent.
  #reader: FrameReader | undefined = undefined
  #writer: FrameWriter | undefined = undefined
  #traffic: LinkTraffic | undefined = undefined
  #outstanding: Outstanding | undefined = undefined

  constructor(transport: Transport, options: LinkOptions) {
    super(options)
    this.transport = transport
    this.inbox = new Inbox(this)
  }

  get deflate(): MessageDeflate | undefined {
    return this.terms.deflate
  }

  get isServer(): boolean {
    return this.terms.isServer
  }

  get listeners(): LinkListeners {
    return (WebSocketLink.#outstandingOf(this).listeners ??= new LinkListeners())
  }

  get traffic(): Readonly<LinkTraffic> {
    return this.#traffic ?? noTraffic
  }

  get reader(): FrameReader | undefined {
    return this.#reader
  }

  get writer(): FrameWriter {
    return (this.#writer ??= WebSocketLink.#makeWriter(this))
  }

  get pings(): Pings {
    return (WebSocketLink.#outstandingOf(this).pings ??= new Pings())
  }

  /** Whether the transport is closed. */
  get gone(): boolean {
    return (this.#state & isGone) !== 0
  }

  /** Whether a message is sent in fragments, between which no other may come. */
  get fragmenting(): boolean {
    return (this.#state & isFragmenting) !== 0
  }

  start(): void {
    this.startWatch()
    // Messages may stand right behind the handshake.
    this.inbox.opened()
    this.transport.start(this)
  }

  // Sending:

  /** Whether messages can be sent. */
  get sendable(): boolean {
    return this.ending === undefined && this.#outstanding?.closing?.sent === undefined
  }

  /** Whether a message can be sent, and leaves at once. */
  get ready(): boolean {
    return this.writer.ready && !this.fragmenting && this.sendable
  }

  /** A message in fragments begins. */
  fragment(): void {
    this.#state |= isFragmenting
  }

  /** A message in fragments is out. */
  fragmented(): void {
    this.#state &= ~isFragmenting
    WebSocketLink.#tellReady(this)
  }

  /** Throws if nothing can be sent, or if too much waits already. */
  checkSendable(): void {
    if (this.ending !== undefined) throw this.ending
    const closeSent = this.#outstanding?.closing?.sent
    if (closeSent !== undefined) throw beingClosed(closeSent)
    if (this.writer.ready) return
    const { queued } = this.writer
    const { maxSendQueue } = this.terms.settings
    if (queued < maxSendQueue) return
    throw new BusyResourceError(
      `Cannot send: ${queued} bytes wait for the peer already, ${maxSendQueue} are allowed`,
    )
  }

  /** Hands over a message, or a fragment of one. `size`: its bytes. */
  send(data: Uint8Array | string, size: number, fin = true, compress?: boolean): void {
    const threshold = this.deflate?.threshold ?? Infinity
    this.#outstanding?.listeners?.catchUp(true)
    this.writer.send(data, size, typeof data !== 'string', compress ?? size >= threshold, fin)
    this.sent(size, fin ? 1 : 0)
  }

  /** Counts what was sent: bytes, and messages that are complete with them. */
  sent(size: number, messages: number): void {
    const traffic = (this.#traffic ??= new LinkTraffic())
    traffic.bytesSent += size
    traffic.messagesSent += messages
    this.used()
  }

  /** Waits until what was sent has left for the peer, or nearly so. */
  untilReady(): Promise<void> {
    if (this.ending !== undefined && !currentScope().cancelled) return Promise.reject(this.ending)
    const outstanding = WebSocketLink.#outstandingOf(this)
    return (outstanding.writable ??= new WaiterSet()).wait('the peer to take what was sent')
  }

  /** What is written from now on, until the loop has turned, leaves in one write. */
  gather(): void {
    if ((this.#state & (isGathering | isGone)) !== 0) return
    this.#state |= isGathering
    this.transport.cork()
    untilTurn(this)
  }

  /** @internal */
  turned(): void {
    this.#state &= ~isGathering
    this.transport.uncork()
  }

  // Closing:

  /** Sends a close frame, if none was sent, and waits for the peer's. */
  startClosing(code: number, reason: string): void {
    if (!this.sendable || this.answered()) return
    this.#outstanding?.listeners?.tell((listener) => listener.linkClosing?.())
    WebSocketLink.#closingOf(this).start(code, reason)
  }

  /** Waits until nothing is left of it. */
  untilGone(): Promise<void> {
    if (this.gone) return Promise.resolve()
    const outstanding = WebSocketLink.#outstandingOf(this)
    return (outstanding.closed ??= new WaiterSet()).wait('the end of a WebSocket')
  }

  /** Drops it. */
  destroy(error?: Error): void {
    WebSocketLink.#lost(this, error)
    this.transport.destroy(error)
  }

  // As Sink:

  data(bytes: Uint8Array, shared: boolean): void {
    this.heard()
    if (WebSocketLink.#deaf(this)) return
    this.#reader ??= WebSocketLink.#makeReader(this)
    this.#reader.feed(bytes, shared)
    // Who answers each of several messages need not write each time.
    if (this.inbox.count > 0) this.gather()
  }

  end(): void {
    this.#state |= peerHasEnded
    // Its close frame may stand behind what is being inflated.
    if (!WebSocketLink.#deaf(this) && this.#reader?.behind !== true) this.destroy()
  }

  drain(): void {
    this.writer.full = false
    const pong = this.#outstanding?.pong
    if (pong !== undefined && this.ending === undefined) {
      this.writer.pong(pong)
      WebSocketLink.#outstandingOf(this).pong = undefined
    }
    WebSocketLink.#tellReady(this)
  }

  closed(error?: Error): void {
    WebSocketLink.#lost(this, error)
    this.#state |= isGone
    this.stopWatch()
    this.#outstanding?.closed?.wake()
    WebSocketLink.#tell(this, (listener) => listener.linkGone?.())
    this.owner = undefined
    if (this.#outstanding !== undefined) this.#outstanding.listeners = undefined
  }

  // As FrameEvents:

  get satiated(): boolean {
    return this.inbox.full && this.#outstanding?.closing?.sent === undefined
  }

  message(message: WebSocketMessage, size: number): void {
    const traffic = (this.#traffic ??= new LinkTraffic())
    traffic.messagesReceived++
    traffic.bytesReceived += size
    this.used()
    // Behind our own close frame nobody reads any more.
    if (this.#outstanding?.closing?.sent !== undefined) return
    const { full } = this.inbox
    this.inbox.push(message)
    if (!full && this.inbox.full) this.transport.pause()
  }

  ping(data: Uint8Array): void {
    if (this.#outstanding?.closing?.sent !== undefined) return
    this.#outstanding?.listeners?.catchUp(false)
    // RFC 6455 §5.5.3: of several pings, the last may be the only one that is answered. So a peer that
    // asks and does not listen fills nothing.
    if (this.writer.full) WebSocketLink.#outstandingOf(this).pong = Buffer.from(data)
    else this.writer.pong(data)
  }

  pong(data: Uint8Array): void {
    this.#outstanding?.pings?.answered(data)
  }

  concluded(code: number, reason: string): void {
    WebSocketLink.#closingOf(this).concluded(code, reason)
  }

  unreadable(error: ProtocolError): void {
    WebSocketLink.#closingOf(this).unreadable(error)
  }

  congested(congested: boolean): void {
    this.#state = congested ? this.#state | isCongested : this.#state & ~isCongested
    if (congested) this.transport.pause()
    else if (!this.inbox.full) this.transport.resume()
  }

  caughtUp(): void {
    if ((this.#state & peerHasEnded) !== 0) this.end()
  }

  // As Watch:

  get paused(): boolean {
    return this.inbox.full
  }

  sendPing(): void {
    // What waits to be sent already tells as much as a ping behind it.
    if (!this.writer.full) this.writer.ping(noPayload)
  }

  peerVanished(): void {
    const { heartbeat, heartbeatTimeout } = this.terms.settings
    const silent = heartbeat + heartbeatTimeout
    this.destroy(new Error(`the peer was silent for ${silent} ms, and did not answer a ping`))
  }

  idled(): void {
    this.startClosing(closeCodes.goingAway, 'idle')
  }

  closingTimedOut(): void {
    const { closeTimeout } = this.terms.settings
    this.destroy(new Error(`the peer did not close it within ${closeTimeout} ms`))
  }

  // As InboxKeeper:

  get inboxLimit(): number {
    return this.terms.settings.maxQueue
  }

  inboxHasRoom(): void {
    if (this.ending !== undefined) return
    this.#reader?.goOn()
    if ((this.#state & isCongested) === 0 && !this.inbox.full) this.transport.resume()
  }

  /** What came before the peer's close frame is answered, or has had its time; false if none came. */
  answered(): boolean {
    return this.#outstanding?.closing?.answered() ?? false
  }

  // As ClosingLink:

  endWith(error: ConnectionClosedError): void {
    this.ending = error
    this.inbox.end(error)
    // An answer to our close frame is one to all that stood before it.
    if (error.wasClean && error.closedBy === 'local') this.#outstanding?.writable?.wake()
    else this.#outstanding?.writable?.fail(error)
    this.#outstanding?.pings?.end(error)
    WebSocketLink.#tell(this, (listener) => listener.linkEnded?.(error))
  }

  // Static, what is private: with private methods each link would hold a mark of its own for that.

  /** Whether nothing that comes is read any more. */
  static #deaf(link: WebSocketLink): boolean {
    return link.ending !== undefined || link.#outstanding?.closing?.read === true
  }

  static #closingOf(link: WebSocketLink): ClosingHandshake {
    return (WebSocketLink.#outstandingOf(link).closing ??= new ClosingHandshake(link))
  }

  static #outstandingOf(link: WebSocketLink): Outstanding {
    return (link.#outstanding ??= new Outstanding())
  }

  static #makeReader(link: WebSocketLink): FrameReader {
    const { isServer, settings, deflate } = link.terms
    return new FrameReader(isServer, settings, deflate, link)
  }

  static #makeWriter(link: WebSocketLink): FrameWriter {
    const { transport, deflate } = link
    const { isServer } = link.terms
    const sent = (): void => WebSocketLink.#tellReady(link)
    const writer = new FrameWriter(transport, !isServer, deflate, sent)
    writer.destroyed = link.gone
    return writer
  }

  static #tellReady(link: WebSocketLink): void {
    if (!link.writer.ready) return
    link.#outstanding?.writable?.wake()
    if (link.ready) WebSocketLink.#tell(link, (listener) => listener.linkReady?.())
  }

  static #tell(link: WebSocketLink, call: (listener: LinkListener) => void): void {
    const listeners = link.#outstanding?.listeners
    if (link.owner !== undefined) call(link.owner)
    listeners?.tell(call)
  }

  static #lost(link: WebSocketLink, cause: Error | undefined): void {
    link.answered()
    if (link.#writer !== undefined) link.#writer.destroyed = true
    link.#reader?.stop()
    link.deflate?.close()
    if (link.ending !== undefined) return
    link.endWith(brokenOff(cause, (link.#state & peerHasEnded) !== 0))
  }
}
