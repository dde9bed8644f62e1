/**
 * Writes that are too large to be made at once. The system takes one write as a whole, and says only
 * at its end that it is done; cut into slices, a slow peer can be told from one that takes nothing.
 */

/**
 * The most bytes of one write. Large enough for its cost to drown in that of copying the bytes; small
 * enough that a peer who takes 5 KB/s is seen to take some once a minute.
 */
export const sliceSize: number = 256 * 1024

/** What is still to be written, in order. */
export class Slices {
  readonly #waiting: (Uint8Array | string)[] = []
  #offset = 0
  #bytes = 0

  /** How many bytes there are. */
  get bytes(): number {
    return this.#bytes
  }

  push(data: Uint8Array | string): void {
    this.#waiting.push(data)
    this.#bytes += data.length
  }

  /** Takes the next slice out; undefined if there is none. */
  next(): Uint8Array | string | undefined {
    const data = this.#waiting[0]
    if (data === undefined) return undefined
    const end = this.#offset + sliceSize
    const slice =
      typeof data === 'string' ? data.slice(this.#offset, end) : data.subarray(this.#offset, end)
    if (end < data.length) this.#offset = end
    else {
      this.#waiting.shift()
      this.#offset = 0
    }
    this.#bytes -= slice.length
    return slice
  }
}
