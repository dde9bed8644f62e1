/**
 * Notes by the marks of a head's scan which fields decide how the message is framed and what becomes of
 * the connection: a field is told by its length before any name is compared, and by its bytes then. All
 * of them are cut out of the text on demand, since many a request is answered without a look at them.
 */
import { Buffer } from 'node:buffer'
import { HTAB, quoted, refused, SP } from '../grammar.ts'
import { isAuthority } from './authority.ts'
import { type HeadScan, MARKS_PER_FIELD } from './head-scan.ts'
import { LastValue } from './last-value.ts'

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
  /** The first `Content-Type`. */
  contentType: string | undefined = undefined
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
    this.contentType = undefined
    this.close = false
    this.keepAlive = false
    this.connectionUpgrade = false
  }
}

// In lower case.
const hostName = Buffer.from('host')
const expectName = Buffer.from('expect')
const upgradeName = Buffer.from('upgrade')
const connectionName = Buffer.from('connection')
const typeName = Buffer.from('content-type')
const lengthName = Buffer.from('content-length')
const codingName = Buffer.from('transfer-encoding')

const lastHost = new LastValue()
const lastType = new LastValue()

/**
 * Fills `facts` from the fields of a head, and cuts out none but those that count. `Host` counts in requests
 * only: in a response it means nothing (RFC 9110 §7.2), and is a field like any other.
 *
 * The head is `text`, and at `base` in `bytes` too: to compare bytes takes a fraction of what characters do.
 */
export function noteFacts(
  scan: HeadScan,
  text: string,
  facts: FieldFacts,
  isRequest: boolean,
  bytes: Uint8Array = Buffer.from(text, 'latin1'),
  base: number = 0,
): void {
  const { marks } = scan
  facts.reset()
  const end = scan.fieldCount * MARKS_PER_FIELD
  for (let mark = 0; mark < end; mark += MARKS_PER_FIELD) {
    const at = marks[mark]!
    switch (marks[mark + 1]! - at) {
      case 4:
        if (isRequest && isNamedAt(bytes, base + at, hostName)) {
          // RFC 9112 §3.2: 400 to "any request message that contains more than one Host header field line or a
          // Host header field with an invalid field value".
          if (facts.host !== undefined) throw refused('Field "Host" is repeated')
          facts.host = hostAt(bytes, base, text, marks[mark + 2]!, marks[mark + 3]!)
        }
        break
      case 6:
        if (isNamedAt(bytes, base + at, expectName)) {
          facts.expect = join(facts.expect, valueAt(text, marks, mark))
        }
        break
      case 7:
        if (isNamedAt(bytes, base + at, upgradeName)) {
          facts.upgrade = join(facts.upgrade, valueAt(text, marks, mark))
        }
        break
      case 10:
        if (isNamedAt(bytes, base + at, connectionName)) {
          readConnection(valueAt(text, marks, mark), facts)
        }
        break
      case 12:
        if (isNamedAt(bytes, base + at, typeName)) {
          facts.contentType ??= typeAt(bytes, base, text, marks[mark + 2]!, marks[mark + 3]!)
        }
        break
      case 14:
        if (isNamedAt(bytes, base + at, lengthName)) {
          readLength(bytes, base + marks[mark + 2]!, base + marks[mark + 3]!, facts)
        }
        break
      case 17:
        if (isNamedAt(bytes, base + at, codingName)) {
          facts.transferEncoding = join(facts.transferEncoding, valueAt(text, marks, mark))
        }
        break
      default:
    }
  }
}

function valueAt(text: string, marks: Int32Array, mark: number): string {
  return text.slice(marks[mark + 2], marks[mark + 3])
}

/**
 * The `count` fields from `at` on as a flat list. The text has passed the scan, so each is a line with a
 * colon, and nothing needs to be looked at twice.
 */
export function cutFields(text: string, at: number, count: number): string[] {
  // Made as long as it gets: cheaper than to let it grow.
  const fields = Array<string>(count * 2)
  for (let index = 0; index < fields.length; index += 2) {
    const colon = text.indexOf(':', at)
    const lineEnd = text.indexOf('\r', colon)
    let start = colon + 1
    let end = lineEnd
    while (start < end && isBlank(text.charCodeAt(start))) start++
    while (end > start && isBlank(text.charCodeAt(end - 1))) end--
    fields[index] = text.slice(at, colon)
    fields[index + 1] = text.slice(start, end)
    at = lineEnd + 2
  }
  return fields
}

/** Where the fields begin in the text of a head. */
export function fieldsAt({ fieldCount, marks }: HeadScan, text: string): number {
  return fieldCount === 0 ? text.length : marks[0]!
}

/** @throws ProtocolError if it is no host */
function hostAt(bytes: Uint8Array, base: number, text: string, from: number, to: number): string {
  const known = lastHost.at(bytes, base + from, base + to)
  if (known !== undefined) return known
  const host = text.slice(from, to)
  if (!isAuthority(text, from, to)) throw refused(`Host ${quoted(host)} is not a host`)
  return lastHost.keep(host)
}

function typeAt(bytes: Uint8Array, base: number, text: string, from: number, to: number): string {
  return lastType.at(bytes, base + from, base + to) ?? lastType.keep(text.slice(from, to))
}

/** Whether the name at this place, which is as long, is this one, in any case: a letter's is its bit 0x20. */
function isNamedAt(bytes: Uint8Array, at: number, lowerCase: Uint8Array): boolean {
  for (let index = 0; index < lowerCase.length; index++) {
    if ((bytes[at + index]! | 0x20) !== lowerCase[index]) return false
  }
  return true
}

/** Whether the name at this place, which is as long, is this one: in its usual spellings one comparison, or two. */
export function isNamed(text: string, at: number, usual: string, lowerCase: string): boolean {
  if (text.startsWith(usual, at) || text.startsWith(lowerCase, at)) return true
  return text.slice(at, at + usual.length).toLowerCase() === lowerCase
}

function join(list: string | undefined, value: string): string {
  return list === undefined ? value : `${list}, ${value}`
}

/** `Content-Length = 1*DIGIT` (RFC 9110 §8.6), and no more than a number can hold. */
function readLength(bytes: Uint8Array, start: number, end: number, facts: FieldFacts): void {
  let length = 0
  let at = start
  for (; at < end; at++) {
    const digit = bytes[at]! - 0x30
    if (digit < 0 || digit > 9) break
    length = length * 10 + digit
    if (length > Number.MAX_SAFE_INTEGER) break
  }
  if (facts.contentLength !== -1) {
    // RFC 9110 §8.6 lets us refuse even identical ones, and who merges them reads what we don't.
    facts.lengthFault ??= 'Field "Content-Length" is repeated'
  } else if (at < end || start === end) {
    const fault = length > Number.MAX_SAFE_INTEGER ? 'too large' : 'not a number'
    facts.lengthFault ??= `Content-Length ${quoted(Buffer.from(bytes.subarray(start, end)).toString('latin1'))} is ${fault}`
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
