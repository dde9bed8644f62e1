/**
 * `uri-host [ ":" port ]` (RFC 9110 §7.2, RFC 3986 §3.2.2): the value of `Host`, and the authority in a
 * request target. No user information: RFC 9110 §4.2.4 calls it an error in a message.
 */
import { classOf, hexValue, IP_LITERAL, REG_NAME } from '../grammar.ts'

const colon = 0x3a
const percent = 0x25

/** Whether `text`, which may be empty, is a host with an optional port (RFC 9112 §3.2). */
export function isAuthority(text: string): boolean {
  if (text === '') return true
  const end = endOfHost(text)
  // RFC 9110 §4.2.1: "A sender MUST NOT generate an "http" URI with an empty host identifier".
  return end > 0 && isPort(text, end, true)
}

/** Whether `text` is a host and a port: `authority-form` (RFC 9112 §3.2.3). */
export function isHostAndPort(text: string): boolean {
  const end = endOfHost(text)
  return end > 0 && isPort(text, end, false)
}

/** The offset behind the host, or -1 if `text` does not begin with one. */
function endOfHost(text: string): number {
  if (text.charCodeAt(0) === 0x5b) return endOfIPLiteral(text)
  let at = 0
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if ((classOf[code]! & REG_NAME) !== 0) at++
    else if (code === percent && isEncoded(text, at)) at += 3
    else break
  }
  return at
}

/** `"[" IPv6address "]"`, with a zone behind `%25` (RFC 6874). Its groups are not counted. */
function endOfIPLiteral(text: string): number {
  let at = 1
  while (at < text.length && (classOf[text.charCodeAt(at)]! & IP_LITERAL) !== 0) at++
  if (at === 1) return -1
  if (text.startsWith('%25', at)) {
    const zone = at + 3
    at = zone
    while (at < text.length && (classOf[text.charCodeAt(at)]! & REG_NAME) !== 0) at++
    if (at === zone) return -1
  }
  return text.charCodeAt(at) === 0x5d ? at + 1 : -1
}

function isEncoded(text: string, at: number): boolean {
  return hexValue[text.charCodeAt(at + 1)]! < 16 && hexValue[text.charCodeAt(at + 2)]! < 16
}

/** `":" *DIGIT`, at most 65535, to the end of the text. */
function isPort(text: string, at: number, optional: boolean): boolean {
  if (at === text.length) return optional
  if (text.charCodeAt(at) !== colon) return false
  let port = 0
  for (let i = at + 1; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30
    if (digit < 0 || digit > 9) return false
    port = Math.min(port * 10 + digit, 65_536)
  }
  // RFC 3986 §3.2.3 allows a port without digits; who wants to connect needs one.
  return port <= 65_535 && (optional || at + 1 < text.length)
}
