/**
 * How many tasks may start in a time: a bucket of tokens that fills at a steady rate.
 *
 * It is kept as the one time at which the bucket will be full again (the "theoretical arrival time"
 * of the generic cell rate algorithm, ITU-T I.371), so that no timer has to fill it.
 */
import type { Names } from '../../../util/known-names.ts'
import { checkOptions, show } from '../../scope/arguments.ts'
import { clock } from '../../time/current-clock.ts'

export interface RateOptions {
  /** How many tasks may start per `interval`. */
  limit: number
  /** In milliseconds. Default 1,000. */
  interval?: number
  /** How many may start at once after a quiet time. Default `limit`; 1 spaces them evenly. */
  burst?: number
}

// Sums of fractions of milliseconds differ in their last digits; a thousandth of one is no time.
const tolerance = 0.001

const names: Names<RateOptions> = { limit: true, interval: true, burst: true }

export class TokenBucket {
  /** Milliseconds in which one token comes in. */
  readonly #spacing: number
  /** How long it takes to fill the bucket but for the token that is taken. */
  readonly #slack: number
  #fullAt = -Infinity

  /**
   * @throws {TypeError} if an option is of the wrong kind.
   * @throws {RangeError} if a number is out of range.
   */
  constructor(options: RateOptions) {
    checkOptions('rate', options, '{ limit: 10 }', names)
    const { limit, interval = 1_000, burst = Math.max(1, Math.floor(limit)) } = options
    check('the limit of a rate', limit, limit > 0, 'a number above 0')
    check('the interval of a rate', interval, interval > 0, 'a number above 0')
    check('the burst of a rate', burst, burst >= 1, '1 or more')
    this.#spacing = interval / limit
    this.#slack = (burst - 1) * this.#spacing
  }

  /** How many milliseconds it takes until there is a token; 0 if there is one. */
  delay(): number {
    const delay = this.#fullAt - this.#slack - clock().now()
    return delay > tolerance ? delay : 0
  }

  /** How many tokens there are. */
  tokens(): number {
    const now = clock().now()
    const filled = now + this.#slack + tolerance - Math.max(this.#fullAt, now)
    return Math.max(Math.floor(filled / this.#spacing) + 1, 0)
  }

  /** Takes a token; to be called when `delay()` is 0. */
  take(): void {
    this.#fullAt = Math.max(this.#fullAt, clock().now()) + this.#spacing
  }
}

function check(what: string, value: number, enough: boolean, allowed: string): void {
  if (typeof value === 'number' && enough && value < Infinity) return
  const message = `Cannot use ${show(value)} as ${what}: expected ${allowed}`
  throw typeof value === 'number' ? new RangeError(message) : new TypeError(message)
}
