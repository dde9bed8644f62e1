/**
 * A file that is open for reading: in parts, from any place, without a cursor. What it is and how long
 * was asked of the open file itself, so that it can't become another in between.
 */
import { constants, type Stats } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { BrokenResourceError } from '../../../concurrency/errors.ts'
import { fileOperation } from '../file-operation.ts'
import { kindOf, type PathKind } from '../walk.ts'

export interface OpenForReadingOptions {
  /** Whether a symbolic link is followed; otherwise opening one fails. Links above it always are. Default true. */
  followLink?: boolean
}

// As much as a socket takes at once: more would only wait in memory.
const chunkSize = 65_536

/**
 * Opens a file, whatever its kind; opening a pipe does not wait for a writer.
 *
 * Cancellation: nothing stays open.
 *
 * Throws what the system says, such as an error with the code `ENOENT`.
 */
export async function openForReading(
  path: string,
  options: OpenForReadingOptions = {},
): Promise<FileReader> {
  // On Windows the last two are not there, and count for nothing.
  const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants
  const flags = O_RDONLY | O_NONBLOCK | (options.followLink === false ? O_NOFOLLOW : 0)
  return fileOperation(
    () => reader(path, flags),
    (late) => late.close(),
  )
}

async function reader(path: string, flags: number): Promise<FileReader> {
  const handle = await open(path, flags)
  try {
    const facts = await handle.stat()
    return new FileReader(path, handle, facts)
  } catch (error) {
    await handle.close()
    throw error
  }
}

type Facts = Pick<Stats, 'size' | 'mtimeMs' | 'isFile' | 'isDirectory' | 'isSymbolicLink'>

/** Made by `openForReading()`. To be closed. */
export class FileReader implements AsyncDisposable {
  readonly path: string
  /** In bytes, when it was opened. */
  readonly size: number
  /** When it was changed last, in milliseconds since 1970, with the fraction that the system keeps. */
  readonly modified: number
  readonly kind: PathKind
  readonly #handle: FileHandle
  #closing: Promise<void> | undefined = undefined

  /** @internal */
  constructor(path: string, handle: FileHandle, facts: Facts) {
    this.path = path
    this.size = facts.size
    this.modified = facts.mtimeMs
    this.kind = kindOf(facts)
    this.#handle = handle
  }

  /**
   * The bytes from `start` to before `end`, in memory of their own.
   *
   * Cancellation: stops waiting for them. The file stays open.
   *
   * Throws `BrokenResourceError` if the file has become shorter.
   */
  async read(start: number, end: number): Promise<Uint8Array> {
    const buffer = Buffer.allocUnsafeSlow(end - start)
    for (let filled = 0; filled < buffer.byteLength;) {
      const { bytesRead } = await fileOperation(() =>
        this.#handle.read(buffer, filled, buffer.byteLength - filled, start + filled),
      )
      if (bytesRead === 0) {
        throw new BrokenResourceError(
          `Cannot read "${this.path}" up to byte ${end}: it ends at byte ${start + filled}`,
        )
      }
      filled += bytesRead
    }
    return buffer
  }

  /** As `read()`, at most 64 KiB of it. */
  readSome(start: number, end: number): Promise<Uint8Array> {
    return this.read(start, Math.min(end, start + chunkSize))
  }

  /** Closes it when no read is under way any more. Never throws; may be called again. */
  close(): Promise<void> {
    return (this.#closing ??= this.#handle.close().catch(() => undefined))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
