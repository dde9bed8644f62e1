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

export class ReadTimer {
  readonly #wheel: TimerWheel
  readonly #timeouts: ServerTimeouts
  readonly #listener: ReadTimeoutListener
  readonly #timer: WheelTimer
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
    this.#wheel = wheel
    this.#timeouts = timeouts
    this.#listener = listener
    this.#timer = new WheelTimer(() => this.#fired())
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
    this.#wheel.disarm(this.#timer)
  }

  /** Waits for the rest of a head, from now on: that more of it comes moves nothing. */
  head(): void {
    if (this.#phase === 'head') return
    this.#phase = 'head'
    this.#arm(this.#timeouts.head)
  }

  /**
   * Waits for the next request. Comes after each request, and so touches no list: a timer that runs is
   * left where it is, and moved when it fires too early.
   */
  keepAlive(): void {
    const { keepAlive } = this.#timeouts
    if (!this.#timer.armed || this.#delay > keepAlive) this.#arm(keepAlive)
    this.#phase = 'keepAlive'
    this.#idleSince = this.#wheel.tick
  }

  /** Waits for the client to end its side. */
  linger(): void {
    this.#phase = 'linger'
    this.#arm(this.#timeouts.linger)
  }

  /** Waits for a body of which `bytes` are here; `waiting`: whether more may come at once. */
  body(waiting: boolean, bytes: number): void {
    this.#phase = 'body'
    this.#bytes = bytes
    this.#waited = 0
    this.#lastBytes = clock().now()
    this.#waitingSince = waiting ? this.#lastBytes : -1
    this.#arm(bodyCheckInterval)
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

  #arm(delay: number): void {
    this.#delay = delay
    this.#wheel.arm(this.#timer, delay)
  }

  #fired(): void {
    const phase = this.#phase
    const left = this.#left(phase)
    if (left > 0) this.#arm(left)
    else if (phase !== 'none') {
      this.#phase = 'none'
      this.#listener.timedOut(phase)
    }
  }

  // How long to wait on.
  #left(phase: ReadPhase): number {
    if (phase === 'body') return this.#bodyTooSlow() ? 0 : bodyCheckInterval
    if (phase !== 'keepAlive') return 0
    const idle = (this.#wheel.tick - this.#idleSince) * this.#wheel.resolution
    return this.#timeouts.keepAlive - idle
  }

  #bodyTooSlow(): boolean {
    this.#slow = false
    if (this.#waitingSince < 0) return false
    const now = clock().now()
    if (now - this.#lastBytes >= this.#timeouts.bodyIdle) return true
    const waited = this.#waited + now - this.#waitingSince
    if (waited < this.#timeouts.bodyRateGrace) return false
    this.#slow = this.#bytes < (this.#timeouts.bodyRate * waited) / 1_000
    return this.#slow
  }
}
