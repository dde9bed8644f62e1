/** So many requests of each client in a time, and no more. */
import { clock } from '../../concurrency/time/current-clock.ts'
import { HTTPError } from '../messages/http-error.ts'
import type { ServerRequest } from '../messages/server-request.ts'
import type { ServerMiddleware } from '../routing/route.ts'
import { above, aFunction, type Checks, checkSettings, optional } from '../option-checks.ts'

export interface RateLimitOptions {
  /** How many requests in `interval`, in the long run. */
  limit: number
  /** In milliseconds. Default 60,000. */
  interval?: number
  /** How many at once after a quiet time. Default: `limit`. */
  burst?: number
  /** Whose requests count together; undefined: this one does not count. Default: the address. */
  key?: (request: ServerRequest) => string | undefined
  /**
   * How many keys are remembered; then the one that was not seen for longest is forgotten, and starts
   * anew. Default 100,000: about 15 MB.
   */
  maxKeys?: number
}

const checks: Checks<RateLimitOptions> = {
  limit: above(0),
  interval: optional(above(0)),
  burst: optional(above(0)),
  key: optional(aFunction),
  maxKeys: optional(above(0)),
}

/**
 * Answers 429 to clients that ask too often, with `Retry-After`, and tells all of them by `RateLimit`
 * how many requests they have left. Each client has a bucket of `burst` tokens that fills at a steady
 * rate. The buckets are this process's own: with several workers each lets through as many.
 *
 * Behind a proxy use `proxyHeaders()` first; otherwise all clients are one.
 *
 * Costs a request 3 µs (`npm run bench -- middleware`).
 *
 * Throws RangeError for numbers that are not above 0.
 *
 * @example
 * ```ts
 * const app = new Application()
 *   .use(rateLimit({ limit: 1, interval: 10_000, key: () => 'all' }))
 *   .get('/', () => text('Hello'))
 * await app.fetch(new Request('http://localhost/'))
 * const { status, headers } = await app.fetch(new Request('http://localhost/'))
 * console.log(status, headers.get('retry-after')) // 429 10
 * ```
 */
export function rateLimit(options: RateLimitOptions): ServerMiddleware {
  checkSettings('rateLimit()', options, checks)
  const { limit, interval = 60_000, key = addressOf, maxKeys = 100_000 } = options
  const { burst = Math.max(1, Math.floor(limit)) } = options
  const buckets = new Buckets(interval / limit, burst, maxKeys)
  // draft-ietf-httpapi-ratelimit-headers-10: quota and window, what remains and when it is full again.
  const policy = `"default";q=${burst};w=${Math.ceil(((interval / limit) * burst) / 1_000)}`
  return (request, next) => {
    const name = key(request)
    if (name === undefined) return next(request)
    const { delay, left, reset } = buckets.take(name)
    const state = `"default";r=${left};t=${Math.ceil(reset / 1_000)}`
    request.onResponse(({ headers }) => {
      headers.set('ratelimit-policy', policy)
      headers.set('ratelimit', state)
    })
    if (delay === 0) return next(request)
    throw new HTTPError(429, undefined, {
      headers: { 'retry-after': Math.max(1, Math.ceil(delay / 1_000)) },
    })
  }
}

interface Taken {
  /** Until there is a token, in milliseconds; 0 if one was taken. */
  readonly delay: number
  readonly left: number
  /** Until all are there again, in milliseconds. */
  readonly reset: number
}

// Sums of fractions of milliseconds differ in their last digits.
const tolerance = 0.001

/** Each bucket is the one time at which it is full again, so that nothing has to fill it. */
class Buckets {
  readonly #spacing: number
  readonly #burst: number
  readonly #most: number
  /** The key that was seen last is the last. */
  readonly #fullAt = new Map<string, number>()

  constructor(spacing: number, burst: number, most: number) {
    this.#spacing = spacing
    this.#burst = burst
    this.#most = most
  }

  take(key: string): Taken {
    const now = clock().now()
    const known = this.#fullAt.get(key)
    const before = known === undefined ? now : Math.max(known, now)
    const full = before + this.#spacing
    const delay = full - now - this.#burst * this.#spacing
    const taken = delay <= tolerance
    const fullAt = taken ? full : before
    if (known !== undefined) this.#fullAt.delete(key)
    else if (this.#fullAt.size >= this.#most) this.#forget()
    this.#fullAt.set(key, fullAt)
    const used = (fullAt - now - tolerance) / this.#spacing
    const left = Math.max(0, Math.floor(this.#burst - used))
    return { delay: taken ? 0 : delay, left, reset: fullAt - now }
  }

  #forget(): void {
    const [oldest] = this.#fullAt.keys()
    if (oldest !== undefined) this.#fullAt.delete(oldest)
  }
}

/** Of IPv6 the network: a client has all the addresses of a /64 to itself (RFC 6177). */
function addressOf({ remoteAddress }: ServerRequest): string {
  if (remoteAddress === undefined) return 'local'
  if (!remoteAddress.includes(':')) return remoteAddress
  if (/^::ffff:\d+\./i.test(remoteAddress)) return remoteAddress.slice(7)
  const [head = '', tail] = remoteAddress.replace(/%.*/, '').split('::')
  const groups = head === '' ? [] : head.split(':')
  const rest = tail === undefined || tail === '' ? [] : tail.split(':')
  // Where "::" stands there are as many zeros as are missing of eight.
  const zeros = tail === undefined ? 0 : 8 - groups.length - rest.length
  const all = [...groups, ...Array.from({ length: Math.max(zeros, 0) }, () => '0'), ...rest]
  return `${all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}
