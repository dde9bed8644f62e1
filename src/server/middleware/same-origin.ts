import { HTTPError } from '../messages/http-error.ts'
import type { ServerRequest } from '../messages/server-request.ts'
import type { ServerMiddleware } from '../routing/route.ts'
import {
  aFlag,
  aFunction,
  aText,
  type Checks,
  checkSettings,
  listOf,
  optional,
} from '../option-checks.ts'

export interface SameOriginOptions {
  /** Other origins whose pages may change something here: `https://admin.example.com`. */
  trusted?: readonly string[]
  /** Whether subdomains of one site may. Default false: they are often somebody else's. */
  sameSite?: boolean
  /** Requests that are let through, such as those of a webhook. */
  skip?: (request: ServerRequest) => boolean
}

const checks: Checks<SameOriginOptions> = {
  trusted: optional(listOf(aText, 'origins')),
  sameSite: optional(aFlag),
  skip: optional(aFunction),
}

/**
 * Refuses by 403 what a page of another origin makes a browser send (CSRF). Every browser since 2023
 * says with each request where it comes from (`Sec-Fetch-Site`); for older ones `Origin` is held
 * against `Host`. So no tokens are needed. GET, HEAD and OPTIONS pass: they must change nothing.
 * Programs send neither field, and pass.
 *
 * @example
 * ```ts
 * const app = new Application().use(sameOrigin()).post('/', () => text('done'))
 * const headers = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }
 * const request = new Request('https://shop.example/', { method: 'POST', headers })
 * console.log((await app.fetch(request)).status) // 403
 * ```
 */
export function sameOrigin(options: SameOriginOptions = {}): ServerMiddleware {
  checkSettings('sameOrigin()', options, checks)
  const { trusted = [], sameSite = false, skip } = options
  for (const origin of trusted) {
    if (URL.parse(origin)?.origin !== origin) {
      throw new TypeError(`Invalid origin "${origin}": expected scheme, host and port`)
    }
  }
  const friends = new Set(trusted)
  return (request, next) => {
    if (isSafe(request.method) || isOwn(request, friends, sameSite) || skip?.(request) === true) {
      return next(request)
    }
    throw new HTTPError(403, 'The request comes from a page of another origin')
  }
}

// RFC 9110 §9.2.1.
function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS' || method === 'TRACE'
}

function isOwn(request: ServerRequest, friends: ReadonlySet<string>, sameSite: boolean): boolean {
  const { headers } = request
  const origin = headers.get('origin')
  const site = headers.get('sec-fetch-site')
  if (origin !== null && friends.has(origin)) return true
  if (site !== null)
    return site === 'same-origin' || site === 'none' || (sameSite && site === 'same-site')
  if (origin === null) return true
  // A browser over plain HTTP, or an old one. The scheme is left out: a proxy may have ended the TLS.
  return URL.parse(origin)?.host === request.url.host
}
