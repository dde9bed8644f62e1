import type { FieldList, MinorVersion, ResponseHead } from '../messages.ts'
import { cutFields, fieldsAt, isNamed } from './field-reader.ts'
import { type HeadScan, MARKS_PER_FIELD } from './head-scan.ts'

/**
 * A head that was read. Its fields stay in its text until somebody asks for them; the few that nearly every
 * client looks for are found by the marks of the scan.
 */
export class ReadResponseHead implements ResponseHead {
  readonly status: number
  readonly reason: string
  readonly minorVersion: MinorVersion
  readonly framing: ResponseHead['framing']
  readonly contentLength: number
  readonly keepAlive: boolean
  readonly contentType: string | undefined
  contentEncoding: string | undefined
  keepAliveTerms: string | undefined
  location: string | undefined
  setsCookies: boolean
  readonly #text: string
  readonly #fieldsAt: number
  readonly #fieldCount: number
  #fields: FieldList | undefined

  constructor(
    scan: HeadScan,
    text: string,
    framing: ResponseHead['framing'],
    contentLength: number,
    keepAlive: boolean,
    contentType: string | undefined,
  ) {
    const { secondEnd, firstEnd } = scan
    this.status = scan.status
    this.reason =
      secondEnd - firstEnd === 2 && text.startsWith('OK', firstEnd)
        ? 'OK'
        : text.slice(firstEnd, secondEnd)
    this.minorVersion = scan.minorVersion as MinorVersion
    this.framing = framing
    this.contentLength = contentLength
    this.keepAlive = keepAlive
    this.contentType = contentType
    this.contentEncoding = undefined
    this.keepAliveTerms = undefined
    this.location = undefined
    this.setsCookies = false
    this.#text = text
    this.#fieldsAt = fieldsAt(scan, text)
    this.#fieldCount = scan.fieldCount
    this.#fields = undefined
    this.#look(scan, text)
  }

  get fields(): FieldList {
    return (this.#fields ??= cutFields(this.#text, this.#fieldsAt, this.#fieldCount))
  }

  // The first of each name counts, but for codings: several fields are one list (RFC 9110 §5.3).
  #look({ fieldCount, marks }: HeadScan, text: string): void {
    const end = fieldCount * MARKS_PER_FIELD
    for (let mark = 0; mark < end; mark += MARKS_PER_FIELD) {
      const at = marks[mark]!
      const from = marks[mark + 2]!
      const to = marks[mark + 3]!
      switch (marks[mark + 1]! - at) {
        case 8:
          if (isNamed(text, at, 'Location', 'location')) this.location ??= text.slice(from, to)
          break
        case 10:
          if (isNamed(text, at, 'Keep-Alive', 'keep-alive')) {
            this.keepAliveTerms ??= text.slice(from, to)
          } else if (isNamed(text, at, 'Set-Cookie', 'set-cookie')) this.setsCookies = true
          break
        case 16:
          if (isNamed(text, at, 'Content-Encoding', 'content-encoding')) {
            const value = text.slice(from, to)
            const before = this.contentEncoding
            this.contentEncoding = before === undefined ? value : `${before}, ${value}`
          }
          break
        default:
      }
    }
  }
}
