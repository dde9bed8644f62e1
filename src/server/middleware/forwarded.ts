/**
 * What proxies say of the request that they passed on: one hop for each, the last proxy's last. By
 * `X-Forwarded-For`, `-Proto` and `-Host`, or by `Forwarded` (RFC 7239).
 */
import type { HeaderFields } from '../../http/header-fields.ts'

/** Who connected to a proxy, and what it asked of it. */
export interface Hop {
  /** As written: an address, or something that hides it. */
  readonly for: string | undefined
  readonly proto: string | undefined
  readonly host: string | undefined
}

// A client can send as many as a head holds; no chain of proxies is longer.
const mostHops = 32

/** From `X-Forwarded-…`. Values that not every proxy adds count from the last proxy on. */
export function legacyHops(headers: HeaderFields): Hop[] {
  const lists = ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host'].map((name) =>
    (headers.get(name) ?? '').split(',').map((item) => item.trim() || undefined),
  )
  const [addresses = [], protos = [], hosts = []] = lists
  const hops: Hop[] = []
  const count = Math.min(mostHops, Math.max(addresses.length, protos.length, hosts.length))
  for (let back = count; back >= 1; back--) {
    hops.push({ for: addresses.at(-back), proto: protos.at(-back), host: hosts.at(-back) })
  }
  return hops
}

// RFC 7239 §4: pairs of a token and a token or quoted string; laxer in the value, as addresses are written.
const pair = /^\s*([a-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s";,]*))\s*(?:;|$)/i

/** From `Forwarded`; none if it is malformed: who could say which part of it is whose. */
export function standardHops(headers: HeaderFields): Hop[] {
  const field = headers.get('forwarded')
  if (field === null) return []
  const hops: Hop[] = []
  for (const element of splitOutsideQuotes(field)) {
    const found: Record<string, string> = {}
    let rest = element
    while (rest.trim() !== '') {
      const match = pair.exec(rest)
      if (match === null) return []
      const [whole, name = '', quoted, token] = match
      found[name.toLowerCase()] = quoted?.replaceAll(/\\(.)/g, '$1') ?? token ?? ''
      rest = rest.slice(whole.length)
    }
    hops.push({ for: found['for'], proto: found['proto'], host: found['host'] })
  }
  return hops.slice(-mostHops)
}

function splitOutsideQuotes(field: string): string[] {
  const parts: string[] = []
  let start = 0
  let quoted = false
  for (let at = 0; at < field.length; at++) {
    const character = field[at]
    if (quoted && character === '\\') at++
    else if (character === '"') quoted = !quoted
    else if (character === ',' && !quoted) {
      parts.push(field.slice(start, at))
      start = at + 1
    }
  }
  parts.push(field.slice(start))
  return parts
}

/** The address alone, of `1.2.3.4:5`, `[2001:db8::1]:5` and the like. */
export function addressIn(node: string): string {
  const bracketed = /^\[([^\]]*)\](?::\w+)?$/.exec(node)
  if (bracketed !== null) return bracketed[1] ?? ''
  const withPort = /^([\d.]+):\w+$/.exec(node)
  return withPort?.[1] ?? node
}
