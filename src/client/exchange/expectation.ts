/**
 * `Expect: 100-continue` (RFC 9110 §10.1.1): the body waits until the server says that it wants it, or
 * answers without having seen it. Many servers know nothing of it and wait for the body themselves, so
 * the wait is a short one.
 */
import { PhaseTimer, type PhaseTimers } from '../connection/phase-timer.ts'

const line = 'Expect: 100-continue\r\n'

// RFC 9110 §10.1.1: a client is not to wait for ever. As curl.
export const defaultContinueWait = 1000

export class Expectation {
  readonly #wait: number
  readonly #timer: PhaseTimer
  #holds = false

  /** `wait`: how long the body waits; then `go` is called. */
  constructor(wait: number, timers: PhaseTimers, go: () => void) {
    this.#wait = wait
    this.#timer = new PhaseTimer(timers, { timeUp: go })
  }

  /** Whether the body waits. */
  get holds(): boolean {
    return this.#holds
  }

  /** The head that says so, of one that does not. */
  headOf(head: string): string {
    return `${head.slice(0, -2)}${line}\r\n`
  }

  begin(now: number): void {
    this.#holds = true
    this.#timer.set(now + this.#wait, now)
  }

  /** The wait is over, whatever ended it. Returns whether there was one. */
  end(): boolean {
    const held = this.#holds
    this.#holds = false
    this.#timer.stop()
    return held
  }
}
