/**
 * `uri-host [ ":" port ]` (RFC 9110 §7.2, RFC 3986 §3.2.2): the value of `Host`, and the authority in a
 * request target. No user information: RFC 9110 §4.2.4 calls it an error in a message.
 */
import { hexValue, ipLiteralBytes, regNameBytes } from '../grammar.ts'

const colon = 0x3a
const percent = 0x25

/**
 * Whether `text` from `start` to `end`, which may be empty, is a host with an optional port (RFC 9112 §3.2).
 * Offsets instead of a string of its own, because a slice is slow to go through.
 */
export function isAuthority(text: string, start: number, end: number): boolean {
  if (start === end) return true
  const hostEnd = endOfHost(text, start, end)
  // RFC 9110 §4.2.1: "A sender MUST NOT generate an "http" URI with an empty host identifier".
  return hostEnd > start && isPort(text, hostEnd, end, true)
}

/** Whether `text` is a host and a port: `authority-form` (RFC 9112 §3.2.3). */
export function isHostAndPort(text: string): boolean {
  const hostEnd = endOfHost(text, 0, text.length)
  return hostEnd > 0 && isPort(text, hostEnd, text.length, false)
}

/** The offset behind the host, or -1 if there is none. */
function endOfHost(text: string, start: number, end: number): number {
  if (text.charCodeAt(start) === 0x5b) return endOfIPLiteral(text, start, end)
  const isName = regNameBytes
  let at = start
  while (at < end) {
    const code = text.charCodeAt(at)
    if (isName[code] === 1) at++
    else if (code === percent && isEncoded(text, at, end)) at += 3
    else break
  }
  return at
}

/** `"[" IPv6address "]"`, with a zone behind `%25` (RFC 6874). Its groups are not counted. */
function endOfIPLiteral(text: string, start: number, end: number): number {
  let at = start + 1
  while (at < end && ipLiteralBytes[text.charCodeAt(at)] === 1) at++
  if (at === start + 1) return -1
  if (text.startsWith('%25', at)) {
    const zone = at + 3
    at = zone
    while (at < end && regNameBytes[text.charCodeAt(at)] === 1) at++
    if (at === zone) return -1
  }
  return at < end && text.charCodeAt(at) === 0x5d ? at + 1 : -1
}

function isEncoded(text: string, at: number, end: number): boolean {
  return (
    at + 2 < end &&
    hexValue[text.charCodeAt(at + 1)]! < 16 &&
    hexValue[text.charCodeAt(at + 2)]! < 16
  )
}

/** `":" *DIGIT`, at most 65535, up to `end`. */
function isPort(text: string, at: number, end: number, optional: boolean): boolean {
  if (at === end) return optional
  if (text.charCodeAt(at) !== colon) return false
  let port = 0
  for (let i = at + 1; i < end; i++) {
    const digit = text.charCodeAt(i) - 0x30
    if (digit < 0 || digit > 9) return false
    port = Math.min(port * 10 + digit, 65_536)
  }
  // RFC 3986 §3.2.3 allows a port without digits; who wants to connect needs one.
  return port <= 65_535 && (optional || at + 1 < end)
}
