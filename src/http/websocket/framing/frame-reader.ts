/**
 * Feeds a `MessageReader` of `wire` with what a transport brings, and inflates what is compressed.
 *
 * While something is inflated nothing is read; what comes then is held. A chunk may hold many messages, and
 * inflated they may be a thousand times as much: so none is inflated while whoever takes them has enough.
 */
import { ProtocolError } from '../../../wire/errors.ts'
import { ByteCollector } from '../../../wire/websocket/byte-collector.ts'
import { MessageReader } from '../../../wire/websocket/message-reader.ts'
import type { MessageEvents } from '../../../wire/websocket/messages.ts'
import { compact, ownBytes } from '../incoming-message.ts'
import type { WebSocketSettings } from '../websocket-options.ts'
import type { MessageDeflate } from './message-deflate.ts'

export interface FrameEvents {
  /** Whether no more messages are wanted for now. */
  readonly satiated: boolean
  /** Text, or bytes that are whoever's it is. `size`: its bytes. */
  message(message: string | Uint8Array, size: number): void
  /** The bytes are valid during the call. */
  ping(data: Uint8Array): void
  /** The bytes are valid during the call. */
  pong(data: Uint8Array): void
  /** The peer has sent a close frame; nothing comes behind it. */
  concluded(code: number, reason: string): void
  /** What came breaks the rules or a limit; nothing is read any more. */
  unreadable(error: ProtocolError): void
  /** More is held than should be: true; or it is taken: false. */
  congested(congested: boolean): void
  /** Something had to be inflated, and now all that came is read. */
  caughtUp(): void
}

// While something is inflated: as much as a socket gives in one read.
const mostHeld = 65_536

export class FrameReader implements MessageEvents {
  readonly #events: FrameEvents
  readonly #reader: MessageReader
  readonly #deflate: MessageDeflate | undefined
  // Whether the bytes that are read now are overwritten afterwards.
  #shared = false
  #over = false
  #inflating = false
  // Whether something had to be inflated, and what came is not read to its end.
  #behind = false
  #catchingUp = false
  #congested = false
  // What is left of the chunk, and what came behind it.
  #rest: Uint8Array | undefined = undefined
  #held: ByteCollector | undefined = undefined
  #toInflate: (() => void) | undefined = undefined

  constructor(
    isServer: boolean,
    settings: WebSocketSettings,
    deflate: MessageDeflate | undefined,
    events: FrameEvents,
  ) {
    this.#events = events
    this.#deflate = deflate
    this.#reader = new MessageReader(this, settings.messageLimits, isServer, deflate !== undefined)
  }

  /** Reads a chunk, which it unmasks in place. `shared`: it is valid during this call only. */
  feed(bytes: Uint8Array, shared: boolean): void {
    if (this.#over) return
    if (this.#behind) this.#hold(bytes)
    else {
      this.#shared = shared
      const used = this.#read(bytes)
      if (!this.#inflating) return
      this.#behind = true
      if (used === bytes.length) return
      const rest = bytes.subarray(used)
      this.#rest = shared ? ownBytes(rest) : rest
    }
  }

  /** Whether what came is not read to its end. */
  get behind(): boolean {
    return this.#behind
  }

  /** More messages are wanted again. */
  goOn(): void {
    const inflate = this.#toInflate
    this.#toInflate = undefined
    inflate?.()
  }

  /** Nothing is read any more. */
  stop(): void {
    this.#over = true
    this.#behind = this.#inflating = false
    this.#rest = this.#held = this.#toInflate = undefined
    this.#reader.stop()
  }

  // As MessageEvents:

  text(text: string, size: number): void {
    this.#events.message(text, size)
  }

  binary(data: Uint8Array, view: boolean): void {
    let own = data
    if (view) own = this.#shared ? ownBytes(data) : compact(data)
    this.#events.message(own, data.byteLength)
  }

  ping(data: Uint8Array): void {
    this.#events.ping(data)
  }

  pong(data: Uint8Array): void {
    this.#events.pong(data)
  }

  close(code: number, reason: string): void {
    this.stop()
    this.#events.concluded(code, reason)
  }

  compressed(data: Uint8Array, fin: boolean, view: boolean): void {
    const bytes = view && this.#shared ? ownBytes(data) : data
    const take = (result: Uint8Array | ProtocolError): void => this.#inflated(result)
    const inflate = (): void => this.#deflate?.inflate(bytes, fin, take)
    this.#inflating = true
    if (this.#events.satiated) this.#toInflate = inflate
    else inflate()
  }

  #inflated(result: Uint8Array | ProtocolError): void {
    if (this.#over) return
    this.#inflating = false
    if (result instanceof ProtocolError) {
      this.#fail(result)
      return
    }
    try {
      this.#reader.inflated(result)
    } catch (error) {
      this.#fail(error)
    }
    if (!this.#over && this.#behind) this.#catchUp()
  }

  #read(bytes: Uint8Array): number {
    try {
      return this.#reader.feed(bytes)
    } catch (error) {
      this.#fail(error)
      return bytes.length
    }
  }

  #fail(error: unknown): void {
    this.stop()
    if (!(error instanceof ProtocolError)) throw error
    this.#events.unreadable(error)
  }

  #hold(bytes: Uint8Array): void {
    this.#held ??= new ByteCollector()
    this.#held.add(bytes, 0, bytes.length, Infinity)
    if (this.#held.size < mostHeld || this.#congested) return
    this.#congested = true
    this.#events.congested(true)
  }

  #catchUp(): void {
    // A loop and not a recursion: what is held may be many small messages.
    if (this.#catchingUp) return
    this.#catchingUp = true
    this.#shared = false
    while (!this.#inflating) {
      const bytes = this.#next()
      if (bytes === undefined) break
      const used = this.#read(bytes)
      if (used < bytes.length) this.#rest = bytes.subarray(used)
    }
    this.#catchingUp = false
    if (this.#inflating || this.#over) return
    this.#behind = false
    this.#events.caughtUp()
  }

  #next(): Uint8Array | undefined {
    const rest = this.#rest
    this.#rest = undefined
    if (rest !== undefined) return rest
    const held = this.#held
    this.#held = undefined
    if (this.#congested) {
      this.#congested = false
      this.#events.congested(false)
    }
    return held?.take()
  }
}
