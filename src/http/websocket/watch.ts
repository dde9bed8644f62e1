/**
 * Watches one connection: whether the peer is there, whether anything is said, and whether closing comes
 * to an end. One timer of a wheel, which is moved when it fires and not by each message: what comes
 * only leaves the number of the tick behind.
 *
 * A peer is alive if anything comes from it, or if it takes anything of what we send: it can't answer a
 * ping that stands behind a large message which it still reads.
 */
import { type TimerWheel, WheelTimer } from '../../concurrency/time/timer-wheel.ts'
import type { WebSocketSettings } from './websocket-options.ts'

export interface WatchEvents {
  /** Bytes that wait to be sent. */
  readonly outgoing: number
  /** Whether nothing can come, since we don't read. */
  readonly paused: boolean
  sendPing(): void
  /** Nothing came, after a ping. */
  peerVanished(): void
  /** No message for too long. */
  idled(): void
  /** What came before the peer's close frame is not answered within its time. */
  answered(): void
  /** Closing took too long. */
  closingTimedOut(): void
}

type Phase = 'quiet' | 'pinged' | 'late' | 'answering' | 'closing'

// How long the peer waits for our close frame at most: an answer that takes longer is nobody's.
const answerTime = 1_000

export class Watch extends WheelTimer {
  readonly #wheel: TimerWheel
  readonly #settings: WebSocketSettings
  readonly #events: WatchEvents
  #phase: Phase = 'quiet'
  /** When the peer was heard last, and when a message came or went, by the wheel's ticks. */
  #heard = 0
  #used = 0
  // When the answer to a ping was begun to be waited for, for how long, and what waited to be sent then.
  #asked = 0
  #allowed = 0
  #outgoing = 0

  constructor(wheel: TimerWheel, settings: WebSocketSettings, events: WatchEvents) {
    super(nothing)
    this.#wheel = wheel
    this.#settings = settings
    this.#events = events
  }

  start(): void {
    this.#wait()
    // The wheel's number stands still while nothing is armed.
    this.#heard = this.#used = this.#wheel.tick
  }

  /** Something came from the peer. */
  heard(): void {
    this.#heard = this.#wheel.tick
    if (this.#phase === 'pinged' || this.#phase === 'late') this.#phase = 'quiet'
  }

  /** A message came or went. */
  used(): void {
    this.#used = this.#wheel.tick
  }

  /** The peer has closed; what came before may still be answered. */
  answering(): void {
    this.#phase = 'answering'
    this.#wheel.arm(this, answerTime)
  }

  /** From now on, only the end is waited for. */
  closing(): void {
    this.#phase = 'closing'
    const { closeTimeout } = this.#settings
    if (closeTimeout === Infinity) this.#wheel.disarm(this)
    else this.#wheel.arm(this, closeTimeout)
  }

  stop(): void {
    this.#wheel.disarm(this)
  }

  /** @internal */
  override fire(): void {
    if (this.#phase === 'answering') {
      this.#events.answered()
      return
    }
    if (this.#phase === 'closing') {
      this.#events.closingTimedOut()
      return
    }
    if (this.#left(this.#used, this.#settings.idleTimeout) <= 0) {
      this.#events.idled()
      return
    }
    if (this.#phase === 'quiet') this.#checkQuiet()
    else this.#checkAnswer()
  }

  #checkQuiet(): void {
    const { heartbeat, heartbeatTimeout } = this.#settings
    if (this.#left(this.#heard, heartbeat) > 0) {
      this.#wait()
      return
    }
    this.#phase = 'pinged'
    this.#outgoing = this.#events.outgoing
    this.#events.sendPing()
    this.#await(heartbeatTimeout)
  }

  #checkAnswer(): void {
    const { heartbeatTimeout } = this.#settings
    const left = this.#left(this.#asked, this.#allowed)
    if (left > 0) {
      this.#arm(left)
      return
    }
    const { outgoing, paused } = this.#events
    const takes = outgoing < this.#outgoing
    this.#outgoing = outgoing
    if (takes || paused) {
      this.#phase = 'pinged'
      this.#await(heartbeatTimeout)
    } else if (this.#phase === 'pinged') {
      // If it was we who slept, its answer is there and only has to be read.
      this.#phase = 'late'
      this.#await(this.#wheel.resolution)
    } else this.#events.peerVanished()
  }

  #await(time: number): void {
    this.#asked = this.#wheel.tick
    this.#allowed = time
    this.#arm(time)
  }

  #wait(): void {
    const { heartbeat } = this.#settings
    this.#arm(heartbeat === Infinity ? Infinity : Math.max(this.#left(this.#heard, heartbeat), 0))
  }

  #arm(delay: number): void {
    const { idleTimeout } = this.#settings
    const idle = idleTimeout === Infinity ? Infinity : this.#left(this.#used, idleTimeout)
    const next = Math.min(delay, Math.max(idle, 0))
    if (next !== Infinity) this.#wheel.arm(this, next)
  }

  /** Milliseconds until `time` has passed since a tick. */
  #left(since: number, time: number): number {
    return time - (this.#wheel.tick - since) * this.#wheel.resolution
  }
}

function nothing(): void {}
