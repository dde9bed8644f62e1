/**
 * Bytes that came and were not read yet, in the chunks in which they came. Nothing is moved until somebody
 * asks for more than one chunk holds.
 *
 * Small pieces, and bytes of a buffer that is not ours, are gathered into a block: a peer that sends byte by
 * byte costs a byte each, and not an object each. A block is only ever written behind what was given out of it.
 */
const smallPiece = 1024
const blockSize = 16_384

export class ByteQueue {
  #chunks: Buffer[] = []
  /** The first chunk that is not used up; those before it are undefined in all but name. */
  #head = 0
  #length = 0
  /** What the last chunk is the beginning of, if it is a block with room left. */
  #block: Buffer | undefined = undefined
  #blockUsed = 0

  get length(): number {
    return this.#length
  }

  /** The chunk that comes first, if there is any. */
  get first(): Buffer | undefined {
    return this.#chunks[this.#head]
  }

  /** `shared`: the bytes are copied, for they are not ours to keep. */
  push(bytes: Uint8Array, shared: boolean): void {
    this.#length += bytes.length
    if (bytes.length <= smallPiece) this.#gather(bytes)
    else {
      this.#block = undefined
      this.#chunks.push(shared ? Buffer.from(bytes) : bufferOf(bytes))
    }
  }

  /** Takes what comes first as it came: the first chunk, cut to `most` bytes. */
  takeChunk(most: number): Buffer {
    const first = this.#chunks[this.#head] as Buffer
    if (first.length > most) return this.#cut(first, most)
    this.#dropFirst(first.length)
    return first
  }

  /** Takes exactly `count` bytes, which are there. */
  take(count: number): Buffer {
    if (count === 0) return Buffer.alloc(0)
    const first = this.#chunks[this.#head] as Buffer
    if (first.length >= count) return this.takeChunk(count)
    const bytes = Buffer.allocUnsafe(count)
    for (let filled = 0; filled < count;) {
      filled += this.takeChunk(count - filled).copy(bytes, filled)
    }
    return bytes
  }

  drop(count: number): void {
    for (let left = count; left > 0;) left -= this.takeChunk(left).length
  }

  /** Where `separator`, which is not empty, begins for the first time at `from` or later; or -1. */
  indexOf(separator: Buffer, from: number): number {
    const first = separator[0] as number
    let start = 0
    for (let index = this.#head; index < this.#chunks.length; index++) {
      const chunk = this.#chunks[index] as Buffer
      let at = from <= start ? 0 : from - start
      while (at < chunk.length) {
        at = chunk.indexOf(first, at)
        if (at < 0) break
        if (separator.length === 1 || this.#matches(separator, index, at)) return start + at
        at++
      }
      start += chunk.length
    }
    return -1
  }

  /** Whether `separator` stands at `at` of the chunk `index`, going on in those behind it. */
  #matches(separator: Buffer, index: number, at: number): boolean {
    let chunk = this.#chunks[index] as Buffer
    for (const byte of separator) {
      while (at === chunk.length) {
        if (++index === this.#chunks.length) return false
        chunk = this.#chunks[index] as Buffer
        at = 0
      }
      if (chunk[at++] !== byte) return false
    }
    return true
  }

  #gather(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    let block = this.#block
    if (block === undefined || block.length - this.#blockUsed < bytes.length) {
      block = this.#block = Buffer.allocUnsafe(blockSize)
      this.#blockUsed = 0
      this.#chunks.push(block.subarray(0, 0))
    }
    block.set(bytes, this.#blockUsed)
    const last = this.#chunks.length - 1
    const before = (this.#chunks[last] as Buffer).length
    this.#blockUsed += bytes.length
    this.#chunks[last] = block.subarray(this.#blockUsed - bytes.length - before, this.#blockUsed)
  }

  #cut(first: Buffer, count: number): Buffer {
    this.#chunks[this.#head] = first.subarray(count)
    this.#length -= count
    return first.subarray(0, count)
  }

  #dropFirst(length: number): void {
    this.#length -= length
    this.#head++
    if (this.#head === this.#chunks.length) {
      this.#chunks = []
      this.#head = 0
      this.#block = undefined
    } else if (this.#head >= 64) {
      // Not at each step: moving what is behind costs its length.
      this.#chunks.splice(0, this.#head)
      this.#head = 0
    }
  }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
