import { clock } from '../../concurrency/time/current-clock.ts'
import type { ClockTimer } from '../../concurrency/time/clock.ts'

/**
 * The `Date` line of responses, written once a second while there are responses to write. A server
 * that has nothing to do has no timer.
 */
export class HTTPDate {
  #line = ''
  #lastLine = ''
  #timer: ClockTimer | undefined = undefined

  /** `date: …`, with its line end. */
  get line(): string {
    if (this.#timer === undefined) this.#refresh()
    return this.#line
  }

  /** The same as the last line of a head: the empty one is behind it. */
  get lastLine(): string {
    if (this.#timer === undefined) this.#refresh()
    return this.#lastLine
  }

  close(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #refresh(): void {
    const now = new Date()
    this.#line = `date: ${now.toUTCString()}\r\n`
    this.#lastLine = `${this.#line}\r\n`
    const left = 1_000 - now.getMilliseconds()
    this.#timer = clock().setTimer(left, this.#outdated, { background: true })
  }

  readonly #outdated = (): void => {
    this.#timer = undefined
  }
}
