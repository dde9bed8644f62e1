/**
 * The request line (RFC 9112 §3): `method SP request-target SP HTTP-version CRLF`. Exactly one space each,
 * though §3 would allow a recipient to split at any white space: who does reads other requests than we do.
 */
import { CR, digitBytes, LF, refused, showByte, SP, targetBytes, tokenBytes } from '../grammar.ts'
import { FIELD, type HeadScan, START_LINE } from './head-scan.ts'
import type { HTTP1Limits } from '../limits.ts'

const TARGET = 1
const VERSION = 2

const BACKSLASH = 0x5c

/** `0` stands for a digit. */
const version = 'HTTP/0.0'
/** The version with its line end. */
const versionLength = 10

/** Scans the request line; returns the offset behind it, or -1 if it wants more bytes. */
export function scanRequestLine(
  scan: HeadScan,
  bytes: Uint8Array,
  base: number,
  at: number,
  to: number,
  limits: HTTP1Limits,
): number {
  if (scan.phase === START_LINE) {
    const isToken = tokenBytes
    const stop = Math.min(to, base + limits.method + 1)
    while (at < stop && isToken[bytes[at]!] === 1) at++
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
    scan.phase = TARGET
  }
  if (scan.phase === TARGET) {
    const isTarget = targetBytes
    const start = base + scan.elementAt
    const stop = Math.min(to, start + limits.target + 1)
    for (;;) {
      while (at < stop && isTarget[bytes[at]!] === 1) at++
      if (at - start > limits.target) {
        throw refused(`Request target is longer than ${limits.target} bytes`, 414)
      }
      if (at === to) return -1
      // In a path WHATWG URLs read `\` as `/`; in a query, where browsers send it raw, it is itself.
      if (bytes[at] !== BACKSLASH || !isInQuery(scan, bytes, start, at)) break
      at++
    }
    if (bytes[at] !== SP) throw refused(`Request target contains ${showByte(bytes[at]!)}`)
    if (at === start) throw refused('Request line without a target')
    scan.secondEnd = at - base
    at++
    scan.elementAt = at - base
    scan.phase = VERSION
  }
  const start = base + scan.elementAt
  if (to - start >= versionLength && isHTTP11(bytes, start)) {
    scan.minorVersion = 1
    scan.phase = FIELD
    return start + versionLength
  }
  return scanVersion(scan, bytes, start, at, to)
}

function isInQuery(scan: HeadScan, bytes: Uint8Array, start: number, end: number): boolean {
  if (!scan.inQuery) scan.inQuery = bytes.subarray(start, end).includes(0x3f)
  return scan.inQuery
}

/** Whether `HTTP/1.1` and its line end are there: nearly always, so it is looked at in one go. */
function isHTTP11(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at] === 0x48 &&
    bytes[at + 1] === 0x54 &&
    bytes[at + 2] === 0x54 &&
    bytes[at + 3] === 0x50 &&
    bytes[at + 4] === 0x2f &&
    bytes[at + 5] === 0x31 &&
    bytes[at + 6] === 0x2e &&
    bytes[at + 7] === 0x31 &&
    bytes[at + 8] === CR &&
    bytes[at + 9] === LF
  )
}

function scanVersion(
  scan: HeadScan,
  bytes: Uint8Array,
  start: number,
  at: number,
  to: number,
): number {
  for (; at < to; at++) {
    const index = at - start
    const byte = bytes[at]!
    if (index < version.length) {
      const wanted = version.charCodeAt(index)
      if (wanted === 0x30 ? digitBytes[byte] !== 1 : byte !== wanted) {
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
