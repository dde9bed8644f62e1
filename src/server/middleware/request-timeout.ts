import { show } from '../../concurrency/scope/arguments.ts'
import { moveOnAfter } from '../../concurrency/time/timeout.ts'
import { HTTPError } from '../messages/http-error.ts'
import type { ServerMiddleware } from '../routing/route.ts'
import { type Checks, checkSettings, oneOf, optional } from '../option-checks.ts'

export interface RequestTimeoutOptions {
  /** What is answered: 503, the default, or 504 where the handler only waits for another server. */
  status?: 503 | 504
}

const checks: Checks<RequestTimeoutOptions> = { status: optional(oneOf(503, 504)) }

/**
 * Gives handlers `limit` milliseconds to come up with a response; then everything that they wait for
 * is cancelled, and 503 is answered. A response that is streamed may take longer than that: a route's
 * own `timeout` counts to its end.
 *
 * Costs a request a scope and a timer, 1.5 µs (`npm run bench -- middleware`).
 *
 * Throws RangeError for a limit that is not above 0.
 *
 * @example
 * ```ts
 * const app = new Application().use(requestTimeout(10)).get('/', async () => {
 *   await sleep(60_000)
 *   return text('too late')
 * })
 * console.log((await app.fetch(new Request('http://localhost/'))).status) // 503
 * ```
 */
export function requestTimeout(
  limit: number,
  options: RequestTimeoutOptions = {},
): ServerMiddleware {
  checkSettings('requestTimeout()', options, checks)
  if (typeof limit !== 'number' || !(limit > 0)) {
    throw new RangeError(`Cannot limit requests to ${show(limit)} ms: expected more than 0`)
  }
  const { status = 503 } = options
  return async (request, next) => {
    const result = await moveOnAfter(limit, () => next(request))
    if (!result.timedOut) return result.value
    throw new HTTPError(status, `The request took longer than ${limit} ms`)
  }
}
