/**
 * The timeouts of a session. Each is moved with every request and hardly ever fires, so a timer is
 * not moved when its time is put off: it fires at the old time, sees that there is time left, and goes
 * on. What a request pays is the writing of a number.
 *
 * Accuracy: never early; late by up to 10 ms for timeouts under a second, by up to 100 ms otherwise.
 */
import { clock } from '../../concurrency/time/current-clock.ts'
import { TimerWheel, WheelTimer } from '../../concurrency/time/timer-wheel.ts'

// Under this the ticks of the coarse wheel are too long.
const short = 1000

// More at once are rare, and made anew.
const mostSpare = 1000

/** The wheels of one session. */
export class PhaseTimers {
  readonly coarse: TimerWheel = new TimerWheel(100)
  readonly fine: TimerWheel = new TimerWheel(10)
  readonly #spare: PhaseTimer[] = []

  /** A timer for a while: one that was used before, and is mostly on its wheel already. */
  lend(owner: TimerOwner): PhaseTimer {
    const timer = this.#spare.pop()
    if (timer === undefined) return new PhaseTimer(this, owner)
    timer.owner = owner
    return timer
  }

  /** Who was lent it must forget it. */
  takeBack(timer: PhaseTimer): void {
    timer.owner = nobody
    timer.clear()
    if (this.#spare.length < mostSpare) this.#spare.push(timer)
    else timer.stop()
  }

  close(): void {
    this.#spare.length = 0
    this.coarse.close()
    this.fine.close()
  }
}

/** Whose time may be up. */
export interface TimerOwner {
  /** @internal */
  timeUp(now: number): void
}

const nobody: TimerOwner = { timeUp() {} }

/** One timer: what a connection, or a request that has none yet, waits for at most. */
export class PhaseTimer extends WheelTimer {
  owner: TimerOwner
  readonly #timers: PhaseTimers
  #wheel: TimerWheel
  #until = Infinity
  // When the wheel calls next; Infinity if it does not.
  #due = Infinity

  constructor(timers: PhaseTimers, owner: TimerOwner) {
    super(fired)
    this.owner = owner
    this.#timers = timers
    this.#wheel = timers.coarse
  }

  /** Tells the owner once it is `until`, in the place of what was set before; `Infinity` for never. */
  set(until: number, now: number): void {
    this.#until = until
    if (until < this.#due) this.#arm(until, now)
  }

  clear(): void {
    this.#until = Infinity
  }

  /** Takes it off its wheel: for good, or until it is set again. */
  stop(): void {
    this.#until = this.#due = Infinity
    this.#wheel.disarm(this)
  }

  #arm(until: number, now: number): void {
    const delay = Math.max(until - now, 0)
    const wheel = delay < short ? this.#timers.fine : this.#timers.coarse
    if (wheel !== this.#wheel) {
      this.#wheel.disarm(this)
      this.#wheel = wheel
    }
    this.#due = until
    wheel.arm(this, delay)
  }

  /** @internal */
  fired(): void {
    this.#due = Infinity
    const until = this.#until
    if (until === Infinity) return
    const now = clock().now()
    if (now < until) {
      this.#arm(until, now)
    } else {
      this.#until = Infinity
      this.owner.timeUp(now)
    }
  }
}

// One for all, and not a closure for each connection.
function fired(this: WheelTimer): void {
  ;(this as PhaseTimer).fired()
}
