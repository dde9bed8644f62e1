/**
 * Watches one connection: whether the peer is there, whether anything is said, and whether closing comes
 * to an end. One timer of a wheel, which is moved when it fires and not by each message: what comes
 * only leaves the number of the tick behind.
 *
 * A peer is alive if anything comes from it, or if it takes anything of what we send: it can't answer a
 * ping that stands behind a large message which it still reads.
 *
 * Whoever is watched is this timer itself: connections that are silent are many, and each has one object
 * less for that.
 */
import { type TimerWheel, WheelTimer } from '../../concurrency/time/timer-wheel.ts'
import type { Transport } from '../../io/transport.ts'
import type { WebSocketSettings } from './websocket-options.ts'

/** What many have in common who are watched. */
export interface WatchTerms {
  readonly wheel: TimerWheel
  readonly settings: WebSocketSettings
}

type Phase = 'quiet' | 'pinged' | 'late' | 'answering' | 'closing'

/** A ping that is not answered. */
interface Asked {
  /** When the answer was begun to be waited for, by the wheel's ticks, and for how long. */
  readonly at: number
  readonly allowed: number
  /** How much the system had taken of what we send; `Infinity` if that was all of it. */
  readonly taken: number
}

// How long the peer waits for our close frame at most: an answer that takes longer is nobody's.
const answerTime = 1_000

export abstract class Watch<Terms extends WatchTerms> extends WheelTimer {
  protected readonly terms: Terms
  #phase: Phase = 'quiet'
  /** When the peer was heard last, and when a message came or went, by the wheel's ticks. */
  #heard = 0
  #used = 0
  #asked: Asked | undefined = undefined

  constructor(terms: Terms) {
    super()
    this.terms = terms
  }

  abstract readonly transport: Transport
  /** Whether nothing can come, since we don't read. */
  protected abstract readonly paused: boolean
  protected abstract sendPing(): void
  /** Nothing came, after a ping. */
  protected abstract peerVanished(): void
  /** No message for too long. */
  protected abstract idled(): void
  /** What came before the peer's close frame is not answered within its time. */
  protected abstract answered(): void
  /** Closing took too long. */
  protected abstract closingTimedOut(): void

  protected startWatch(): void {
    Watch.#wait(this)
    // The wheel's number stands still while nothing is armed.
    this.#heard = this.#used = this.terms.wheel.tick
  }

  /** Something came from the peer. */
  protected heard(): void {
    this.#heard = this.terms.wheel.tick
    if (this.#phase === 'pinged' || this.#phase === 'late') {
      this.#phase = 'quiet'
      this.#asked = undefined
    }
  }

  /** A message came or went. */
  protected used(): void {
    this.#used = this.terms.wheel.tick
  }

  /** @internal The peer has closed; what came before may still be answered. */
  awaitAnswers(): void {
    this.#phase = 'answering'
    this.terms.wheel.arm(this, answerTime)
  }

  /** @internal From now on, only the end is waited for. */
  awaitEnd(): void {
    this.#phase = 'closing'
    const { wheel, settings } = this.terms
    if (settings.closeTimeout === Infinity) wheel.disarm(this)
    else wheel.arm(this, settings.closeTimeout)
  }

  protected stopWatch(): void {
    this.terms.wheel.disarm(this)
  }

  /** @internal */
  override fire(): void {
    if (this.#phase === 'answering') {
      this.answered()
      return
    }
    if (this.#phase === 'closing') {
      this.closingTimedOut()
      return
    }
    if (Watch.#unused(this) <= 0) {
      this.idled()
      return
    }
    if (this.#asked === undefined) Watch.#checkQuiet(this)
    else Watch.#checkAnswer(this, this.#asked)
  }

  // Static, what is private: with private methods each object would hold a mark of its own for that.

  static #checkQuiet(watch: Watch<WatchTerms>): void {
    const { heartbeat, heartbeatTimeout } = watch.terms.settings
    if (Watch.#left(watch, watch.#heard, heartbeat) > 0) {
      Watch.#wait(watch)
      return
    }
    const taken = Watch.#taken(watch)
    watch.sendPing()
    Watch.#await(watch, 'pinged', heartbeatTimeout, taken)
  }

  static #checkAnswer(watch: Watch<WatchTerms>, asked: Asked): void {
    const { wheel, settings } = watch.terms
    const left = Watch.#left(watch, asked.at, asked.allowed)
    if (left > 0) {
      Watch.#arm(watch, left)
      return
    }
    const taken = Watch.#taken(watch)
    const { bytesWritten, bytesQueued } = watch.transport
    if (bytesWritten - bytesQueued > asked.taken) {
      // As good as an answer. Maybe there was no ping, and now there is room for the next one.
      watch.heard()
      Watch.#wait(watch)
    } else if (watch.paused) Watch.#await(watch, 'pinged', settings.heartbeatTimeout, taken)
    else if (watch.#phase === 'pinged') {
      // If it was we who slept, its answer is there and only has to be read.
      Watch.#await(watch, 'late', wheel.resolution, taken)
    } else watch.peerVanished()
  }

  /**
   * The system has room for what it did not take as soon as the peer has taken what was before it. What it
   * takes at once tells nothing.
   */
  static #taken({ transport }: Watch<WatchTerms>): number {
    const { bytesWritten, bytesQueued } = transport
    return bytesQueued === 0 ? Infinity : bytesWritten - bytesQueued
  }

  static #await(
    watch: Watch<WatchTerms>,
    phase: 'pinged' | 'late',
    allowed: number,
    taken: number,
  ): void {
    watch.#phase = phase
    watch.#asked = { at: watch.terms.wheel.tick, allowed, taken }
    Watch.#arm(watch, allowed)
  }

  static #wait(watch: Watch<WatchTerms>): void {
    const { heartbeat } = watch.terms.settings
    const left =
      heartbeat === Infinity ? Infinity : Math.max(Watch.#left(watch, watch.#heard, heartbeat), 0)
    Watch.#arm(watch, left)
  }

  static #arm(watch: Watch<WatchTerms>, delay: number): void {
    const next = Math.min(delay, Math.max(Watch.#unused(watch), 0))
    if (next !== Infinity) watch.terms.wheel.arm(watch, next)
  }

  /** How long until it is idle. What came within a tick may have come at its end: rather a tick too long. */
  static #unused(watch: Watch<WatchTerms>): number {
    const { wheel, settings } = watch.terms
    return Watch.#left(watch, watch.#used, settings.idleTimeout + wheel.resolution)
  }

  /** Milliseconds until `time` has passed since a tick. */
  static #left({ terms: { wheel } }: Watch<WatchTerms>, since: number, time: number): number {
    return time - (wheel.tick - since) * wheel.resolution
  }
}
