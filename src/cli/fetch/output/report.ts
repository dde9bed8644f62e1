/**
 * The report: JSON lines, one for each URL, in the order of their completion.
 *
 * Whole lines only, at any moment: lines that come while others are being written go out together
 * with the next write, and what a failed write left of a line is cut off again.
 */
import { type FileHandle, open } from 'node:fs/promises'
import { BrokenResourceError } from '../../../index.ts'
import type { Failure } from '../../failure.ts'

/** One line of the report. The order of the fields is the order in the line. */
export interface ReportEntry {
  /** 1-based place among the URLs of the input. */
  readonly index: number
  /** As it was written in the input. */
  readonly url: string
  /** After redirects; null if there was no final response. */
  readonly finalUrl: string | null
  readonly status: number | null
  /** Of the body, as written: after decompression. */
  readonly bytes: number
  /** From the beginning of the first attempt to the end of the last one, in milliseconds. */
  readonly ms: number
  readonly attempts: number
  /** The body, relative to `--out`; null if none was kept. */
  readonly file: string | null
  readonly error: Failure | null
}

/** Where report lines go. */
export interface LineSink {
  /** Writes whole lines, or throws and leaves none of the last one. */
  write(lines: string): Promise<void>
  close(): Promise<void>
}

/** A file. What follows the last whole line after a failed write is cut off. */
export class ReportFile implements LineSink {
  readonly #path: string
  readonly #file: FileHandle
  #size: number

  private constructor(path: string, file: FileHandle, size: number) {
    this.#path = path
    this.#file = file
    this.#size = size
  }

  /**
   * Keeps so many bytes of what is there.
   *
   * @throws what the system says if it can't be opened
   */
  static async create(path: string, size: number = 0): Promise<ReportFile> {
    const file = await open(path, size === 0 ? 'w' : 'a')
    try {
      if (size > 0) await file.truncate(size)
    } catch (error) {
      await file.close()
      throw error
    }
    return new ReportFile(path, file, size)
  }

  /** @throws BrokenResourceError if it can't be written */

  async write(lines: string): Promise<void> {
    try {
      await this.#file.writeFile(lines)
      this.#size += Buffer.byteLength(lines)
    } catch (error) {
      // A pipe cannot be cut, and has no size either.
      await this.#file.truncate(this.#size).catch(() => {})
      const { message } = error as Error
      throw new BrokenResourceError(`Cannot write --report "${this.#path}": ${message}`, {
        cause: error,
      })
    }
  }

  async close(): Promise<void> {
    await this.#file.close()
  }
}

// So much may wait for the disk before those who report have to wait too.
const highWater = 65_536

export class Report {
  readonly #sink: LineSink
  // Runs where the report was made: a task that appends may be over before its line is written.
  readonly #writer: Promise<void>
  #pending = ''
  #closing = false
  #wake: (() => void) | undefined = undefined
  #drained: PromiseWithResolvers<void> | undefined = undefined
  #failure: Error | undefined = undefined

  constructor(sink: LineSink) {
    this.#sink = sink
    this.#writer = this.#write()
  }

  /**
   * Appends a line. The promise is there to wait for when the disk is slow; it is fulfilled at once
   * otherwise. Throws when a line could not be written, this one or one before.
   *
   * Cancellation: none; a line that was handed over is written.
   */
  async append(entry: ReportEntry): Promise<void> {
    this.#throwIfFailed()
    this.#pending += `${JSON.stringify(entry)}\n`
    this.#wake?.()
    if (this.#pending.length > highWater) {
      this.#drained ??= Promise.withResolvers<void>()
      await this.#drained.promise
    }
    this.#throwIfFailed()
  }

  /** Waits until every line is written, and closes the file. Throws if a line could not be written. */
  async close(): Promise<void> {
    this.#closing = true
    this.#wake?.()
    await this.#writer
    await this.#sink.close()
    this.#throwIfFailed()
  }

  async #write(): Promise<void> {
    for (;;) {
      if (this.#pending === '') {
        this.#drained?.resolve()
        this.#drained = undefined
        if (this.#closing) return
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
        this.#wake = undefined
      } else await this.#writePending()
    }
  }

  async #writePending(): Promise<void> {
    const lines = this.#pending
    this.#pending = ''
    try {
      // What comes after a failure would leave a gap that nobody sees.
      if (this.#failure === undefined) await this.#sink.write(lines)
    } catch (error) {
      this.#failure = error as Error
    }
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure
  }
}
