import { clock } from '../../concurrency/time/current-clock.ts'
import type { ClockTimer } from '../../concurrency/time/clock.ts'

/**
 * The `Date` line of responses, written once a second while there are responses to write. A server
 * that has nothing to do has no timer.
 */
export class HTTPDate {
  #line = ''
  #timer: ClockTimer | undefined = undefined

  /** `date: …`, with its line end. */
  get line(): string {
    if (this.#timer === undefined) this.#refresh()
    return this.#line
  }

  close(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #refresh(): void {
    const now = new Date()
    this.#line = `date: ${now.toUTCString()}\r\n`
    const left = 1_000 - now.getMilliseconds()
    this.#timer = clock().setTimer(left, this.#outdated, { background: true })
  }

  readonly #outdated = (): void => {
    this.#timer = undefined
  }
}
