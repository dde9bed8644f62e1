/**
 * Which bytes may stand where, as tables, because a table costs one load for each byte.
 * The ABNF is that of RFC 9110, RFC 9112 and RFC 3986.
 */
import { ProtocolError } from '../errors.ts'

/** `tchar = "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "." / "^" / "_" / "`" / "|" / "~" / DIGIT / ALPHA` */
export const TOKEN = 1
/**
 * What a request target may hold: visible ASCII. That is more than RFC 3986's characters, since browsers
 * send `^`, `|`, `{` and `"` raw; but no `#`, since a fragment is never sent (RFC 9110 §7.1), and no `\`,
 * which WHATWG URLs read as `/` (in a query it means itself, see request-line.ts).
 */
export const TARGET = 2
/** `field-content`: `VCHAR / obs-text / SP / HTAB`; the reason phrase holds the same (RFC 9112 §4). */
export const VALUE = 4
/** `reg-name`: `unreserved / sub-delims`, without `pct-encoded`, which needs two digits more. */
export const REG_NAME = 8
/** What stands between the brackets of an `IP-literal`: `HEXDIG / ":" / "."`, a zone is taken apart. */
export const IP_LITERAL = 16
/** `qdtext = HTAB / SP / %x21 / %x23-5B / %x5D-7E / obs-text` */
export const QUOTED = 32
/** `DIGIT` */
export const DIGIT = 64

export const classOf: Uint8Array = new Uint8Array(256)
/** The value of a hexadecimal digit; 255 for any other byte. */
export const hexValue: Uint8Array = new Uint8Array(256).fill(255)

const alphanumeric = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const subDelims = "!$&'()*+,;="

allow(TOKEN, `${alphanumeric}!#$%&'*+-.^_\`|~`)
allow(REG_NAME, `${alphanumeric}-._~${subDelims}`)
allow(IP_LITERAL, '0123456789ABCDEFabcdef:.')
allow(DIGIT, '0123456789')
allowRange(TARGET, 0x21, 0x7e)
forbid(TARGET, '#\\')
allowRange(VALUE, 0x20, 0x7e)
allowRange(VALUE, 0x80, 0xff)
allow(VALUE, '\t')
allowRange(QUOTED, 0x20, 0x7e)
allowRange(QUOTED, 0x80, 0xff)
allow(QUOTED, '\t')
forbid(QUOTED, '"\\')
for (let digit = 0; digit < 16; digit++) {
  const text = digit.toString(16)
  hexValue[text.charCodeAt(0)] = digit
  hexValue[text.toUpperCase().charCodeAt(0)] = digit
}

function allow(flag: number, characters: string): void {
  for (let i = 0; i < characters.length; i++) classOf[characters.charCodeAt(i)]! |= flag
}

function forbid(flag: number, characters: string): void {
  for (let i = 0; i < characters.length; i++) classOf[characters.charCodeAt(i)]! &= ~flag
}

function allowRange(flag: number, first: number, last: number): void {
  for (let byte = first; byte <= last; byte++) classOf[byte]! |= flag
}

export const CR = 0x0d
export const LF = 0x0a
export const SP = 0x20
export const HTAB = 0x09

/** Whether every character of `text` is of the class. Characters above 255 are of none. */
export function consistsOf(flag: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if ((classOf[text.charCodeAt(i)]! & flag) === 0) return false
  }
  return true
}

/** `token = 1*tchar` (RFC 9110 §5.6.2). */
export function isToken(text: string): boolean {
  return text !== '' && consistsOf(TOKEN, text)
}

/** A byte as error messages show it: `0x0a`. */
export function showByte(byte: number): string {
  return `byte 0x${byte.toString(16).padStart(2, '0')}`
}

/** A text of the peer's or the caller's as error messages show it: escaped, and not all of a long one. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text)
}

/** The peer broke the rules; a server answers with `statusHint`. */
export function refused(message: string, statusHint = 400): ProtocolError {
  return new ProtocolError('remote', message, { statusHint })
}
