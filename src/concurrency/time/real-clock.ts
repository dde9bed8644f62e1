import { outsideScopes } from '../scope/context.ts'
import type { Clock, ClockTimer } from './clock.ts'

// setTimeout() takes 32 bits and fires at once above them.
const longestDelay = 2 ** 31 - 1

class RealTimer implements ClockTimer {
  readonly #due: number
  readonly #callback: () => void
  readonly #background: boolean
  #timeout: NodeJS.Timeout | undefined

  constructor(delay: number, callback: () => void, background: boolean) {
    this.#due = performance.now() + delay
    this.#callback = callback
    this.#background = background
    this.#arm(delay)
  }

  #arm(delay: number): void {
    this.#timeout = setTimeout(this.#fire, Math.min(Math.max(Math.ceil(delay), 0), longestDelay))
    if (this.#background) this.#timeout.unref()
  }

  readonly #fire = (): void => {
    // Node's timers may fire up to one millisecond early, and only once in 24.8 days.
    const left = this.#due - performance.now()
    if (left > 0) this.#arm(left)
    else {
      this.#timeout = undefined
      this.#callback()
    }
  }

  cancel(): void {
    if (this.#timeout === undefined) return
    clearTimeout(this.#timeout)
    this.#timeout = undefined
  }
}

export const realClock: Clock = {
  now: () => performance.now(),
  setTimer: (delay, callback, options) =>
    outsideScopes(() => new RealTimer(delay, callback, options?.background === true)),
}
