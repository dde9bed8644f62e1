/**
 * Lines out of bytes that are there, many at a time: to decode and cut a block as a whole costs a fraction of doing it
 * line by line.
 *
 * The bytes stay in the queue until all lines of the batch were taken, or somebody reads otherwise: then `settle()`
 * drops those of the lines that were taken. So lines, bytes and blocks can be read in turns; batches grow with
 * the number of lines that were read in a row, and little is decoded that is not taken.
 */
import type { ByteQueue } from './byte-queue.ts'

const LF = 10
const CR = 13

// The first line after something else is read by itself; then bytes of a batch, doubled with each, up to
// what one read of a socket brings.
const smallestBatch = 512
const mostDoublings = 7

const none: readonly string[] = []

export class LineBatch {
  readonly #queue: ByteQueue
  #lines: readonly string[] = none
  #next = 0
  /** How many bytes all lines of the batch have, with their ends. */
  #bytes = 0
  /** How many lines, or batches, were read in a row. */
  #streak = 0

  constructor(queue: ByteQueue) {
    this.#queue = queue
  }

  /** The next line, if it is there and surely within `limit` bytes; else it is to be looked for byte by byte. */
  take(limit: number): string | undefined {
    if (this.#next === this.#lines.length && !this.#fill()) return undefined
    const line = this.#lines[this.#next] as string
    // A character has one to three bytes for each unit of a string.
    if (line.length * 3 > limit) {
      this.settle()
      return undefined
    }
    if (++this.#next === this.#lines.length) {
      this.#queue.drop(this.#bytes)
      this.#clear()
    }
    return line.charCodeAt(line.length - 1) === CR ? line.slice(0, -1) : line
  }

  /** From now on the queue begins with what was not taken. */
  settle(): void {
    this.#streak = 0
    if (this.#next === this.#lines.length) return
    const first = this.#queue.first as Buffer
    let end = 0
    for (let taken = this.#next; taken > 0; taken--) end = first.indexOf(LF, end) + 1
    this.#clear()
    this.#queue.drop(end)
  }

  #fill(): boolean {
    const { first } = this.#queue
    if (first === undefined || this.#streak++ === 0) return false
    const most = smallestBatch << Math.min(this.#streak - 2, mostDoublings)
    const end = first.lastIndexOf(LF, Math.min(most, first.length) - 1)
    if (end < 0) return false
    this.#lines = first.toString('utf8', 0, end).split('\n')
    this.#next = 0
    this.#bytes = end + 1
    return true
  }

  #clear(): void {
    this.#lines = none
    this.#next = 0
  }
}
