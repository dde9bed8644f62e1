import { BusyResourceError } from '../../concurrency/errors.ts'
import { IncompleteReadError, LimitExceededError } from '../../io/errors.ts'

// As the limit of a line: what is longer is read as a stream.
const defaultLimit = 2 ** 20

/**
 * Reads a body in portions that its protocol says: headers before data, records of a known length. What
 * came and was not asked for yet is kept, a chunk of the body at most.
 *
 * One read at a time. Cancellation: of a wait for bytes loses nothing; what had come is given to the next
 * read.
 */
export class BodyReader implements AsyncIterable<Uint8Array>, AsyncDisposable {
  readonly #chunks: AsyncIterator<Uint8Array, undefined>
  #buffer: Uint8Array = new Uint8Array(0)
  #ended = false
  #reading = false

  /** Reads the body to its end, or until it is left. */
  constructor(body: AsyncIterable<Uint8Array, undefined>) {
    this.#chunks = body[Symbol.asyncIterator]()
  }

  /**
   * What is there, or comes next: at least one byte, `most` at most; empty at the end.
   *
   * Cancellation: loses nothing; what had come is given to the next read.
   */
  read(most: number = Infinity): Promise<Uint8Array> {
    checkCount(most)
    return this.#exclusively(async () => {
      if (this.#buffer.byteLength === 0) await this.#more()
      return this.#take(Math.min(most, this.#buffer.byteLength))
    })
  }

  /**
   * So many bytes.
   *
   * Cancellation: loses nothing; what had come is given to the next read.
   *
   * @throws IncompleteReadError if the body ends before, with what there was
   */
  readExactly(count: number): Promise<Uint8Array> {
    checkCount(count)
    return this.#exclusively(async () => {
      while (this.#buffer.byteLength < count) {
        if (!(await this.#more())) {
          throw new IncompleteReadError(this.#take(this.#buffer.byteLength), `${count} bytes`)
        }
      }
      return this.#take(count)
    })
  }

  /**
   * All up to and with `separator`: text, as UTF-8, or bytes. `limit`: bytes that this may be, by default
   * 1 MiB.
   *
   * Cancellation: loses nothing; what had come is given to the next read.
   *
   * @throws LimitExceededError if there is none within the limit, and nothing is taken; IncompleteReadError if
   *   the body ends before, with what there was
   */
  readUntil(separator: string | Uint8Array, limit: number = defaultLimit): Promise<Uint8Array> {
    const mark = Buffer.from(separator)
    if (mark.byteLength === 0) throw new RangeError('Cannot read until an empty separator')
    const what = `the separator ${JSON.stringify(mark.toString('latin1'))}`
    return this.#exclusively(async () => {
      for (let from = 0; ;) {
        const found = Buffer.from(
          this.#buffer.buffer,
          this.#buffer.byteOffset,
          this.#buffer.byteLength,
        )
        const at = found.indexOf(mark, from)
        if (at >= 0 && at + mark.byteLength <= limit) return this.#take(at + mark.byteLength)
        if (at >= 0 || found.byteLength >= limit) throw new LimitExceededError(what, limit)
        // The separator may have come in part.
        from = Math.max(0, found.byteLength - mark.byteLength + 1)
        if (!(await this.#more())) {
          throw new IncompleteReadError(this.#take(this.#buffer.byteLength), `until ${what}`)
        }
      }
    })
  }

  /** What is left, as it comes. Leaving the loop early gives the rest up. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    try {
      for (;;) {
        const chunk = await this.read()
        if (chunk.byteLength === 0) return
        yield chunk
      }
    } finally {
      await this.close()
    }
  }

  /**
   * Gives up what was not read, which closes the connection if that is something.
   *
   * Cancellation: has none; it waits for nothing.
   */
  async close(): Promise<void> {
    this.#buffer = new Uint8Array(0)
    this.#ended = true
    await this.#chunks.return?.()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #exclusively<T>(read: () => Promise<T>): Promise<T> {
    if (this.#reading)
      throw new BusyResourceError('Cannot read the body: another read is under way')
    this.#reading = true
    try {
      return await read()
    } finally {
      this.#reading = false
    }
  }

  async #more(): Promise<boolean> {
    if (this.#ended) return false
    const { value, done } = await this.#chunks.next()
    if (done === true || value === undefined) {
      this.#ended = true
      return false
    }
    this.#buffer = this.#buffer.byteLength === 0 ? value : Buffer.concat([this.#buffer, value])
    return true
  }

  #take(count: number): Uint8Array {
    const taken = this.#buffer.subarray(0, count)
    this.#buffer = this.#buffer.subarray(count)
    return taken
  }
}

function checkCount(count: number): void {
  if (count === Infinity || (Number.isSafeInteger(count) && count >= 0)) return
  throw new RangeError(`Cannot read ${String(count)} bytes: expected a number of bytes`)
}
