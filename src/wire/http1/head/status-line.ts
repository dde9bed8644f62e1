/**
 * The status line (RFC 9112 §4): `HTTP-version SP status-code SP [ reason-phrase ] CRLF`. The second space
 * may be missing together with the phrase: many servers leave it out, and nothing else can be meant.
 */
import { CR, digitBytes, LF, refused, showByte, SP, valueBytes } from '../grammar.ts'
import { FIELD, type HeadScan, START_LINE } from './head-scan.ts'

const REASON = 1
const REASON_LF = 2

/** `0` stands for a digit. */
const opening = 'HTTP/1.0 000'

/** Scans the status line; returns the offset behind it, or -1 if it wants more bytes. */
export function scanStatusLine(
  scan: HeadScan,
  bytes: Uint8Array,
  base: number,
  at: number,
  to: number,
): number {
  if (scan.phase === START_LINE) {
    for (; at < to; at++) {
      const index = at - base
      const byte = bytes[at]!
      if (index === opening.length) break
      const wanted = opening.charCodeAt(index)
      if (wanted === 0x30 ? digitBytes[byte] !== 1 : byte !== wanted) {
        throw refused(`Status line does not begin with an HTTP/1 version and a status code`)
      }
    }
    if (at === to) return -1
    scan.minorVersion = bytes[base + 7]! - 0x30
    if (scan.minorVersion > 1) throw refused(`HTTP version 1.${scan.minorVersion} is not supported`)
    scan.status =
      (bytes[base + 9]! - 0x30) * 100 + (bytes[base + 10]! - 0x30) * 10 + bytes[base + 11]! - 0x30
    // RFC 9110 §15: "All valid status codes are within the range of 100 to 599"; those above are treated
    // as 5xx by who reads them, those below are nonsense.
    if (scan.status < 100) throw refused(`Status code ${scan.status} is below 100`)
    if (bytes[at] === SP) {
      at++
      scan.firstEnd = at - base
    } else {
      scan.firstEnd = at - base
      if (bytes[at] !== CR) throw refused(`Status code is followed by ${showByte(bytes[at]!)}`)
    }
    scan.phase = REASON
  }
  if (scan.phase === REASON) {
    while (at < to && valueBytes[bytes[at]!] === 1) at++
    if (at === to) return -1
    if (bytes[at] === LF) throw refused('LF without CR in the status line')
    if (bytes[at] !== CR) throw refused(`Reason phrase contains ${showByte(bytes[at]!)}`)
    scan.secondEnd = at - base
    at++
    scan.phase = REASON_LF
  }
  if (at === to) return -1
  if (bytes[at] !== LF) throw refused('CR without LF in the status line')
  scan.phase = FIELD
  return at + 1
}
