/**
 * Parts of a file as the body of a response: read as the client takes them, 64 KiB in memory at a time.
 *
 * The file is closed when the last byte was read, when the reader leaves, and at the latest when the
 * request is over: a response may be dropped on its way, and then nobody ever asks for its body.
 */
import { ScopeMember, type Scope } from '../../concurrency/scope/scope.ts'
import type { FileReader } from '../../io/files/reader/file-reader.ts'

/** Text between parts, or a part: from `start` to before `end`. */
export type FilePart = string | { readonly start: number; readonly end: number }

export class FileBody extends ScopeMember implements AsyncIterable<Uint8Array | string> {
  readonly #file: FileReader
  readonly #parts: readonly FilePart[]

  /** Takes the file over. `scope` is the request's. */
  constructor(file: FileReader, parts: readonly FilePart[], scope: Scope | undefined) {
    super()
    this.#file = file
    this.#parts = parts
    if (scope?.error !== undefined) void this.#close()
    else scope?.addMember(this)
  }

  /** @internal */
  scopeCancelled(): void {
    void this.#close()
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array | string, undefined> {
    let index = 0
    // Of the part at `index`, how much was read.
    let done = 0
    return {
      next: async () => {
        const part = this.#parts[index]
        if (part === undefined) {
          await this.#close()
          return { value: undefined, done: true }
        }
        if (typeof part === 'string') {
          index++
          return { value: part, done: false }
        }
        const value = await this.#read(part.start + done, part.end)
        done += value.byteLength
        if (part.start + done >= part.end) {
          index++
          done = 0
        }
        return { value, done: false }
      },
      return: async () => {
        await this.#close()
        return { value: undefined, done: true }
      },
    }
  }

  async #read(start: number, end: number): Promise<Uint8Array> {
    try {
      return await this.#file.readSome(start, end)
    } catch (error) {
      await this.#close()
      throw error
    }
  }

  #close(): Promise<void> {
    this.memberOf?.removeMember(this)
    return this.#file.close()
  }
}
