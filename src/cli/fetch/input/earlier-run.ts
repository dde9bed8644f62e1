/** What a run that was interrupted has finished, as its report tells: for `--resume`. */
import { createReadStream } from 'node:fs'
import { textLines } from '../../text-lines.ts'
import { UsageError } from '../../usage-error.ts'
import type { ReportEntry } from '../output/report.ts'
import { Tally } from '../output/tally.ts'

// A URL of 64 KiB, escaped, twice, and a message with it.
const longestLine = 1_048_576
const lineFeed = 0x0a
// Half a gigabyte of memory.
const largestIndex = 134_217_727

export class EarlierRun {
  /** What its lines add up to. */
  readonly tally: Tally
  readonly #path: string
  // By index what is left of the URL, which may be long; 0 for what is not finished.
  #finished = new Uint32Array(1_024)
  #size = 0

  private constructor(path: string, failOnStatus: boolean) {
    this.#path = path
    this.tally = new Tally({ failOnStatus })
  }

  /**
   * Reads a report. One that does not exist has nothing; what follows its last whole line is left out.
   *
   * @throws UsageError if it can't be read, or is no report
   */
  static async read(path: string, options: { failOnStatus: boolean }): Promise<EarlierRun> {
    const run = new EarlierRun(path, options.failOnStatus)
    try {
      await run.#read()
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (error instanceof UsageError) throw error
      if (code !== 'ENOENT') throw new UsageError(cannotResume(path, message), { cause: error })
    }
    return run
  }

  /** How many bytes of the report are whole lines. */
  get size(): number {
    return this.#size
  }

  /**
   * Whether a URL is finished.
   *
   * @throws UsageError if the report has another URL in its place
   */
  has(index: number, url: string): boolean {
    const found = this.#finished[index] ?? 0
    if (found === 0) return false
    if (found === hashOf(url)) return true
    const was = `the report has another URL as its number ${index}`
    throw new UsageError(cannotResume(this.#path, `${was} than the list`))
  }

  async #read(): Promise<void> {
    let read = 0
    const counted = async function* (
      this: EarlierRun,
      chunks: AsyncIterable<Buffer>,
    ): AsyncGenerator<Buffer> {
      for await (const chunk of chunks) {
        const last = chunk.lastIndexOf(lineFeed)
        if (last >= 0) this.#size = read + last + 1
        read += chunk.length
        yield chunk
      }
    }
    const stream = createReadStream(this.#path) as AsyncIterable<Buffer>
    // The last one may have been written in part.
    let previous: string | undefined
    for await (const lines of textLines(counted.call(this, stream), longestLine)) {
      for (const line of lines) {
        if (previous !== undefined) this.#take(previous)
        previous = line
      }
    }
    if (previous !== undefined && read === this.#size) this.#take(previous)
  }

  #take(line: string): void {
    const entry = entryOf(line)
    if (entry === undefined) {
      const shown = line.length > 100 ? `${line.slice(0, 100)}…` : line
      throw new UsageError(
        cannotResume(this.#path, `${JSON.stringify(shown)} is no line of a report`),
      )
    }
    const { index, url } = entry
    if (this.#finished.length <= index) {
      const larger = new Uint32Array(Math.max(index + 1, 2 * this.#finished.length))
      larger.set(this.#finished)
      this.#finished = larger
    }
    if (this.#finished[index] === 0) this.tally.add(entry)
    this.#finished[index] = hashOf(url)
  }
}

function cannotResume(path: string, why: string): string {
  return `Cannot resume from --report "${path}": ${why}`
}

function entryOf(line: string): ReportEntry | undefined {
  try {
    const entry = JSON.parse(line) as ReportEntry
    const { index, url, error, attempts, bytes } = entry
    const whole = Number.isInteger(index) && index >= 1 && index <= largestIndex
    const rest = typeof url === 'string' && error !== undefined && attempts >= 0 && bytes >= 0
    return whole && rest ? entry : undefined
  } catch {
    return undefined
  }
}

/** FNV-1a, and never 0: tells two lists apart, and a line that was moved. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  }
  return hash >>> 0 || 1
}
