/**
 * Cuts the fields out of a head's text by the marks of its scan, and notes those that decide how the
 * message is framed and what becomes of the connection. A field is recognised by its length and its first
 * letter before any name is compared.
 */
import { HTAB, refused, SP } from '../grammar.ts'
import { type HeadScan, MARKS_PER_FIELD } from './head-scan.ts'

/** What the fields of one head say about framing and connection. One object serves all heads in turn. */
export class FieldFacts {
  /** Undefined if there is none; lists are not joined: a second one is refused. */
  host: string | undefined = undefined
  contentLength: string | undefined = undefined
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
    this.contentLength = undefined
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
  const { marks, fieldCount } = scan
  const fields: string[] = []
  facts.reset()
  const end = fieldCount * MARKS_PER_FIELD
  for (let mark = 0; mark < end; mark += MARKS_PER_FIELD) {
    const nameStart = marks[mark]!
    const name = text.slice(nameStart, marks[mark + 1])
    const value = text.slice(marks[mark + 2], marks[mark + 3])
    fields.push(name, value)
    // A letter's case is its bit 0x20.
    switch (name.length) {
      case 4:
        if ((text.charCodeAt(nameStart) | 0x20) === 0x68 && isNamed(name, 'host')) {
          // RFC 9112 §3.2: 400 to "any request message that contains more than one Host header field line".
          if (facts.host !== undefined) throw refused('Field "Host" is repeated')
          facts.host = value
        }
        break
      case 6:
        if ((text.charCodeAt(nameStart) | 0x20) === 0x65 && isNamed(name, 'expect')) {
          facts.expect = join(facts.expect, value)
        }
        break
      case 7:
        if ((text.charCodeAt(nameStart) | 0x20) === 0x75 && isNamed(name, 'upgrade')) {
          facts.upgrade = join(facts.upgrade, value)
        }
        break
      case 10:
        if ((text.charCodeAt(nameStart) | 0x20) === 0x63 && isNamed(name, 'connection')) {
          readConnection(value, facts)
        }
        break
      case 14:
        if ((text.charCodeAt(nameStart) | 0x20) === 0x63 && isNamed(name, 'content-length')) {
          // RFC 9110 §8.6 lets us refuse even identical ones, and who merges them reads what we don't.
          if (facts.contentLength !== undefined) throw refused('Field "Content-Length" is repeated')
          facts.contentLength = value
        }
        break
      case 17:
        if ((text.charCodeAt(nameStart) | 0x20) === 0x74 && isNamed(name, 'transfer-encoding')) {
          facts.transferEncoding = join(facts.transferEncoding, value)
        }
        break
      default:
    }
  }
  return fields
}

function isNamed(name: string, lowerCase: string): boolean {
  return name.toLowerCase() === lowerCase
}

function join(list: string | undefined, value: string): string {
  return list === undefined ? value : `${list}, ${value}`
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
