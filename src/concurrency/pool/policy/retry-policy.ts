import type { Names } from '../../../util/known-names.ts'
import { CancelledError } from '../../errors.ts'
import { checkFunction, checkOptions, show } from '../../scope/arguments.ts'
import { checkCount } from '../../sync/count.ts'

export interface RetryOptions {
  /** How often a task is tried in all, the first time included. */
  attempts: number
  /** How long to wait before the second attempt, in milliseconds. Default 100. */
  delay?: number
  /** By how much each further wait is longer. Default 2. */
  factor?: number
  /** The longest wait, in milliseconds. Default 30,000. */
  maxDelay?: number
  /**
   * Which part of the wait is left to chance, from 0 (none) to 1 (anything from 0 to the whole
   * wait), so that those who failed together do not come back together. Default 1, which is the
   * "full jitter" of "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).
   */
  jitter?: number
  /** Whether to try again after `error`, thrown by attempt number `attempt` (from 1). Default: yes. */
  retryIf?: (error: unknown, attempt: number) => boolean
  /** A number from 0 up to 1, for the jitter. Default `Math.random`. */
  random?: () => number
}

const names: Names<RetryOptions> = {
  attempts: true,
  delay: true,
  factor: true,
  maxDelay: true,
  jitter: true,
  retryIf: true,
  random: true,
}

/** When a task is tried again. A cancelled one never is. */
export class RetryPolicy {
  readonly attempts: number
  readonly #delay: number
  readonly #factor: number
  readonly #maxDelay: number
  readonly #jitter: number
  readonly #retryIf: ((error: unknown, attempt: number) => boolean) | undefined
  readonly #random: () => number

  /**
   * @throws {TypeError} if an option is of the wrong kind.
   * @throws {RangeError} if a number is out of range.
   */
  constructor(options: RetryOptions | number) {
    if (typeof options !== 'number') checkOptions('retry policy', options, '{ attempts: 3 }', names)
    const {
      attempts,
      delay = 100,
      factor = 2,
      maxDelay = 30_000,
      jitter = 1,
      retryIf,
      random = Math.random,
    } = typeof options === 'number' ? { attempts: options } : options
    this.attempts = checkCount('the attempts of a retry policy', attempts, 1, true)
    this.#delay = checkRange('the delay of a retry policy', delay, 0)
    this.#factor = checkRange('the factor of a retry policy', factor, 1)
    this.#maxDelay = checkRange('the longest delay of a retry policy', maxDelay, 0)
    this.#jitter = checkRange('the jitter of a retry policy', jitter, 0, 1)
    if (retryIf !== undefined) checkFunction('ask whether to try again', retryIf)
    checkFunction('leave a part of the wait to chance', random)
    this.#retryIf = retryIf
    this.#random = random
  }

  /**
   * How long to wait before the next attempt, in milliseconds; undefined if there is none.
   * `attempt`: which one failed, from 1.
   */
  delayAfter(attempt: number, error: unknown): number | undefined {
    if (attempt >= this.attempts || CancelledError.is(error)) return undefined
    if (this.#retryIf !== undefined && !this.#retryIf(error, attempt)) return undefined
    const longest = Math.min(this.#delay * this.#factor ** (attempt - 1), this.#maxDelay)
    return longest * (1 - this.#jitter * this.#random())
  }
}

function checkRange(what: string, value: number, least: number, most = Infinity): number {
  if (typeof value === 'number' && value >= least && value <= most && value !== Infinity)
    return value
  const allowed = most === Infinity ? `${least} or more` : `a number from ${least} to ${most}`
  const message = `Cannot use ${show(value)} as ${what}: expected ${allowed}`
  throw typeof value === 'number' ? new RangeError(message) : new TypeError(message)
}
