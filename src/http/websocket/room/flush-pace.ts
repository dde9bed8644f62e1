/**
 * When a room writes what was published. At the end of the turn of the loop, if the last time is long
 * enough ago: as long as it took. Under load it so takes half of the loop's time at most, and the more
 * comes meanwhile the more leaves in one write.
 */
import type { ClockTimer } from '../../../concurrency/time/clock.ts'
import { clock } from '../../../concurrency/time/current-clock.ts'
import { nextTurn } from '../../../concurrency/time/turn-queue.ts'

// Timers count whole milliseconds: a wait for much less would take four times as long as it should.
const shortestDelay = 0.25

export class FlushPace {
  readonly #maxDelay: number
  readonly #flush: () => void
  #timer: ClockTimer | undefined = undefined
  // When the next may come.
  #earliest = 0

  /** `maxDelay`: how much later than at the end of the turn, in milliseconds. */
  constructor(maxDelay: number, flush: () => void) {
    this.#maxDelay = maxDelay
    this.#flush = flush
  }

  /** Something is there to be written. */
  begin(): void {
    const time = clock()
    const delay = Math.min(this.#earliest - time.now(), this.#maxDelay)
    // Whoever is in the room keeps the process alive.
    if (delay >= shortestDelay) {
      this.#timer = time.setTimer(delay, this.#due, { background: true })
    } else this.#timer = nextTurn(this.#flush)
  }

  /** Nothing is there any more. */
  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  /** All is written, which was begun at `began`. */
  done(began: number): void {
    this.stop()
    const now = clock().now()
    this.#earliest = now + (now - began)
  }

  // What comes in this turn goes with it.
  readonly #due = (): void => {
    this.#timer = nextTurn(this.#flush)
  }
}
