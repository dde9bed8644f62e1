import { HTTPError } from './http-error.ts'
import type { ServerRequest } from './server-request.ts'

const zone = /^([a-z]+:\/\/\[[^\]%]+)%25[^\]]*\]/i

/** Where a request went: what its target and its host make. Throws `HTTPError` 400 if that is no URL. */
export function urlOf({ target, head, origin }: ServerRequest): URL {
  // RFC 9112 §3.3: an empty host is that of the server; otherwise the path would begin with one.
  const host = origin.host ?? (head.host || origin.authority)
  const base = `${origin.secure ? 'https' : 'http'}://${host}`
  const written = target.startsWith('/') ? base + target : target === '*' ? base : target
  // RFC 6874 §1: the zone of an address means nothing to anybody but who sent it, and a URL has none.
  const url = URL.parse(written) ?? URL.parse(written.replace(zone, '$1]'))
  if (url === null) throw new HTTPError(400, 'The target and the host make no URL')
  return url
}
