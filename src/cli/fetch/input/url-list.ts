/** The input of `spool fetch`: URLs of the command line, lists in files, a list on standard input. */
import { type FileHandle, open, stat } from 'node:fs/promises'
import { UsageError } from '../../usage-error.ts'
import { cutMark, isURLLine, linesOf, type URLLine } from './url-lines.ts'

/** A list that can be read once. */
interface Source {
  readonly chunks: AsyncIterable<Uint8Array>
  /** In bytes; undefined for what is no regular file. */
  readonly size: number | undefined
  /** Which file it is, whatever it is called. */
  readonly file: string | undefined
  close(): Promise<void>
}

// As `file:` and `git+ssh:` show, a scheme is no promise that we can fetch it; but it is no file name.
const looksLikeURL = /^[A-Za-z][A-Za-z\d+.-]*:\/\//

// Some hundred lines: what is read far ahead of its turn is in memory for long.
const readSize = 8_192

export class URLList {
  readonly #parts: readonly (string | Source)[]
  #read = 0
  #ended = false
  // Of the lists in files: what was read of them so far, to reckon how much there is in all.
  #bytesRead = 0
  #urlsOfFiles = 0

  private constructor(parts: readonly (string | Source)[]) {
    this.#parts = parts
  }

  /**
   * Opens every list, so that one that cannot be read stops the command before it begins.
   *
   * @throws UsageError if a list cannot be opened.
   */
  static async open(args: readonly string[], stdin: AsyncIterable<Uint8Array>): Promise<URLList> {
    const parts: (string | Source)[] = []
    try {
      for (const arg of args) {
        if (looksLikeURL.test(arg)) parts.push(arg)
        else if (arg === '-') parts.push(standardInput(stdin))
        else parts.push(await openFile(arg))
      }
    } catch (error) {
      await closeAll(parts)
      throw error
    }
    return new URLList(parts)
  }

  /** Whether one of the lists is in this file. */
  async isIn(path: string): Promise<boolean> {
    const found = await stat(path).catch(() => undefined)
    if (found === undefined) return false
    const identity = identityOf(found)
    return this.#parts.some((part) => typeof part !== 'string' && part.file === identity)
  }

  /** How many URLs were read so far. */
  get read(): number {
    return this.#read
  }

  /** How many there are; reckoned from the sizes of the files as long as `ended` is false. Undefined if nobody can tell. */
  get total(): number | undefined {
    if (this.#ended) return this.#read
    let urls = 0
    let bytes = 0
    for (const part of this.#parts) {
      if (typeof part === 'string') urls++
      else if (part.size === undefined) return undefined
      else bytes += part.size
    }
    if (bytes === 0) return urls
    if (this.#bytesRead === 0) return undefined
    const left = Math.max(0, bytes - this.#bytesRead) * (this.#urlsOfFiles / this.#bytesRead)
    return Math.max(this.#read, Math.round(urls + this.#urlsOfFiles + left))
  }

  /** Whether the last line was read. */
  get ended(): boolean {
    return this.#ended
  }

  /** The URLs in the order of the arguments, as many at a time as were read at once. */
  async *batches(): AsyncGenerator<URLLine[]> {
    for (const part of this.#parts) {
      if (typeof part === 'string') yield [{ index: ++this.#read, text: part, cut: false }]
      else for await (const lines of linesOf(part.chunks)) yield this.#take(lines, part)
    }
    this.#ended = true
  }

  /** Closes the files. A read of a pipe that nobody answers is not waited for. */
  async close(): Promise<void> {
    await closeAll(this.#parts)
  }

  #take(lines: readonly string[], { size }: Source): URLLine[] {
    const urls: URLLine[] = []
    for (const line of lines) {
      if (size !== undefined) this.#bytesRead += line.length + 1
      if (!isURLLine(line)) continue
      const cut = line.endsWith(cutMark)
      urls.push({ index: ++this.#read, text: cut ? line.slice(0, -1) : line, cut })
    }
    if (size !== undefined) this.#urlsOfFiles += urls.length
    return urls
  }
}

function standardInput(stdin: AsyncIterable<Uint8Array>): Source {
  return { chunks: stdin, size: undefined, file: undefined, close: async () => {} }
}

function identityOf({ dev, ino }: { dev: number; ino: number }): string {
  return `${dev} ${ino}`
}

async function openFile(path: string): Promise<Source> {
  try {
    const file = await open(path)
    const found = await file.stat()
    if (found.isDirectory()) {
      await file.close()
      throw new Error('it is a folder')
    }
    const regular = found.isFile()
    return {
      chunks: chunksOf(file),
      size: regular ? found.size : undefined,
      file: regular ? identityOf(found) : undefined,
      close: async () => {
        const closed = file.close()
        // Closing waits for a read under way, which on a pipe may be for ever.
        if (regular) await closed
        else closed.catch(() => {})
      },
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'there is no such file, and a URL has a scheme' : message
    throw new UsageError(`Cannot read the list "${path}": ${why}`, { cause: error })
  }
}

async function* chunksOf(file: FileHandle): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(readSize)
  for (;;) {
    const { bytesRead } = await file.read({ buffer })
    if (bytesRead === 0) return
    yield buffer.subarray(0, bytesRead)
  }
}

async function closeAll(parts: readonly (string | Source)[]): Promise<void> {
  for (const part of parts) if (typeof part !== 'string') await part.close()
}
