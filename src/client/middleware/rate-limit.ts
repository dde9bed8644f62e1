import { BusyResourceError } from '../../concurrency/errors.ts'
import { type RateOptions, TokenBucket } from '../../concurrency/pool/policy/token-bucket.ts'
import { sleep } from '../../concurrency/time/sleep.ts'
import { checkKinds, type Kinds } from '../../util/option-kinds.ts'
import { atLeast } from '../request/request-options.ts'
import type { ClientMiddleware } from '../session-options.ts'

export interface RateLimitOptions extends RateOptions {
  /** Whether each origin has its own. Default false: all requests of the session share one. */
  perHost?: boolean | undefined
  /** How long a request may wait for its turn, in milliseconds. Default: as long as it has time. */
  maxWait?: number | undefined
}

const kinds: Kinds<RateLimitOptions> = {
  limit: 'any',
  interval: 'any',
  burst: 'any',
  perHost: 'boolean',
  maxWait: 'any',
}

// Those that were asked for last: a crawl of a million hosts is not to fill the memory.
const mostHosts = 10_000

/**
 * A middleware that lets so many requests begin in a time, in the order in which they come, and
 * makes others wait. Redirects that are followed and repetitions by a `retry()` outside of it count.
 *
 * @example
 * ```ts no-run
 * // Ten a second to each host, never two at once.
 * const polite = rateLimit({ limit: 10, burst: 1, perHost: true })
 * await using session = new ClientSession({ middleware: [polite] })
 * ```
 *
 * Cancellation: ends the wait; the turn is lost.
 *
 * @throws TypeError or RangeError for an option that makes no sense; with `maxWait`, the request fails with
 *   BusyResourceError
 */
export function rateLimit(options: RateLimitOptions): ClientMiddleware {
  checkKinds(options, kinds, 'rateLimit()')
  const { perHost = false, maxWait: most = Infinity, ...rate } = options
  const maxWait = atLeast(0, 'maxWait', most)
  const shared = new TokenBucket(rate)
  const buckets = new Map<string, TokenBucket>()

  function bucketOf(url: string): TokenBucket {
    if (!perHost) return shared
    const { origin } = new URL(url)
    const bucket = buckets.get(origin) ?? new TokenBucket(rate)
    buckets.delete(origin)
    buckets.set(origin, bucket)
    if (buckets.size > mostHosts) buckets.delete(buckets.keys().next().value as string)
    return bucket
  }

  return async (request, next) => {
    const bucket = bucketOf(request.url)
    const wait = bucket.delay()
    if (wait > maxWait) {
      throw new BusyResourceError(
        `Cannot send a request for ${wait} ms: so many came before it that it would wait longer than ${maxWait} ms`,
      )
    }
    // Its turn is its own from now on, so that nobody overtakes.
    bucket.take()
    if (wait > 0) await sleep(wait)
    return next(request)
  }
}
