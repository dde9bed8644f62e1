/**
 * Takes a body of `multipart/form-data` (RFC 7578, RFC 2046 §5.1) apart as it comes: pure, and fed with
 * chunks of any size. What has more than one reading is refused: text before the first boundary, lines
 * of a head that are no fields, a body that ends before its last boundary.
 *
 * Only the boundary at the start of a line and with the end of the line, or two dashes, behind it counts;
 * anything else that looks like it is data.
 */
import { HTTPError } from '../http-error.ts'

/** What is found, in order: for each part `head`, any number of `data`, `end`. */
export type MultipartEvent =
  | { readonly kind: 'head'; readonly lines: readonly string[] }
  | { readonly kind: 'data'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' }

type State = 'preamble' | 'head' | 'data' | 'epilogue'

const lineEnd = Buffer.from('\r\n')
const headEnd = Buffer.from('\r\n\r\n')
// Some clients begin with empty lines; no client has anything to say there.
const mostBlank = 256

export class MultipartParser {
  readonly #delimiter: Buffer
  readonly #headLimit: number
  #state: State = 'preamble'
  // The first boundary has no line before it.
  #rest: Buffer = lineEnd
  #events: MultipartEvent[] = []

  constructor(boundary: string, headLimit: number) {
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1')
    this.#headLimit = headLimit
  }

  /** What the chunk completes. Throws `HTTPError` 400, or 413 for a head above its limit. */
  feed(chunk: Uint8Array): MultipartEvent[] {
    if (this.#state === 'epilogue') return []
    this.#rest = this.#rest.byteLength === 0 ? asBuffer(chunk) : Buffer.concat([this.#rest, chunk])
    while (this.#step());
    const events = this.#events
    this.#events = []
    return events
  }

  /** Throws `HTTPError` 400 if the last boundary has not come. */
  end(): void {
    if (this.#state !== 'epilogue') throw malformed('it ends before its last boundary')
  }

  // Whether there may be more to do with what is there.
  #step(): boolean {
    if (this.#state === 'head') return this.#head()
    return this.#state !== 'epilogue' && this.#untilDelimiter()
  }

  #untilDelimiter(): boolean {
    const rest = this.#rest
    const delimiter = this.#delimiter
    for (let at = 0; ; at++) {
      at = rest.indexOf(delimiter, at)
      if (at === -1) {
        // As much as may be the beginning of one.
        this.#pass(Math.max(0, rest.byteLength - delimiter.byteLength + 1))
        return false
      }
      const behind = at + delimiter.byteLength
      if (rest.byteLength < behind + 2) {
        this.#pass(at)
        return false
      }
      const mark = rest.toString('latin1', behind, behind + 2)
      if (mark !== '--' && mark !== '\r\n') continue
      this.#pass(at)
      if (this.#state === 'data') this.#events.push({ kind: 'end' })
      this.#state = mark === '--' ? 'epilogue' : 'head'
      // The line end is left before the head, so that an empty head ends as any other.
      this.#rest = mark === '--' ? Buffer.alloc(0) : rest.subarray(behind)
      return mark !== '--'
    }
  }

  // The bytes before `end` are no boundary.
  #pass(end: number): void {
    if (end === 0) return
    const bytes = this.#rest.subarray(0, end)
    this.#rest = this.#rest.subarray(end)
    if (this.#state === 'data') this.#events.push({ kind: 'data', bytes })
    else if (end > mostBlank || bytes.some((byte) => byte !== 13 && byte !== 10)) {
      throw malformed('it does not begin with its boundary')
    }
  }

  #head(): boolean {
    const end = this.#rest.indexOf(headEnd)
    if (end > this.#headLimit || (end === -1 && this.#rest.byteLength > this.#headLimit)) {
      throw new HTTPError(
        413,
        `The head of a part is longer than the ${this.#headLimit} bytes allowed`,
      )
    }
    if (end === -1) return false
    // Names and values are UTF-8 (RFC 7578 §5.1).
    const text = this.#rest.toString('utf8', Math.min(2, end), end)
    this.#rest = this.#rest.subarray(end + headEnd.byteLength)
    this.#events.push({ kind: 'head', lines: fieldLines(text) })
    this.#state = 'data'
    return true
  }
}

// RFC 5322 §2.2.3: a line that begins with a blank goes on with the one before.
function fieldLines(text: string): string[] {
  if (text === '') return []
  const lines = text.replaceAll(/\r\n[\t ]+/g, ' ').split('\r\n')
  for (const line of lines) {
    if (!/^[!#$%&'*+.^_`|~\w-]+:[^\r\n\0]*$/.test(line)) {
      throw malformed('a line of the head of a part is no field')
    }
  }
  return lines
}

function malformed(why: string): HTTPError {
  return new HTTPError(400, `The body is no multipart form: ${why}`)
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
