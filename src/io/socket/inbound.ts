/**
 * The half of a transport that faces its sink: what is told, in which order, and when.
 *
 * `direct` says that chunks may go straight to the sink, so that a chunk costs one test of one
 * flag. Whatever gets in between (paused, bytes given back, closed) clears it; chunks that come all
 * the same are then held, or dropped once we are closing. What is held goes out in `#flush()`, in a
 * microtask, so that no sink is called from inside a call of its own.
 *
 * There is one of these for each connection, most of which are silent. So its flags are bits of one
 * number, and what is private to it are static methods: with others, each object would hold a mark.
 */
import { enclosingScope, outsideScopes } from '../../concurrency/scope/context.ts'
import type { Sink } from '../transport.ts'

/** Who hears of a transport before a sink is there: nobody. */
const nobody: Sink = {
  data: () => undefined,
  end: () => undefined,
  drain: () => undefined,
  closed: () => undefined,
}

const direct = 1
const paused = 2
const flushing = 4
/** Nothing is told any more but `closed()`. */
const abandoned = 8
const ended = 16
const endTold = 32
const closed = 64
const closedTold = 128
/** Bytes come in a buffer that is not ours to keep. */
const copies = 256
/** Nothing is to be written any more: for whoever writes. */
const mute = 512

export abstract class Inbound {
  #state: number
  #sink: Sink = nobody
  #error: Error | undefined = undefined
  #held: Uint8Array[] | undefined = undefined

  /** `shared`: bytes come in a buffer that is not ours to keep. */
  constructor(shared: boolean) {
    this.#state = shared ? paused | copies : paused
  }

  protected abstract beginReading(): void
  protected abstract resumeReading(): void
  protected abstract pauseReading(): void

  start(sink: Sink): void {
    const first = this.#sink === nobody
    this.#sink = sink
    this.#state &= ~(endTold | closedTold)
    if (first) this.beginReading()
    this.resume()
    if ((this.#state & (ended | closed)) !== 0) Inbound.#flushSoon(this)
  }

  pause(): void {
    if (this.#sink === nobody || (this.#state & paused) !== 0) return
    this.#state = (this.#state | paused) & ~direct
    this.pauseReading()
  }

  resume(): void {
    if (this.#sink === nobody || (this.#state & abandoned) !== 0) return
    this.#state &= ~paused
    if (this.#held === undefined) this.#state |= direct
    else Inbound.#flushSoon(this)
    this.resumeReading()
  }

  unread(bytes: Uint8Array): void {
    if (bytes.length === 0 || (this.#state & abandoned) !== 0) return
    this.pause()
    this.#state &= ~direct
    const kept = (this.#state & copies) !== 0 ? Buffer.from(bytes) : bytes
    if (this.#held === undefined) this.#held = [kept]
    else this.#held.unshift(kept)
  }

  /** @internal Bytes came. `shared`: in a buffer that is not ours to keep. False: no more for now. */
  received(bytes: Uint8Array, shared: boolean): boolean {
    if ((this.#state & direct) !== 0) this.#sink.data(bytes, shared)
    else if ((this.#state & abandoned) === 0) {
      ;(this.#held ??= []).push(shared ? Buffer.from(bytes) : bytes)
    }
    return (this.#state & paused) === 0
  }

  /** @internal */
  peerEnded(): void {
    this.#state |= ended
    Inbound.#tellEnd(this)
  }

  /** @internal The first error is the one that counts. */
  failed(error: Error): void {
    this.#error ??= error
    this.#state = (this.#state | abandoned) & ~direct
  }

  /** Whether the peer has ended, or all is over. */
  protected get over(): boolean {
    return (this.#state & (ended | abandoned | closed)) !== 0
  }

  /** Whether writing does anything. */
  protected get writable(): boolean {
    return (this.#state & mute) === 0
  }

  protected endWriting(): void {
    this.#state |= mute
  }

  protected get holdsBytes(): boolean {
    return this.#held !== undefined
  }

  /** Takes what is held, for another reader than a sink. */
  protected takeHeld(): readonly Uint8Array[] {
    const held = this.#held ?? []
    this.#held = undefined
    return held
  }

  protected tellDrain(): void {
    if (enclosingScope() === undefined) this.#sink.drain()
    else outsideScopes(() => this.#sink.drain())
  }

  protected tellClosed(): void {
    this.#state |= closed
    Inbound.#tellClosed(this)
  }

  /** Drops what is held; false if it was abandoned before, or the sink knows already. */
  protected abandon(error: Error | undefined): boolean {
    if ((this.#state & (abandoned | closedTold)) !== 0) return false
    this.#error = error
    this.#state = (this.#state | abandoned) & ~direct
    this.#held = undefined
    // Closed already, but for bytes that nobody took.
    if ((this.#state & closed) !== 0) Inbound.#flushSoon(this)
    return true
  }

  /** Tells the sink nothing more, not even the end. */
  protected dismissSink(): void {
    this.#sink = nobody
    this.#state = (this.#state | abandoned) & ~direct
  }

  static #flushSoon(inbound: Inbound): void {
    if ((inbound.#state & flushing) !== 0) return
    inbound.#state |= flushing
    outsideScopes(() => queueMicrotask(() => Inbound.#flush(inbound)))
  }

  static #flush(inbound: Inbound): void {
    inbound.#state &= ~flushing
    while ((inbound.#state & paused) === 0 && inbound.#held !== undefined) {
      const bytes = inbound.#held.shift()
      if (inbound.#held.length === 0) {
        inbound.#held = undefined
        if ((inbound.#state & abandoned) === 0) inbound.#state |= direct
      }
      if (bytes !== undefined) inbound.#sink.data(bytes, false)
    }
    if ((inbound.#state & ended) !== 0) Inbound.#tellEnd(inbound)
    if ((inbound.#state & closed) !== 0) Inbound.#tellClosed(inbound)
  }

  static #tellEnd(inbound: Inbound): void {
    if (inbound.#sink === nobody || inbound.#held !== undefined) return
    if ((inbound.#state & (endTold | abandoned)) !== 0) return
    inbound.#state |= endTold
    if (enclosingScope() === undefined) inbound.#sink.end()
    else outsideScopes(() => inbound.#sink.end())
  }

  static #tellClosed(inbound: Inbound): void {
    if (inbound.#sink === nobody || (inbound.#state & closedTold) !== 0) return
    // An orderly end does not overtake bytes that were given back.
    if (inbound.#held !== undefined && (inbound.#state & abandoned) === 0) return
    inbound.#state |= closedTold
    const error = inbound.#error
    if (enclosingScope() === undefined) inbound.#sink.closed(error)
    else outsideScopes(() => inbound.#sink.closed(error))
  }
}
