/**
 * The request line (RFC 9112 §3): `method SP request-target SP HTTP-version CRLF`. Exactly one space each,
 * though §3 would allow a recipient to split at any white space: who does reads other requests than we do.
 */
import { classOf, CR, DIGIT, LF, refused, showByte, SP, TARGET, TOKEN } from '../grammar.ts'
import { FIELD, type HeadScan } from './head-scan.ts'
import type { HTTP1Limits } from '../limits.ts'

export const REQUEST_LINE = 0
const TARGET_PHASE = 1
const VERSION = 2

/** `0` stands for a digit. */
const version = 'HTTP/0.0'

/** Scans the request line; returns the offset behind it, or -1 if it wants more bytes. */
export function scanRequestLine(
  scan: HeadScan,
  bytes: Uint8Array,
  base: number,
  at: number,
  to: number,
  limits: HTTP1Limits,
): number {
  if (scan.phase === REQUEST_LINE) {
    const stop = Math.min(to, base + limits.method + 1)
    while (at < stop && (classOf[bytes[at]!]! & TOKEN) !== 0) at++
    if (at - base > limits.method) {
      // RFC 9112 §3: "A server that receives a method longer than any that it implements SHOULD respond
      // with a 501".
      throw refused(`Method is longer than ${limits.method} bytes`, 501)
    }
    if (at === to) return -1
    if (bytes[at] !== SP) throw refused(`Method contains ${showByte(bytes[at]!)}`)
    if (at === base) throw refused('Request line without a method')
    scan.firstEnd = at - base
    at++
    scan.elementAt = at - base
    scan.phase = TARGET_PHASE
  }
  if (scan.phase === TARGET_PHASE) {
    const start = base + scan.elementAt
    const stop = Math.min(to, start + limits.target + 1)
    for (;;) {
      while (at < stop && (classOf[bytes[at]!]! & TARGET) !== 0) at++
      if (at - start > limits.target) {
        throw refused(`Request target is longer than ${limits.target} bytes`, 414)
      }
      if (at === to) return -1
      // In a path WHATWG URLs read `\` as `/`; in a query, where browsers send it raw, it is itself.
      if (bytes[at] !== 0x5c || !isInQuery(scan, bytes, start, at)) break
      at++
    }
    if (bytes[at] !== SP) throw refused(`Request target contains ${showByte(bytes[at]!)}`)
    if (at === start) throw refused('Request line without a target')
    scan.secondEnd = at - base
    at++
    scan.elementAt = at - base
    scan.phase = VERSION
  }
  return scanVersionLine(scan, bytes, base, at, to)
}

function isInQuery(scan: HeadScan, bytes: Uint8Array, start: number, end: number): boolean {
  if (!scan.inQuery) scan.inQuery = bytes.subarray(start, end).includes(0x3f)
  return scan.inQuery
}

function scanVersionLine(
  scan: HeadScan,
  bytes: Uint8Array,
  base: number,
  at: number,
  to: number,
): number {
  const start = base + scan.elementAt
  for (; at < to; at++) {
    const index = at - start
    const byte = bytes[at]!
    if (index < version.length) {
      const wanted = version.charCodeAt(index)
      if (wanted === 0x30 ? (classOf[byte]! & DIGIT) === 0 : byte !== wanted) {
        throw refused('Request line does not end in an HTTP version')
      }
    } else if (index === version.length) {
      if (byte !== CR) throw refused('Request line does not end after the HTTP version')
    } else {
      if (byte !== LF) throw refused('CR without LF in the request line')
      scan.minorVersion = minorVersion(bytes[start + 5]!, bytes[start + 7]!)
      scan.phase = FIELD
      return at + 1
    }
  }
  return -1
}

/**
 * RFC 9110 §2.5 would have HTTP/1.2 read as 1.1, but there is none, and who claims it is no client of ours.
 *
 * @throws ProtocolError 505 for a version other than 1.0 and 1.1
 */
function minorVersion(major: number, minor: number): number {
  if (major === 0x31 && (minor === 0x30 || minor === 0x31)) return minor - 0x30
  throw refused(`HTTP version ${String.fromCharCode(major, 0x2e, minor)} is not supported`, 505)
}
