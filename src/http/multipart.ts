/**
 * Forms with files in them: `multipart/form-data` (RFC 7578), written as browsers do.
 *
 * All that stands between the parts is made when a part is added, so that the length of the whole is
 * known if those of the parts are, and nothing is read before it is sent.
 */
import { randomBytes } from 'node:crypto'
import { FileSource } from '../io/files/file-source.ts'
import { discardBody, readChunks } from './chunk-source.ts'
import { HeaderFields, type HeadersInput } from './header-fields.ts'
import { type BodyInput, outgoingBody, type OutgoingBody } from './outgoing-body.ts'

export interface PartOptions {
  /** What the file is called. Default: the name of a `File` or `FileSource`; `blob` for a `Blob`. */
  filename?: string | undefined
  /** Its media type. Default: that of a `Blob` or file; `application/octet-stream` for other files. */
  type?: string | undefined
  /** Its length in bytes, if only the caller knows it: for streams and generators. */
  length?: number | undefined
  /** Further fields of the part. */
  headers?: HeadersInput | undefined
}

/** What a part can be made of. */
export type PartInput = BodyInput

interface Part {
  readonly head: Buffer
  readonly body: OutgoingBody
  readonly length: number | undefined
}

/**
 * A form to be sent as a body. The same can be sent again if each of its parts can.
 *
 * @example
 * ```ts
 * const form = new Multipart()
 * form.append('title', 'Report')
 * form.append('file', new TextEncoder().encode('a,b\n1,2\n'), { filename: 'report.csv', type: 'text/csv' })
 * console.log(form.type.startsWith('multipart/form-data; boundary=')) // → true
 * ```
 */
export class Multipart {
  /** What stands between the parts: nobody can guess it, so that no part can hold it on purpose. */
  readonly boundary: string = `----spool${randomBytes(18).toString('base64url')}`
  readonly #parts: Part[] = []

  /** A form with the entries of the web's: each part as a browser would send it. */
  static from(form: FormData): Multipart {
    const multipart = new Multipart()
    for (const [name, value] of form) multipart.append(name, value)
    return multipart
  }

  /** Its content type, with the boundary. */
  get type(): string {
    return `multipart/form-data; boundary=${this.boundary}`
  }

  /** How long it is in bytes; undefined if the length of a part is not known. */
  get length(): number | undefined {
    let length = this.#end.byteLength
    for (const part of this.#parts) {
      if (part.length === undefined) return undefined
      length += part.head.byteLength + part.length + 2
    }
    return length
  }

  /** @internal */
  get body(): OutgoingBody {
    const replayable = this.#parts.every(({ body }) => body.replayable)
    const chunks = { [Symbol.asyncIterator]: () => this.#iterator() }
    return { kind: 'stream', chunks, length: this.length, replayable }
  }

  /**
   * Adds a part. What has a file name is a file; everything else is a field.
   *
   * @throws TypeError for what can't be sent, RangeError for a length that is none
   */
  append(name: string, value: PartInput, options: PartOptions = {}): void {
    const { filename = filenameOf(value), length } = options
    if (length !== undefined && !(Number.isSafeInteger(length) && length >= 0)) {
      throw new RangeError(`Cannot use ${String(length)} as "length": expected a number of bytes`)
    }
    const { type = typeOf(value) ?? (filename === undefined ? undefined : anyType) } = options
    // As browsers do: what a person has typed has the line ends of the network.
    const body = outgoingBody(typeof value === 'string' ? withLineEnds(value) : value)
    let disposition = `form-data; name="${escaped(withLineEnds(name))}"`
    if (filename !== undefined) disposition += `; filename="${escaped(filename)}"`
    const fields = HeaderFields.from(options.headers)
    if (type !== undefined) fields.set('Content-Type', type)
    let head = `--${this.boundary}\r\nContent-Disposition: ${disposition}\r\n`
    const { raw } = fields
    for (let at = 0; at < raw.length; at += 2) head += `${raw[at]}: ${raw[at + 1]}\r\n`
    this.#parts.push({ head: Buffer.from(`${head}\r\n`), body, length: length ?? body.length })
  }

  get #end(): Buffer {
    return Buffer.from(`--${this.boundary}--\r\n`)
  }

  // A generator that was never begun ends nothing when it is ended.
  #iterator(): AsyncIterator<Uint8Array | string, void> {
    const running = this.#chunks()
    return {
      next: () => running.next(),
      return: async () => {
        await running.return()
        this.#discard()
        return { value: undefined, done: true }
      },
    }
  }

  async *#chunks(): AsyncGenerator<Uint8Array | string, void> {
    let complete = false
    try {
      for (const { head, body } of this.#parts) {
        yield head
        if (body.kind === 'text') yield body.text
        else if (body.kind === 'bytes') yield body.bytes
        else yield* readChunks(body.chunks)
        yield '\r\n'
      }
      yield this.#end
      complete = true
    } finally {
      if (!complete) this.#discard()
    }
  }

  // Of the parts whose turn has not come, too: a file that nobody reads stays open otherwise.
  #discard(): void {
    for (const { body } of this.#parts) discardBody(body)
  }
}

const anyType = 'application/octet-stream'

function filenameOf(value: PartInput): string | undefined {
  if (value instanceof File || value instanceof FileSource) return value.name
  return value instanceof Blob ? 'blob' : undefined
}

function typeOf(value: PartInput): string | undefined {
  if (!(value instanceof Blob) && !(value instanceof FileSource)) return undefined
  return value.type === '' ? undefined : value.type
}

function withLineEnds(text: string): string {
  return text.replaceAll(/\r\n|\r|\n/g, '\r\n')
}

// HTML, "multipart/form-data encoding algorithm": what would end the name, and nothing else.
function escaped(name: string): string {
  return name.toWellFormed().replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}
