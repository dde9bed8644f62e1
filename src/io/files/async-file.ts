/**
 * An open file. It keeps its own position and gives it with each call, so that a call that was cancelled has
 * not moved it.
 */
import type { FileHandle } from 'node:fs/promises'
import { BusyResourceError, ClosedResourceError } from '../../concurrency/errors.ts'
import { currentScope } from '../../concurrency/scope/scope.ts'
import { IncompleteReadError } from '../errors.ts'
import { checkSize } from '../streams/check-size.ts'
import { FileLines } from './file-lines.ts'
import type { FileAccess } from './file-mode.ts'
import { fileOperation } from './file-operation.ts'

export interface LinesOptions {
  /** The most bytes of a line. Default 1 MiB: a longer one is no line but a file without line breaks. */
  limit?: number
}

export interface ChunksOptions {
  /** Bytes of one chunk. Default 64 KiB: below it each costs more than its bytes. */
  chunkSize?: number
  /** The byte after the last that is read. Default: the end of the file. */
  end?: number
}

const defaultChunk = 65_536
const defaultLineLimit = 1_048_576
// Takes a whole file into memory by one call: more is a matter of `chunks()`.
const readAllLimit = 2 ** 31 - 1

/** An open file; made by `open()`. One task uses it at a time. To be closed, best by `await using`. */
export class AsyncFile implements AsyncDisposable {
  readonly path: string
  readonly #handle: FileHandle
  readonly #access: FileAccess
  #position = 0
  #busy = false
  #closing: Promise<void> | undefined = undefined

  /** @internal */
  constructor(path: string, handle: FileHandle, access: FileAccess) {
    this.path = path
    this.#handle = handle
    this.#access = access
  }

  /** Where the next read or write begins, in bytes; what is appended goes to the end, wherever this is. */
  get position(): number {
    return this.#position
  }

  /** The descriptor, for what is not here; it is closed with the file. */
  get fd(): number {
    return this.#handle.fd
  }

  get closed(): boolean {
    return this.#closing !== undefined
  }

