/**
 * How long a connection waits for its client, one thing at a time: a head, the next request, a body,
 * or the end. One timer of the server's wheel, which is moved and not made anew.
 *
 * A body has two limits. Nothing at all for a while is a client that is gone; and on the whole it has
 * to come at a least rate, or a client could hold a handler for days with a byte now and then. Only
 * time in which we wait for the client counts, not what our own handler takes.
 */
import { clock } from '../../concurrency/time/current-clock.ts'
import { type TimerWheel, WheelTimer } from '../../concurrency/time/timer-wheel.ts'
import type { ServerTimeouts } from '../server-options.ts'

export type ReadPhase = 'none' | 'head' | 'keepAlive' | 'body' | 'linger'

export interface ReadTimeoutListener {
  /** What was waited for did not come. */
  timedOut(phase: ReadPhase): void
}

// How often a body is looked at.
const bodyCheckInterval = 1_000

/** It is its own timer: there is one for each connection. */
export class ReadTimer extends WheelTimer {
  readonly #wheel: TimerWheel
  readonly #timeouts: ServerTimeouts
  readonly #listener: ReadTimeoutListener
  #phase: ReadPhase = 'none'
  // For how long the timer was armed last.
  #delay = 0
  // When the wait for the next request began, by the wheel's ticks.
  #idleSince = 0
  // Of a body: how much came, since when we wait for more of it (-1: we don't), and how long before that.
  #bytes = 0
  #waitingSince = -1
  #waited = 0
  #lastBytes = 0
  #slow = false

  constructor(wheel: TimerWheel, timeouts: ServerTimeouts, listener: ReadTimeoutListener) {
    super()
    this.#wheel = wheel
    this.#timeouts = timeouts
    this.#listener = listener
  }

  get phase(): ReadPhase {
    return this.#phase
  }

  /** Of a body that timed out: whether it came, but below the rate. */
  get slow(): boolean {
    return this.#slow
  }

  /** Waits for nothing. The timer runs on: most likely it is wanted again before it fires. */
  stop(): void {
    this.#phase = 'none'
  }

  /** Stops for good. */
  close(): void {
    this.#phase = 'none'
    this.#wheel.disarm(this)
  }

  /** Waits for the rest of a head, from now on: that more of it comes moves nothing. */
  head(): void {
    if (this.#phase === 'head') return
    this.#phase = 'head'
    ReadTimer.#arm(this, this.#timeouts.head)
  }

  /**
   * Waits for the next request. Comes after each request, and so touches no list: a timer that runs is
   * left where it is, and moved when it fires too early.
   */
  keepAlive(): void {
    const { keepAlive } = this.#timeouts
    if (!this.armed || this.#delay > keepAlive) ReadTimer.#arm(this, keepAlive)
    this.#phase = 'keepAlive'
    this.#idleSince = this.#wheel.tick
  }

  /** Waits for the client to end its side. */
  linger(): void {
    this.#phase = 'linger'
    ReadTimer.#arm(this, this.#timeouts.linger)
  }

  /** Waits for a body of which `bytes` are here; `waiting`: whether more may come at once. */
  body(waiting: boolean, bytes: number): void {
    this.#phase = 'body'
    this.#bytes = bytes
    this.#waited = 0
    this.#lastBytes = clock().now()
    this.#waitingSince = waiting ? this.#lastBytes : -1
    ReadTimer.#arm(this, bodyCheckInterval)
  }

  /** Some of the body came. */
  received(bytes: number): void {
    if (this.#phase !== 'body') return
    this.#bytes += bytes
    this.#lastBytes = clock().now()
  }

  /** We don't take any more of the body for now. */
  pauseBody(): void {
    if (this.#waitingSince < 0) return
    this.#waited += clock().now() - this.#waitingSince
    this.#waitingSince = -1
  }

  resumeBody(): void {
    if (this.#waitingSince >= 0) return
    this.#waitingSince = this.#lastBytes = clock().now()
  }

  /** @internal */
  override fire(): void {
    const phase = this.#phase
    const left = ReadTimer.#left(this, phase)
    if (left > 0) ReadTimer.#arm(this, left)
    else if (phase !== 'none') {
      this.#phase = 'none'
      this.#listener.timedOut(phase)
    }
  }

  // Static, what is private: with private methods each timer would hold a mark of its own for that.

  static #arm(timer: ReadTimer, delay: number): void {
    timer.#delay = delay
    timer.#wheel.arm(timer, delay)
  }

  // How long to wait on.
  static #left(timer: ReadTimer, phase: ReadPhase): number {
    if (phase === 'body') return ReadTimer.#bodyTooSlow(timer) ? 0 : bodyCheckInterval
    if (phase !== 'keepAlive') return 0
    const idle = (timer.#wheel.tick - timer.#idleSince) * timer.#wheel.resolution
    return timer.#timeouts.keepAlive - idle
  }

  static #bodyTooSlow(timer: ReadTimer): boolean {
    timer.#slow = false
    if (timer.#waitingSince < 0) return false
    const now = clock().now()
    if (now - timer.#lastBytes >= timer.#timeouts.bodyIdle) return true
    const waited = timer.#waited + now - timer.#waitingSince
    if (waited < timer.#timeouts.bodyRateGrace) return false
    timer.#slow = timer.#bytes < (timer.#timeouts.bodyRate * waited) / 1_000
    return timer.#slow
  }
}
