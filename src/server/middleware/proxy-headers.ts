import { AddressSet, isAddress } from '../../io/address-set.ts'
import type { ServerMiddleware } from '../routing/route.ts'
import { addressIn, legacyHops, standardHops } from './forwarded.ts'
import {
  aText,
  type Checks,
  checkSettings,
  either,
  listOf,
  oneOf,
  optional,
  wholeFrom,
} from '../option-checks.ts'

export interface ProxyHeadersOptions {
  /**
   * Who is believed: so many proxies, counted from this server; or proxies at these addresses and in
   * these networks (`10.0.0.0/8`), and `unix` for whoever connects to a Unix socket.
   */
  trusted: number | readonly string[]
  /**
   * Which fields they write. One kind only: a proxy that writes one kind passes the other on as the
   * client sent it. Default `x-forwarded`: X-Forwarded-For, -Proto and -Host.
   */
  fields?: 'x-forwarded' | 'forwarded'
}

const checks: Checks<ProxyHeadersOptions> = {
  trusted: either(
    'how many proxies, or a list of their addresses',
    wholeFrom(1),
    listOf(aText, ''),
  ),
  fields: optional(oneOf('x-forwarded', 'forwarded')),
}

// RFC 3986 §3.2: a host and a port, and nothing that would change what comes after.
const authority = /^(?:\[[\da-f:.]+\]|[\w.-]+)(?::\d{1,5})?$/i

/**
 * Lets `remoteAddress` and `url` of a request tell what the client did, and not the proxy in front of
 * the server. Reads what proxies say from the nearest on, for as long as it comes from one that is
 * trusted: what clients make up stays without effect. Which route is taken does not change.
 *
 * Throws TypeError or RangeError for a `trusted` that is neither a count nor a list of addresses.
 *
 * @example
 * ```ts
 * const app = new Application()
 *   .use(proxyHeaders({ trusted: ['127.0.0.1', '10.0.0.0/8'] }))
 *   .get('/', ({ url, remoteAddress }) => json({ url, remoteAddress }))
 * ```
 */
export function proxyHeaders(options: ProxyHeadersOptions): ServerMiddleware {
  checkSettings('proxyHeaders()', options, checks)
  const { trusted, fields = 'x-forwarded' } = options
  const trusts = trustOf(trusted)
  const hopsOf = fields === 'forwarded' ? standardHops : legacyHops
  return (request, next) => {
    const { origin } = request
    let address = origin.remoteAddress
    let { secure, host } = origin
    if (!trusts(address, 0)) return next(request)
    const hops = hopsOf(request.headers)
    for (let depth = 0; depth < hops.length && trusts(address, depth); depth++) {
      const hop = hops.at(-1 - depth)
      const proto = hop?.proto?.toLowerCase()
      if (proto === 'https' || proto === 'http') secure = proto === 'https'
      if (hop?.host !== undefined && authority.test(hop.host)) host = hop.host
      const node = hop?.for === undefined ? undefined : addressIn(hop.for)
      // Hidden, or none at all: what is further away can't be checked.
      if (node === undefined || !isAddress(node)) break
      address = node
    }
    request.origin = { remoteAddress: address, secure, authority: origin.authority, host }
    return next(request)
  }
}

/** Whether the peer that is `depth` proxies away from this server is a proxy of ours. */
function trustOf(
  trusted: ProxyHeadersOptions['trusted'],
): (address: string | undefined, depth: number) => boolean {
  if (typeof trusted === 'number') {
    return (_address, depth) => depth < trusted
  }
  const unix = trusted.includes('unix')
  const set = new AddressSet(trusted.filter((member) => member !== 'unix'))
  return (address) => (address === undefined ? unix : set.has(address))
}
