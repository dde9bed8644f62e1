/** The four forms of a request target (RFC 9112 §3.2), and the host that a request is for. */
import { isAuthority, isHostAndPort } from './authority.ts'
import { quoted, refused } from '../grammar.ts'
import type { MinorVersion } from '../messages.ts'

/** `absolute-form` with an authority: `scheme "://" authority [ path ] [ "?" query ]`. */
const absoluteForm = /^[a-z][a-z0-9+.-]*:\/\/([^/?]+)/i

/**
 * The host that the request is for: that of an absolute target, or else the `Host` field's.
 *
 * @throws ProtocolError if the target has none of the four forms or not the one that its method wants, or
 *   `Host` is missing in HTTP/1.1
 */
export function hostOf(
  method: string,
  target: string,
  host: string | undefined,
  minorVersion: MinorVersion,
): string | undefined {
  // RFC 9112 §3.2: 400 to "any HTTP/1.1 request message that lacks a Host header field".
  if (host === undefined && minorVersion === 1) throw refused('Request without a Host field')
  if (method === 'CONNECT') {
    // RFC 9112 §3.2.3: only authority-form, with the port.
    if (!isHostAndPort(target))
      throw refused(`CONNECT target ${quoted(target)} is not a host and a port`)
    return host
  }
  // RFC 9112 §3.2.1: origin-form.
  if (target.charCodeAt(0) === 0x2f) return host
  if (target === '*') {
    // RFC 9112 §3.2.4: "only used for a server-wide OPTIONS request".
    if (method !== 'OPTIONS') throw refused(`Target "*" is for OPTIONS only, not for ${method}`)
    return host
  }
  const authority = absoluteForm.exec(target)?.[1]
  if (authority === undefined || !isAuthority(authority, 0, authority.length)) {
    throw refused(`Request target ${quoted(target)} is neither a path nor a URL`)
  }
  // RFC 9112 §3.2.2: "an origin server MUST ignore the received Host header field (if any) and instead use
  // the host information of the request-target".
  return authority
}
