/**
 * Which bytes may stand where, as tables, because a table costs one load for each byte.
 * The ABNF is that of RFC 9110, RFC 9112 and RFC 3986.
 */
import { ProtocolError } from '../errors.ts'

const alphanumeric = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** `tchar = "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "." / "^" / "_" / "`" / "|" / "~" / DIGIT / ALPHA` */
export const tokenBytes: Uint8Array = table(`${alphanumeric}!#$%&'*+-.^_\`|~`)
/**
 * What a request target may hold: visible ASCII. That is more than RFC 3986's characters, since browsers
 * send `^`, `|`, `{` and `"` raw; but no `#`, since a fragment is never sent (RFC 9110 §7.1), and no `\`,
 * which WHATWG URLs read as `/` (in a query it means itself, see request-line.ts).
 */
export const targetBytes: Uint8Array = table(range(0x21, 0x7e), '#\\')
/** `field-content`: `VCHAR / obs-text / SP / HTAB`; the reason phrase holds the same (RFC 9112 §4). */
export const valueBytes: Uint8Array = table(`\t${range(0x20, 0x7e)}${range(0x80, 0xff)}`)
/** `reg-name`: `unreserved / sub-delims`, without `pct-encoded`, which needs two digits more. */
export const regNameBytes: Uint8Array = table(`${alphanumeric}-._~!$&'()*+,;=`)
/** What stands between the brackets of an `IP-literal`, but for a zone. */
export const ipLiteralBytes: Uint8Array = table('0123456789ABCDEFabcdef:.')
/** `qdtext = HTAB / SP / %x21 / %x23-5B / %x5D-7E / obs-text` */
export const quotedBytes: Uint8Array = table(`\t${range(0x20, 0x7e)}${range(0x80, 0xff)}`, '"\\')
/** `DIGIT` */
export const digitBytes: Uint8Array = table('0123456789')
/** The value of a hexadecimal digit; 255 for any other byte. */
export const hexValue: Uint8Array = new Uint8Array(256).fill(255)

for (let digit = 0; digit < 16; digit++) {
  const text = digit.toString(16)
  hexValue[text.charCodeAt(0)] = digit
  hexValue[text.toUpperCase().charCodeAt(0)] = digit
}

/** 1 for each of `characters` that is none of `but`, 0 for all other bytes. */
function table(characters: string, but = ''): Uint8Array {
  const bytes = new Uint8Array(256)
  for (let i = 0; i < characters.length; i++) {
    if (!but.includes(characters[i]!)) bytes[characters.charCodeAt(i)] = 1
  }
  return bytes
}

function range(first: number, last: number): string {
  return String.fromCharCode(...Array.from({ length: last - first + 1 }, (_, i) => first + i))
}

export const CR = 0x0d
export const LF = 0x0a
export const SP = 0x20
export const HTAB = 0x09

/** Whether every character of `text` is in the table. Those above 255 are in none. */
export function consistsOf(bytes: Uint8Array, text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (bytes[text.charCodeAt(i)] !== 1) return false
  }
  return true
}

/** `token = 1*tchar` (RFC 9110 §5.6.2). */
export function isToken(text: string): boolean {
  return text !== '' && consistsOf(tokenBytes, text)
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
