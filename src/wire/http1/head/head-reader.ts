/**
 * Reads one head out of the chunks in which it comes: runs the scan and keeps what is unfinished.
 *
 * The usual head lies whole in one chunk: then nothing is copied, and one latin1 string is made of it. Of
 * an unfinished one the bytes are kept in a buffer of its own, which grows up to the limit and is dropped
 * with the end of the head, so an idle connection holds none.
 */
import { Buffer } from 'node:buffer'
import { refused } from '../grammar.ts'
import { FIELD, HeadScan, MARKS_PER_FIELD, scanFields, START_LINE } from './head-scan.ts'
import { scanWholeLines } from './whole-lines.ts'
import type { HTTP1Limits } from '../limits.ts'

/** Scans the start line; null where there is none (trailers). */
export type StartLineScan = (
  scan: HeadScan,
  bytes: Uint8Array,
  base: number,
  at: number,
  to: number,
  limits: HTTP1Limits,
) => number

const { latin1Slice } = Buffer.prototype as unknown as {
  latin1Slice: (this: Uint8Array, start: number, end: number) => string
}
const noBytes = new Uint8Array(0)
const firstCapacity = 1024

// One head is scanned at a time, so the marks of heads that come whole can lie in one place.
let sharedMarks = new Int32Array(128 * MARKS_PER_FIELD)

export class HeadReader {
  readonly scan: HeadScan
  #text: string
  readonly #limits: HTTP1Limits
  readonly #scanStartLine: StartLineScan | null
  readonly #maxBytes: number
  readonly #maxFields: number
  #kept: Uint8Array
  #keptLength: number
  /** Whether a head is unfinished. */
  #begun: boolean

  constructor(limits: HTTP1Limits, scanStartLine: StartLineScan | null) {
    const isTrailers = scanStartLine === null
    this.#maxBytes = isTrailers ? limits.trailers : limits.head
    this.#maxFields = isTrailers ? limits.trailerFields : limits.fields
    if (sharedMarks.length < this.#maxFields * MARKS_PER_FIELD) {
      sharedMarks = new Int32Array(this.#maxFields * MARKS_PER_FIELD)
    }
    this.scan = new HeadScan(sharedMarks)
    this.#text = ''
    this.#limits = limits
    this.#scanStartLine = scanStartLine
    this.#kept = noBytes
    this.#keptLength = 0
    this.#begun = false
  }

  /** Whether a head has come in part. */
  get begun(): boolean {
    return this.#begun
  }

  /** The head's text, once `read()` has returned its end; each character one byte. An idle reader holds none. */
  takeText(): string {
    const text = this.#text
    this.#text = ''
    return text
  }

  /**
   * Reads on at `at`. Returns the offset behind the head, or -1 if all bytes were used and it goes on.
   *
   * @throws ProtocolError if the head breaks a rule or a limit
   */
  read(bytes: Uint8Array, at: number): number {
    if (this.#begun) return this.#readOn(bytes, at)
    this.scan.begin(this.#scanStartLine === null ? FIELD : START_LINE, sharedMarks)
    const to = Math.min(bytes.length, at + this.#maxBytes)
    const end = this.#scan(bytes, at, at, to)
    if (end !== -1) {
      this.#text = latin1Slice.call(bytes, at, end)
      return end
    }
    this.#checkSize(to - at)
    this.#begun = true
    this.scan.marks = sharedMarks.slice(0, this.#maxFields * MARKS_PER_FIELD)
    this.#keep(bytes, at, to)
    return -1
  }

  #readOn(bytes: Uint8Array, at: number): number {
    const seen = this.#keptLength
    this.#keep(bytes, at, Math.min(bytes.length, at + this.#maxBytes - seen))
    const end = this.#scan(this.#kept, 0, seen, this.#keptLength)
    if (end === -1) {
      this.#checkSize(this.#keptLength)
      return -1
    }
    this.#text = latin1Slice.call(this.#kept, 0, end)
    this.#begun = false
    this.#kept = noBytes
    this.#keptLength = 0
    return at + end - seen
  }

  #scan(bytes: Uint8Array, base: number, at: number, to: number): number {
    const scan = this.scan
    if (scan.phase < FIELD && this.#scanStartLine !== null) {
      at = this.#scanStartLine(scan, bytes, base, at, to, this.#limits)
      if (at === -1) return -1
    }
    if (scan.phase === FIELD) at = scanWholeLines(scan, bytes, base, at, to, this.#maxFields)
    return scanFields(scan, bytes, base, at, to, this.#maxFields)
  }

  #checkSize(length: number): void {
    if (length < this.#maxBytes) return
    const what = this.#scanStartLine === null ? 'Trailer section' : 'Head'
    throw refused(`${what} is longer than ${this.#maxBytes} bytes`, 431)
  }

  #keep(bytes: Uint8Array, from: number, to: number): void {
    const length = this.#keptLength + to - from
    if (length > this.#kept.length) {
      let capacity = Math.max(this.#kept.length * 2, firstCapacity)
      while (capacity < length) capacity *= 2
      const grown = new Uint8Array(Math.min(capacity, Math.max(this.#maxBytes, length)))
      grown.set(this.#kept.subarray(0, this.#keptLength))
      this.#kept = grown
    }
    this.#kept.set(bytes.subarray(from, to), this.#keptLength)
    this.#keptLength = length
  }
}
