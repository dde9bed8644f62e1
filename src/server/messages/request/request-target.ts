// What a request target says, for those who ask: a path, a query, and with the host a URL.
import { HTTPError } from '../http-error.ts'
import type { ServerRequest } from '../server-request.ts'

/** Without the query; `*` and authorities as they are. */
export function pathOf(target: string): string {
  const start = target.charCodeAt(0) === 0x2f ? 0 : pathStart(target)
  const end = target.indexOf('?', start)
  const path =
    start === 0 && end === -1 ? target : target.slice(start, end === -1 ? undefined : end)
  return path === '' ? '/' : path
}

// Absolute form, as a proxy gets it (RFC 9112 §3.2.2): the path is behind the authority, if there is one.
function pathStart(target: string): number {
  const authority = target.indexOf('://')
  if (authority === -1) return 0
  const start = target.slice(authority + 3).search(/[/?]/)
  return start === -1 ? target.length : authority + 3 + start
}

/** What follows the `?`. */
export function queryOf(target: string): string {
  const start = target.indexOf('?')
  return start === -1 ? '' : target.slice(start + 1)
}

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
