/** A file as something that can be sent: its length is known before it is read, and it can be read again. */
import { open, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { currentScope } from '../../concurrency/scope/scope.ts'
import { BrokenResourceError } from '../../concurrency/errors.ts'

export interface FileSourceOptions {
  /** What it is called where it goes. Default: the last segment of its path. */
  name?: string | undefined
  /** Its media type. Default: none is said. */
  type?: string | undefined
  /** The first byte, counted from 0. Default 0. */
  start?: number | undefined
  /** The byte after the last. Default: the end of the file. */
  end?: number | undefined
}

// One read of the thread pool costs 20 µs or so: below this it shows, above it only fills the memory.
const chunkSize = 65_536

/**
 * A file, or a part of one. Each iteration opens it, gives chunks of 64 KiB and closes it, however it
 * is left; throws BrokenResourceError if the file has become shorter meanwhile.
 *
 * Cancellation: an iteration ends after the chunk that is being read, and closes the file.
 */
export class FileSource implements AsyncIterable<Uint8Array> {
  readonly path: string
  readonly name: string
  readonly type: string
  /** In bytes. */
  readonly size: number
  /** When it was changed last, in milliseconds since 1970. */
  readonly lastModified: number
  readonly #start: number

  /** @internal */
  constructor(
    path: string,
    size: number,
    start: number,
    lastModified: number,
    options: FileSourceOptions,
  ) {
    this.path = path
    this.name = options.name ?? basename(path)
    this.type = options.type ?? ''
    this.size = size
    this.lastModified = lastModified
    this.#start = start
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    const scope = currentScope()
    scope.throwIfCancelled()
    const file = await open(this.path)
    try {
      for (let at = 0; at < this.size;) {
        scope.throwIfCancelled()
        const chunk = Buffer.allocUnsafe(Math.min(chunkSize, this.size - at))
        const { bytesRead } = await file.read(chunk, 0, chunk.byteLength, this.#start + at)
        if (bytesRead === 0) {
          throw new BrokenResourceError(
            `Cannot read all of ${JSON.stringify(this.path)}: it has become shorter than ${this.#start + this.size} bytes`,
          )
        }
        at += bytesRead
        yield chunk.subarray(0, bytesRead)
      }
    } finally {
      await file.close()
    }
  }
}

/**
 * Looks at a file, to send it: as the body of a request, or as a part of a form.
 *
 * @example
 * ```ts no-run
 * await using session = new ClientSession()
 * await session.put('https://example.com/backup', { body: await fileSource('backup.tar') })
 * ```
 *
 * Cancellation: nothing is left behind.
 *
 * @throws The system's error if there is none, RangeError for a part that is not in it, TypeError for what is no file
 */
export async function fileSource(
  path: string,
  options: FileSourceOptions = {},
): Promise<FileSource> {
  currentScope().throwIfCancelled()
  const found = await stat(path)
  currentScope().throwIfCancelled()
  if (!found.isFile()) throw new TypeError(`Cannot send ${JSON.stringify(path)}: it is no file`)
  const { start = 0, end = found.size } = options
  const right = Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0
  if (!right || end < start || end > found.size) {
    throw new RangeError(
      `Cannot send bytes ${start} to ${end} of ${JSON.stringify(path)}: it has ${found.size}`,
    )
  }
  return new FileSource(path, end - start, start, found.mtimeMs, options)
}
