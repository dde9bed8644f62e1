/**
 * Many timers that are moved far more often than they fire, for the price of a linked list: the
 * time-outs of the connections of a server or a session. One timer of the clock ticks while any is
 * armed, so arming, moving and disarming cost no more than asking for the time.
 *
 * A timer fires up to one tick late and never early.
 */
import { reportLost } from '../scope/lost-errors.ts'
import type { Clock, ClockTimer } from './clock.ts'
import { clock } from './current-clock.ts'

/** One timer of a wheel. It belongs to one owner, who arms it again and again. */
export class WheelTimer {
  /** @internal */
  previous: WheelTimer | undefined = undefined
  /** @internal */
  next: WheelTimer | undefined = undefined
  /** @internal The tick at which it is due; -1 while it is not armed. */
  due = -1
  /** @internal Not there in an owner that is its own timer. */
  declare readonly callback?: (this: WheelTimer) => void

  constructor(callback?: (this: WheelTimer) => void) {
    if (callback !== undefined) this.callback = callback
  }

  get armed(): boolean {
    return this.due >= 0
  }

  /** @internal An owner that is its own timer has this instead of a callback. */
  fire(): void {
    this.callback?.()
  }
}

// A power of two, so that a tick finds its slot with a mask; with ticks of 100 ms, one turn is 51 s.
const slotCount = 512

export class TimerWheel {
  readonly #resolution: number
  readonly #slots: (WheelTimer | undefined)[] = Array.from({ length: slotCount }, () => undefined)
  #tick = 0
  #armed = 0
  #clock: Clock = clock()
  #timer: ClockTimer | undefined
  // When tick number 0 was, so that a late timer makes up for the ticks that it missed.
  #origin = 0

  /** `resolution`: how long a tick is, in milliseconds. */
  constructor(resolution = 100) {
    this.#resolution = resolution
  }

  /** How many timers are armed. */
  get size(): number {
    return this.#armed
  }

  /**
   * The number of the tick that was last: a clock for the price of a field, which stands still while
   * nothing is armed, and is late if the loop is blocked.
   */
  get tick(): number {
    return this.#tick
  }

  /** How long a tick is, in milliseconds. */
  get resolution(): number {
    return this.#resolution
  }

  /** Arms `timer`, or moves it, to fire once after `delay` milliseconds. */
  arm(timer: WheelTimer, delay: number): void {
    if (timer.due >= 0) this.#unlink(timer)
    else if (this.#armed++ === 0 && this.#timer === undefined) this.#start()
    // From the clock and not from the last tick, which is long ago if the loop was blocked.
    const due = Math.ceil((this.#clock.now() - this.#origin + delay) / this.#resolution)
    timer.due = Math.max(due, this.#tick + 1)
    const slot = timer.due & (slotCount - 1)
    const first = this.#slots[slot]
    timer.previous = undefined
    timer.next = first
    if (first !== undefined) first.previous = timer
    this.#slots[slot] = timer
  }

  /** Stops `timer`; a timer that is not armed is left alone. */
  disarm(timer: WheelTimer): void {
    if (timer.due < 0) return
    this.#unlink(timer)
    timer.due = -1
    this.#armed--
  }

  /** Disarms everything and stops ticking. */
  close(): void {
    for (const [index, first] of this.#slots.entries()) {
      for (let timer = first; timer !== undefined; timer = timer.next) timer.due = -1
      this.#slots[index] = undefined
    }
    this.#armed = 0
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #start(): void {
    // For as long as it ticks: a wheel that is left over must not go on by the clock of the next test.
    this.#clock = clock()
    this.#origin = this.#clock.now() - this.#tick * this.#resolution
    this.#wait()
  }

  #wait(): void {
    const delay = this.#origin + (this.#tick + 1) * this.#resolution - this.#clock.now()
    this.#timer = this.#clock.setTimer(Math.max(delay, 1), this.#ticks, { background: true })
  }

  readonly #ticks = (): void => {
    this.#timer = undefined
    const target = Math.floor((this.#clock.now() - this.#origin) / this.#resolution)
    while (this.#tick < target && this.#armed > 0) {
      this.#tick++
      this.#fire(this.#slots[this.#tick & (slotCount - 1)])
    }
    this.#tick = Math.max(this.#tick, target)
    if (this.#armed > 0) this.#wait()
  }

  #fire(first: WheelTimer | undefined): void {
    const due: WheelTimer[] = []
    for (let timer = first; timer !== undefined; timer = timer.next) {
      if (timer.due <= this.#tick) due.push(timer)
    }
    for (const timer of due) {
      // One that fired before may have moved or stopped this one.
      if (timer.due !== this.#tick) continue
      this.disarm(timer)
      try {
        timer.fire()
      } catch (error) {
        reportLost(error, undefined, 'a timer')
      }
    }
  }

  #unlink(timer: WheelTimer): void {
    const { previous, next } = timer
    if (previous === undefined) this.#slots[timer.due & (slotCount - 1)] = next
    else previous.next = next
    if (next !== undefined) next.previous = previous
    timer.previous = timer.next = undefined
  }
}
