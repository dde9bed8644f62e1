/**
 * Cuts the fields out of a head's text by the marks of its scan, and notes those that decide how the
 * message is framed and what becomes of the connection. A field is recognised by its length and its first
 * letter before any name is compared.
 */
import { HTAB, quoted, refused, SP } from '../grammar.ts'
import { isAuthority } from './authority.ts'
import { type HeadScan, MARKS_PER_FIELD } from './head-scan.ts'

/** What the fields of one head say about framing and connection. One object serves all heads in turn. */
export class FieldFacts {
  /** The value of the one `Host`. */
  host: string | undefined = undefined
  /** -1 if there is none. */
  contentLength = -1
  /** Why the length is none. Not thrown at once, for where a tunnel begins it does not count. */
  lengthFault: string | undefined = undefined
  /** All `Transfer-Encoding` values, joined as RFC 9110 §5.3 says. */
  transferEncoding: string | undefined = undefined
  expect: string | undefined = undefined
  upgrade: string | undefined = undefined
  /** What `Connection` names. */
  close = false
  keepAlive = false
  connectionUpgrade = false

  reset(): void {
    this.host = undefined
    this.contentLength = -1
    this.lengthFault = undefined
    this.transferEncoding = undefined
    this.expect = undefined
    this.upgrade = undefined
    this.close = false
    this.keepAlive = false
    this.connectionUpgrade = false
  }
}

/** The fields as a flat list; `facts` is filled. */
export function readFields(scan: HeadScan, text: string, facts: FieldFacts): string[] {
  const { marks } = scan
  // Made as long as it gets: cheaper than to let it grow.
  const fields = Array<string>(scan.fieldCount * 2)
  facts.reset()
  let mark = 0
  for (let at = 0; at < fields.length; at += 2) {
    const nameStart = marks[mark]!
    const name = text.slice(nameStart, marks[mark + 1])
    const value = text.slice(marks[mark + 2], marks[mark + 3])
    fields[at] = name
    fields[at + 1] = value
    // A letter's case is its bit 0x20.
    const first = text.charCodeAt(nameStart) | 0x20
    switch (name.length) {
      case 4:
        if (first === 0x68 && isNamed(name, 'Host', 'host')) {
          // RFC 9112 §3.2: 400 to "any request message that contains more than one Host header field line or a
          // Host header field with an invalid field value".
          if (facts.host !== undefined) throw refused('Field "Host" is repeated')
          if (!isAuthority(text, marks[mark + 2]!, marks[mark + 3]!)) {
            throw refused(`Host ${quoted(value)} is not a host`)
          }
          facts.host = value
        }
        break
      case 6:
        if (first === 0x65 && isNamed(name, 'Expect', 'expect')) {
          facts.expect = join(facts.expect, value)
        }
        break
      case 7:
        if (first === 0x75 && isNamed(name, 'Upgrade', 'upgrade')) {
          facts.upgrade = join(facts.upgrade, value)
        }
        break
      case 10:
        if (first === 0x63 && isNamed(name, 'Connection', 'connection')) {
          readConnection(value, facts)
        }
        break
      case 14:
        if (first === 0x63 && isNamed(name, 'Content-Length', 'content-length')) {
          readLength(text, marks[mark + 2]!, marks[mark + 3]!, facts)
        }
        break
      case 17:
        if (first === 0x74 && isNamed(name, 'Transfer-Encoding', 'transfer-encoding')) {
          facts.transferEncoding = join(facts.transferEncoding, value)
        }
        break
      default:
    }
    mark += MARKS_PER_FIELD
  }
  return fields
}

/** In its usual spelling it costs one comparison. */
function isNamed(name: string, usual: string, lowerCase: string): boolean {
  return name === usual || name.toLowerCase() === lowerCase
}

function join(list: string | undefined, value: string): string {
  return list === undefined ? value : `${list}, ${value}`
}

/** `Content-Length = 1*DIGIT` (RFC 9110 §8.6), and no more than a number can hold. */
function readLength(text: string, start: number, end: number, facts: FieldFacts): void {
  let length = 0
  let at = start
  for (; at < end; at++) {
    const digit = text.charCodeAt(at) - 0x30
    if (digit < 0 || digit > 9) break
    length = length * 10 + digit
    if (length > Number.MAX_SAFE_INTEGER) break
  }
  if (facts.contentLength !== -1) {
    // RFC 9110 §8.6 lets us refuse even identical ones, and who merges them reads what we don't.
    facts.lengthFault ??= 'Field "Content-Length" is repeated'
  } else if (at < end || start === end) {
    const fault = length > Number.MAX_SAFE_INTEGER ? 'too large' : 'not a number'
    facts.lengthFault ??= `Content-Length ${quoted(text.slice(start, end))} is ${fault}`
  }
  facts.contentLength = length
}

/** RFC 9110 §7.6.1: `Connection = #connection-option`, case-insensitive; names we don't know are skipped. */
function readConnection(value: string, facts: FieldFacts): void {
  if (value === 'keep-alive') facts.keepAlive = true
  else if (value === 'close') facts.close = true
  else {
    for (const option of listOf(value.toLowerCase())) {
      if (option === 'close') facts.close = true
      else if (option === 'keep-alive') facts.keepAlive = true
      else if (option === 'upgrade') facts.connectionUpgrade = true
    }
  }
}

/** The elements of a `#element` list without the blanks around them, empty ones kept (RFC 9110 §5.6.1). */
export function listOf(value: string): string[] {
  return value.split(',').map(trimBlanks)
}

/** Without SP and HTAB at both ends; `trim()` takes Unicode's blanks, too. */
function trimBlanks(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

function isBlank(code: number): boolean {
  return code === SP || code === HTAB
}
