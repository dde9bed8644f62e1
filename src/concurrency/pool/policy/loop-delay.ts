import type { ClockTimer } from '../../time/clock.ts'
import { clock } from '../../time/current-clock.ts'

// Often enough to see a block of a tenth of a second, and seldom enough to cost nothing.
const interval = 50

/** How late the event loop is: what the process itself has too much of. */
export class LoopDelay {
  readonly #most: number
  readonly #onLate: () => void
  #timer: ClockTimer | undefined = undefined

  /** `onLate` is called after each time that a timer was more than `most` milliseconds late. */
  constructor(most: number, onLate: () => void) {
    this.#most = most
    this.#onLate = onLate
  }

  start(): void {
    if (this.#timer !== undefined) return
    const due = clock().now() + interval
    const ring = (): void => {
      this.#timer = undefined
      const delay = clock().now() - due
      this.start()
      if (delay > this.#most) this.#onLate()
    }
    this.#timer = clock().setTimer(interval, ring, { background: true })
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }
}
