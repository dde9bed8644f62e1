/**
 * How long a connection waits for its client to take what was written. Every byte that the system takes
 * off our hands counts as progress.
 */
import { type TimerWheel, WheelTimer } from '../../concurrency/time/timer-wheel.ts'
import type { Transport } from '../../io/transport.ts'

export interface StallListener {
  /** The client takes nothing any more. */
  stalled(): void
}

export class WriteTimer {
  readonly #wheel: TimerWheel
  readonly #transport: Transport
  readonly #timeout: number
  readonly #listener: StallListener
  readonly #timer: WheelTimer
  #queued = 0

  constructor(wheel: TimerWheel, transport: Transport, timeout: number, listener: StallListener) {
    this.#wheel = wheel
    this.#transport = transport
    this.#timeout = timeout
    this.#listener = listener
    this.#timer = new WheelTimer(() => this.#fired())
  }

  /** More was written than the client takes at once. */
  start(): void {
    this.#queued = this.#transport.bytesQueued
    this.#wheel.arm(this.#timer, this.#timeout)
  }

  stop(): void {
    this.#wheel.disarm(this.#timer)
  }

  #fired(): void {
    const queued = this.#transport.bytesQueued
    // All of it: whoever waits for that is told by the transport.
    if (queued === 0) return
    if (queued < this.#queued) this.start()
    else this.#listener.stalled()
  }
}
