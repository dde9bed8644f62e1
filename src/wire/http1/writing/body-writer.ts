/**
 * What a body needs around it when it is sent: the chunked coding (RFC 9112 §7.1), and a guard that holds a
 * `Content-Length` against the bytes.
 */
import { unwritable, writeFields } from './head-writer.ts'
import type { FieldList } from '../messages.ts'
import { isTrailerName } from '../body/trailers.ts'

/**
 * What stands before a chunk of `size` bytes; `"\r\n"` stands behind it.
 *
 * @throws RangeError if the size is not a positive integer: an empty chunk would end the body
 */
export function chunkHead(size: number): string {
  if (!Number.isSafeInteger(size) || size < 1) {
    throw new RangeError(`Chunk size must be a positive integer, not ${size}`)
  }
  return `${size.toString(16)}\r\n`
}

export const chunkTail = '\r\n'

/**
 * The end of a chunked body, with its trailers.
 *
 * @throws ProtocolError `local` if a trailer could be read as something else, or may not be a trailer (RFC
 *   9110 §6.5.1)
 */
export function lastChunk(trailers?: FieldList): string {
  if (trailers === undefined || trailers.length === 0) return '0\r\n\r\n'
  for (let i = 0; i < trailers.length; i += 2) {
    const name = trailers[i]!
    if (!isTrailerName(name)) throw unwritable(`Field "${name}" can't be a trailer`)
  }
  return `0\r\n${writeFields(trailers)}\r\n`
}

/** Holds the bytes of a body against the length that its head has promised. */
export class BodyLength {
  readonly promised: number
  #written: number

  /** @throws RangeError if `promised` is not a length */
  constructor(promised: number) {
    if (!Number.isSafeInteger(promised) || promised < 0) {
      throw new RangeError(`Body length must be an integer of at least 0, not ${promised}`)
    }
    this.promised = promised
    this.#written = 0
  }

  get written(): number {
    return this.#written
  }

  /**
   * Before `size` more bytes are sent.
   *
   * @throws ProtocolError `local` if they are more than promised; they must not be sent then, since they would
   *   be read as the next message
   */
  add(size: number): void {
    if (this.#written + size > this.promised) {
      throw unwritable(
        `Body is longer than its Content-Length: ${this.#written + size} bytes, ${this.promised} promised`,
      )
    }
    this.#written += size
  }

  /**
   * At the end of the body.
   *
   * @throws ProtocolError `local` if bytes are missing; the connection must be closed then, since the peer waits
   *   for them
   */
  end(): void {
    if (this.#written < this.promised) {
      throw unwritable(
        `Body is shorter than its Content-Length: ${this.#written} bytes, ${this.promised} promised`,
      )
    }
  }
}
