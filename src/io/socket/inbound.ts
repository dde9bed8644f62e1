/**
 * The half of a transport that faces its sink: what is told, in which order, and when.
 *
 * `#direct` says that chunks may go straight to the sink, so that a chunk costs one test of one
 * field. Whatever gets in between (paused, bytes given back, closed) clears it; chunks that come all
 * the same are then held, or dropped once we are closing. What is held goes out in `#flush()`, in a
 * microtask, so that no sink is called from inside a call of its own.
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

export abstract class Inbound {
  readonly #copies: boolean
  #sink: Sink = nobody
  #direct = false
  #paused = true
  #flushing = false
  /** Nothing is told any more but `closed()`. */
  #abandoned = false
  #ended = false
  #endTold = false
  #closed = false
  #closedTold = false
  #error: Error | undefined = undefined
  #held: Uint8Array[] | undefined = undefined

  /** `copies`: bytes come in a buffer that is not ours to keep. */
  constructor(copies: boolean) {
    this.#copies = copies
  }

  protected abstract beginReading(): void
  protected abstract resumeReading(): void
  protected abstract pauseReading(): void

  start(sink: Sink): void {
    const first = this.#sink === nobody
    this.#sink = sink
    this.#endTold = this.#closedTold = false
    if (first) this.beginReading()
    this.resume()
    if (this.#ended || this.#closed) this.#flushSoon()
  }

  pause(): void {
    if (this.#sink === nobody || this.#paused) return
    this.#paused = true
    this.#direct = false
    this.pauseReading()
  }

  resume(): void {
    if (this.#sink === nobody || this.#abandoned) return
    this.#paused = false
    if (this.#held === undefined) this.#direct = true
    else this.#flushSoon()
    this.resumeReading()
  }

  unread(bytes: Uint8Array): void {
    if (bytes.length === 0 || this.#abandoned) return
    this.pause()
    this.#direct = false
    const kept = this.#copies ? Buffer.from(bytes) : bytes
    if (this.#held === undefined) this.#held = [kept]
    else this.#held.unshift(kept)
  }

  /** @internal Bytes came. `shared`: in a buffer that is not ours to keep. False: no more for now. */
  received(bytes: Uint8Array, shared: boolean): boolean {
    if (this.#direct) this.#sink.data(bytes, shared)
    else if (!this.#abandoned) (this.#held ??= []).push(shared ? Buffer.from(bytes) : bytes)
    return !this.#paused
  }

  /** @internal */
  peerEnded(): void {
    this.#ended = true
    this.#tellEnd()
  }

  /** @internal The first error is the one that counts. */
  failed(error: Error): void {
    this.#error ??= error
    this.#abandoned = true
    this.#direct = false
  }

  /** Whether the peer has ended, or all is over. */
  protected get over(): boolean {
    return this.#ended || this.#abandoned || this.#closed
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
    this.#closed = true
    this.#tellClosed()
  }

  /** Drops what is held; false if it was abandoned before, or the sink knows already. */
  protected abandon(error: Error | undefined): boolean {
    if (this.#abandoned || this.#closedTold) return false
    this.#error = error
    this.#abandoned = true
    this.#direct = false
    this.#held = undefined
    // Closed already, but for bytes that nobody took.
    if (this.#closed) this.#flushSoon()
    return true
  }

  /** Tells the sink nothing more, not even the end. */
  protected dismissSink(): void {
    this.#sink = nobody
    this.#abandoned = true
    this.#direct = false
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
        this.#direct = !this.#abandoned
      }
      if (bytes !== undefined) this.#sink.data(bytes, false)
    }
    if (this.#ended) this.#tellEnd()
    if (this.#closed) this.#tellClosed()
  }

  #tellEnd(): void {
    const told = this.#endTold || this.#sink === nobody
    if (told || this.#abandoned || this.#held !== undefined) return
    this.#endTold = true
    if (enclosingScope() === undefined) this.#sink.end()
    else outsideScopes(() => this.#sink.end())
  }

  #tellClosed(): void {
    if (this.#closedTold || this.#sink === nobody) return
    // An orderly end does not overtake bytes that were given back.
    if (this.#held !== undefined && !this.#abandoned) return
    this.#closedTold = true
    if (enclosingScope() === undefined) this.#sink.closed(this.#error)
    else outsideScopes(() => this.#sink.closed(this.#error))
  }
}
