/**
 * The parts of a form, one after the other, as they come: a part that is not read is passed over, and
 * nothing is read of the connection that nobody has asked for.
 */
import type { IncomingBody } from '../../../http/incoming-body.ts'
import { decodeText } from '../../../http/text-decoding.ts'
import { HTTPError } from '../http-error.ts'
import { type MultipartEvent, MultipartParser } from './multipart-parser.ts'
import { type PartHead, readPartHead } from './part-head.ts'

/** In bytes, where nothing else is said. More is answered with 413. */
export interface MultipartLimits {
  /** Parts of any kind. Default 100, as Tornado. */
  parts?: number
  /** Parts that are files. Default 20. */
  files?: number
  /** One part that is no file. Default 64 KiB. */
  fieldSize?: number
  /** One file. Default 16 MiB. */
  fileSize?: number
  /** The name of a part. Default 256. */
  nameSize?: number
  /** The head of a part. Default 8 KiB. */
  headSize?: number
  /** The whole body. Default 64 MiB. */
  size?: number
}

export const defaultMultipartLimits: Readonly<Required<MultipartLimits>> = {
  parts: 100,
  files: 20,
  fieldSize: 65_536,
  fileSize: 16_777_216,
  nameSize: 256,
  headSize: 8_192,
  size: 67_108_864,
}

/** Where a part comes from. @internal */
export interface PartSource {
  /** The next bytes of the part that is read; undefined at its end. */
  nextBytes(part: Part): Promise<Uint8Array | undefined>
}

/** A part of a form. Read before the next is asked for, or never; once. */
export class Part implements AsyncIterable<Uint8Array> {
  readonly name: string
  /** The last part of the name that the client gave; undefined for what is no file. Not to be trusted. */
  readonly filename: string | undefined
  /** In lower case and without parameters; what the client says. */
  readonly type: string
  readonly #source: PartSource
  readonly #charset: string | undefined

  /** @internal */
  constructor({ name, filename, type, charset }: PartHead, source: PartSource) {
    this.name = name
    this.filename = filename
    this.type = type
    this.#charset = charset
    this.#source = source
  }

  /**
   * All of it. Throws `HTTPError` 413 above the limit for fields or files, 400 if the body is broken.
   *
   * Cancellation: what was read is dropped.
   */
  async bytes(): Promise<Uint8Array> {
    const chunks: Uint8Array[] = []
    for await (const chunk of this) chunks.push(chunk)
    return Buffer.concat(chunks)
  }

  /** As `bytes()`, decoded by the charset that the part names, by default UTF-8. 415 if it is not known. */
  async text(): Promise<string> {
    const bytes = await this.bytes()
    try {
      return decodeText(bytes, this.#charset)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      throw new HTTPError(415, `The charset "${this.#charset}" is not supported`, { cause: error })
    }
  }

  /** The bytes as they come. Leaving the loop early passes over the rest. */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    return {
      next: async () => {
        const value = await this.#source.nextBytes(this)
        return value === undefined ? { value, done: true } : { value, done: false }
      },
      return: () => Promise.resolve({ value: undefined, done: true }),
    }
  }
}

export class Multipart implements PartSource {
  readonly #chunks: AsyncIterator<Uint8Array, undefined>
  readonly #parser: MultipartParser
  readonly #limits: Required<MultipartLimits>
  #events: MultipartEvent[] = []
  #index = 0
  #parts = 0
  #files = 0
  #received = 0
  #current: Part | undefined = undefined
  // Of the current part.
  #size = 0

  constructor(body: IncomingBody, boundary: string, limits: Required<MultipartLimits>) {
    this.#limits = limits
    this.#parser = new MultipartParser(boundary, limits.headSize)
    this.#chunks = body[Symbol.asyncIterator]()
  }

  /** The parts, in order. When the loop is left early, the rest of the body is abandoned. */
  async *parts(): AsyncGenerator<Part, void> {
    try {
      for (;;) {
        while (this.#current !== undefined) await this.nextBytes(this.#current)
        const event = await this.#next()
        if (event === undefined) return
        if (event.kind !== 'head') continue
        const part = this.#begin(event.lines)
        if (part !== undefined) yield part
      }
    } finally {
      await this.#chunks.return?.()
    }
  }

  async nextBytes(part: Part): Promise<Uint8Array | undefined> {
    if (part !== this.#current) return undefined
    const event = await this.#next()
    if (event?.kind !== 'data') {
      this.#current = undefined
      return undefined
    }
    const { fieldSize, fileSize } = this.#limits
    const [limit, what] = part.filename === undefined ? [fieldSize, 'field'] : [fileSize, 'file']
    this.#size += event.bytes.byteLength
    if (this.#size > limit) {
      throw new HTTPError(
        413,
        `The ${what} "${part.name}" is longer than the ${limit} bytes allowed`,
      )
    }
    return event.bytes
  }

  #begin(lines: readonly string[]): Part | undefined {
    const { parts, files, nameSize } = this.#limits
    if (++this.#parts > parts)
      throw new HTTPError(413, `The form has more than the ${parts} parts allowed`)
    const head = readPartHead(lines)
    if (head === undefined) return undefined
    if (Buffer.byteLength(head.name) > nameSize) {
      throw new HTTPError(413, `The name of a part is longer than the ${nameSize} bytes allowed`)
    }
    if (head.filename !== undefined && ++this.#files > files) {
      throw new HTTPError(413, `The form has more than the ${files} files allowed`)
    }
    this.#size = 0
    this.#current = new Part(head, this)
    return this.#current
  }

  async #next(): Promise<MultipartEvent | undefined> {
    for (;;) {
      const event = this.#events[this.#index]
      if (event !== undefined) {
        this.#index++
        return event
      }
      const { value, done } = await this.#chunks.next()
      if (done === true) {
        this.#parser.end()
        return undefined
      }
      this.#received += value.byteLength
      const { size } = this.#limits
      if (this.#received > size) {
        throw new HTTPError(413, `The form is longer than the ${size} bytes allowed`)
      }
      this.#events = this.#parser.feed(value)
      this.#index = 0
    }
  }
}