  /**
   * Reads up to `size` bytes; undefined at the end.
   *
   * Cancellation: the position has not moved.
   *
   * @throws The system's error; BusyResourceError if another task uses the file
   */
  read(size: number = defaultChunk): Promise<Uint8Array | undefined> {
    return this.#use('read', async () => {
      checkSize('size', size, 1)
      const bytes = await this.#readAt(this.#position, size)
      this.#position += bytes.length
      return bytes.length === 0 ? undefined : bytes
    })
  }

  /**
   * Reads exactly `size` bytes.
   *
   * Cancellation: the position has not moved.
   *
   * @throws IncompleteReadError if the file ends before, with the bytes that were there; and as `read()`
   */
  readExactly(size: number): Promise<Uint8Array> {
    return this.#use('read', async () => {
      checkSize('size', size, 0)
      const bytes = await this.#readFully(this.#position, size)
      this.#position += bytes.length
      if (bytes.length < size) throw new IncompleteReadError(bytes, `${size} bytes`)
      return bytes
    })
  }

  /**
   * Reads from the position to the end.
   *
   * Cancellation: the position has not moved.
   */
  readAll(): Promise<Uint8Array> {
    return this.#use('read', async () => {
      const bytes = await this.#readFully(this.#position, readAllLimit)
      this.#position += bytes.length
      return bytes
    })
  }

  /** Reads from the position to the end, as UTF-8. Cancellation: the position has not moved. */
  async readText(): Promise<string> {
    return Buffer.from(await this.readAll()).toString()
  }

  /**
   * The lines from the position on, as UTF-8 and without their ends, which are LF or CR LF. The file is read
   * ahead of them: its position is where reading has come to, and not the end of the line.
   *
   * Cancellation: stops between two lines.
   *
   * @throws LimitExceededError for a line over its limit; and as `read()`
   */
  lines({ limit = defaultLineLimit }: LinesOptions = {}): AsyncIterable<string> {
    return new FileLines((buffer) => this.#readInto(buffer), checkSize('limit', limit, 1))
  }

  /** As `lines()`. */
  [Symbol.asyncIterator](): AsyncIterator<string, undefined> {
    return new FileLines((buffer) => this.#readInto(buffer), defaultLineLimit)
  }

  /**
   * The bytes from the position on.
   *
   * Cancellation: stops between two chunks; the position is behind the last that was given.
   */
  async *chunks({ chunkSize = defaultChunk, end = Infinity }: ChunksOptions = {}): AsyncGenerator<
    Uint8Array,
    void
  > {
    checkSize('chunkSize', chunkSize, 1)
    checkSize('end', end, 0)
    while (this.#position < end) {
      const bytes = await this.read(Math.min(chunkSize, end - this.#position))
      if (bytes === undefined) return
      yield bytes
    }
  }

  /**
   * Writes all of it, a string as UTF-8; in an appending mode at the end.
   *
   * Cancellation: it may have been written, whole or in part; the position has not moved.
   *
   * @throws The system's error; BusyResourceError if another task uses the file
   */
  write(data: Uint8Array | string): Promise<void> {
    return this.#use('write', async () => {
      const bytes = typeof data === 'string' ? Buffer.from(data) : data
      const { appends } = this.#access
      let written = 0
      while (written < bytes.length) {
        const at = appends ? null : this.#position + written
        const rest = bytes.length - written
        const result = await fileOperation(() => this.#handle.write(bytes, written, rest, at))
        written += result.bytesWritten
      }
      if (!appends) this.#position += written
    })
  }

  /** Writes each line with LF behind it, and those of an array at once. Cancellation: as `write()`. */
  async writeLines(lines: Iterable<string> | AsyncIterable<string>): Promise<void> {
    if (Array.isArray(lines)) await this.write(lines.map((line) => `${line}\n`).join(''))
    else for await (const line of lines) await this.write(`${line}\n`)
  }

  /**
   * Moves the position and resolves with it; `from`: what `offset` is counted from. Behind the end is allowed.
   *
   * Cancellation: the position has not moved.
   */
  async seek(offset: number, from: 'start' | 'current' | 'end' = 'start'): Promise<number> {
    const base = from === 'start' ? 0 : from === 'current' ? this.#position : await this.size()
    const position = base + offset
    if (!Number.isSafeInteger(position) || position < 0) {
      throw new RangeError(`Cannot seek to ${position} of "${this.path}": expected 0 or more`)
    }
    this.#position = position
    return position
  }

  /** Bytes in the file. Cancellation: nothing is left behind. */
  size(): Promise<number> {
    return this.#use('look at', async () => {
      const { size } = await fileOperation(() => this.#handle.stat())
      return size
    })
  }

  /** Cuts the file, or fills it up with zeros, to `size` bytes. Cancellation: it may have been done. */
  truncate(size: number = this.#position): Promise<void> {
    return this.#use('write', () => {
      checkSize('size', size, 0)
      return fileOperation(() => this.#handle.truncate(size))
    })
  }

  /** Waits until what was written is on the disk. Cancellation: it may have been done. */
  sync(): Promise<void> {
    return this.#use('write', () => fileOperation(() => this.#handle.sync()))
  }

  /**
   * Closes the file, after the call that is under way. Calling it again joins in.
   *
   * Cancellation: is never thrown; the file is closed.
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#handle.close())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #readInto(buffer: Buffer): Promise<number> {
    return this.#use('read', async () => {
      const at = this.#position
      const { bytesRead } = await fileOperation(() =>
        this.#handle.read(buffer, 0, buffer.length, at),
      )
      this.#position = at + bytesRead
      return bytesRead
    })
  }

  async #readAt(position: number, size: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafeSlow(size)
    const { bytesRead } = await fileOperation(() => this.#handle.read(buffer, 0, size, position))
    return buffer.subarray(0, bytesRead)
  }

  async #readFully(position: number, size: number): Promise<Buffer> {
    const { size: there } = await fileOperation(() => this.#handle.stat())
    const chunks: Buffer[] = []
    let length = 0
    while (length < size) {
      // What is known to be there at once; special files say 0 and have more.
      const known = Math.max(there - position - length, defaultChunk)
      const chunk = await this.#readAt(position + length, Math.min(size - length, known))
      if (chunk.length === 0) break
      chunks.push(chunk)
      length += chunk.length
    }
    const [only] = chunks
    return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks)
  }

  async #use<T>(verb: string, fn: () => Promise<T>): Promise<T> {
    currentScope().throwIfCancelled()
    if (this.#closing !== undefined) {
      throw new ClosedResourceError(`Cannot ${verb} "${this.path}": it is closed`)
    }
    if (this.#busy) {
      throw new BusyResourceError(`Cannot ${verb} "${this.path}": another task uses it`)
    }
    if (verb === 'read' ? !this.#access.reads : verb === 'write' && !this.#access.writes) {
      throw new TypeError(`Cannot ${verb} "${this.path}": its mode does not allow it`)
    }
    this.#busy = true
    try {
      return await fn()
    } finally {
      this.#busy = false
    }
  }
}
