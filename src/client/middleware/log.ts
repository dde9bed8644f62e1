import { clock } from '../../concurrency/time/current-clock.ts'
import { shown } from '../../util/option-kinds.ts'
import type { ClientMiddleware } from '../session-options.ts'

/** What became of one request. */
export interface RequestLog {
  readonly method: string
  /** Without user and password. */
  readonly url: string
  /** Undefined if there was no answer. */
  readonly status: number | undefined
  /** Until the head of the answer, in milliseconds. */
  readonly duration: number
  /** Undefined if there was an answer. */
  readonly error: unknown
}

/**
 * A middleware that tells of each request once its head has come or it has failed; those of followed
 * redirects too. Innermost, it tells of each repetition by `retry()`; outermost, of what came of all.
 *
 * @example
 * ```ts no-run
 * const told = log(({ method, url, status, duration }) => console.log(method, url, status, duration))
 * await using session = new ClientSession({ middleware: [told] })
 * ```
 *
 * @throws TypeError for what is no function
 */
export function log(tell: (entry: RequestLog) => void): ClientMiddleware {
  if (typeof tell !== 'function') {
    throw new TypeError(
      `Cannot log by ${shown(tell)}: expected a function that is told of each request`,
    )
  }
  return async (request, next) => {
    const begun = clock().now()
    const { method } = request
    const url = request.url.replace(/^([a-z]+:\/\/)[^/?#]*@/i, '$1')
    try {
      const response = await next(request)
      const duration = clock().now() - begun
      tell({ method, url, status: response.status, duration, error: undefined })
      return response
    } catch (error) {
      tell({ method, url, status: undefined, duration: clock().now() - begun, error })
      throw error
    }
  }
}
