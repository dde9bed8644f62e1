/**
 * Finds the parts of a head in its bytes: the scan.
 *
 * It goes over each byte once, stops at any byte and goes on from there, so a head that comes byte by byte
 * costs no more than one that comes whole, and an error shows at the same byte either way. It makes no
 * strings: it notes offsets, from the first byte of the head on, and field-reader.ts cuts the text by them
 * once the head is complete.
 */
import { CR, HTAB, LF, refused, showByte, SP, tokenBytes, valueBytes } from '../grammar.ts'

/** Where the scan is. Those from `START_LINE` to `FIELD` are the start line's own. */
export const START_LINE = 0
export const FIELD = 16
const NAME = 17
const BEFORE_VALUE = 18
const IN_VALUE = 19
const VALUE_LF = 20
const LAST_LF = 21

export const COLON = 0x3a

/** Offsets for each field: name start, name end, value start, value end. */
export const MARKS_PER_FIELD = 4

export class HeadScan {
  phase: number
  /** Where the element begins that the scan is in. */
  elementAt: number
  /** Offsets in the start line: the ends of its first and of its second element. */
  firstEnd: number
  secondEnd: number
  /** Whether the target's `?` has been seen. */
  inQuery: boolean
  minorVersion: number
  status: number
  fieldCount: number
  marks: Int32Array

  constructor(marks: Int32Array) {
    this.phase = START_LINE
    this.elementAt = 0
    this.firstEnd = 0
    this.secondEnd = 0
    this.inQuery = false
    this.minorVersion = 0
    this.status = 0
    this.fieldCount = 0
    this.marks = marks
  }

  /** For another head. The offsets are set before they are read. */
  begin(phase: number, marks: Int32Array): void {
    this.phase = phase
    this.inQuery = false
    this.fieldCount = 0
    this.marks = marks
  }
}

/**
 * Scans the field lines (RFC 9112 §5) and the empty line after them.
 *
 *     field-line = field-name ":" OWS field-value OWS
 *
 * `base` is the offset of the head in `bytes`; the scan goes from `at` to `to`. Returns the offset behind
 * the empty line, or -1 if the scan wants more bytes.
 */
export function scanFields(
  scan: HeadScan,
  bytes: Uint8Array,
  base: number,
  at: number,
  to: number,
  maxFields: number,
): number {
  // Locals, because an import or a field is loaded anew for each byte.
  const marks = scan.marks
  const isToken = tokenBytes
  const isValue = valueBytes
  const lastMark = maxFields * MARKS_PER_FIELD
  let phase = scan.phase
  let mark = scan.fieldCount * MARKS_PER_FIELD
  scanning: while (at < to) {
    if (phase === FIELD) {
      const byte = bytes[at]!
      if (byte === CR) {
        at++
        phase = LAST_LF
        continue
      }
      if (mark >= lastMark) throw refused(`More than ${maxFields} fields`, 431)
      // RFC 9112 §5.2 has a server refuse obs-fold, and §2.2 white space before the first field.
      if (byte === SP || byte === HTAB) throw refused('Line folding (obs-fold)')
      marks[mark] = at - base
      phase = NAME
    }
    if (phase === NAME) {
      while (isToken[bytes[at]!] === 1) if (++at === to) break scanning
      if (bytes[at] !== COLON) throw badNameByte(bytes[at]!)
      if (at - base === marks[mark]) throw refused('Field without a name')
      marks[mark + 1] = at - base
      phase = BEFORE_VALUE
      if (++at === to) break
    }
    if (phase === BEFORE_VALUE) {
      while (bytes[at] === SP || bytes[at] === HTAB) if (++at === to) break scanning
      marks[mark + 2] = at - base
      phase = IN_VALUE
    }
    if (phase === IN_VALUE) {
      while (isValue[bytes[at]!] === 1) if (++at === to) break scanning
      if (bytes[at] !== CR) throw badValueByte(bytes[at]!)
      let end = at
      // OWS behind the value is not a part of it (RFC 9112 §5.1).
      const start = base + marks[mark + 2]!
      while (end > start && (bytes[end - 1] === SP || bytes[end - 1] === HTAB)) end--
      marks[mark + 3] = end - base
      phase = VALUE_LF
      if (++at === to) break
    }
    if (bytes[at] !== LF) throw refused('CR without LF in or behind the fields')
    at++
    if (phase === LAST_LF) {
      scan.fieldCount = mark / MARKS_PER_FIELD
      return at
    }
    mark += MARKS_PER_FIELD
    phase = FIELD
  }
  scan.phase = phase
  scan.fieldCount = mark / MARKS_PER_FIELD
  return -1
}

function badNameByte(byte: number): Error {
  if (byte === LF) return refused('LF without CR in the fields')
  if (byte === CR) return refused('Field line without a colon')
  // RFC 9112 §5.1: "A server MUST reject … any received request message that contains whitespace
  // between a header field name and colon".
  if (byte === SP || byte === HTAB) return refused('White space in or after a field name')
  return refused(`Field name contains ${showByte(byte)}`)
}

function badValueByte(byte: number): Error {
  if (byte === LF) return refused('LF without CR in the fields')
  return refused(`Field value contains ${showByte(byte)}`)
}
