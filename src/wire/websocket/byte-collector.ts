import { Buffer } from 'node:buffer'

// Below it, growing would cost more than what it saves.
const leastCapacity = 64

const nothing: Buffer = Buffer.alloc(0)

/**
 * Bytes that come in pieces, in one buffer that grows as they come: however small the pieces are, it is never
 * more than twice what has come, and nothing is set aside for what was only announced.
 */
export class ByteCollector {
  size = 0
  #bytes: Buffer = nothing

  /** Adds a piece. `expected`: how many bytes it will be with those that are still to come, at most. */
  add(bytes: Uint8Array, start: number, end: number, expected: number): void {
    const size = this.size + end - start
    if (size > this.#bytes.length) this.#grow(size, expected)
    this.#bytes.set(
      start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end),
      this.size,
    )
    this.size = size
  }

  /** What has come; nothing may be added behind it. */
  take(): Buffer {
    return this.size === this.#bytes.length ? this.#bytes : this.#bytes.subarray(0, this.size)
  }

  #grow(size: number, expected: number): void {
    const capacity = Math.max(size, Math.min(Math.max(size * 2, leastCapacity), expected))
    const grown = Buffer.allocUnsafe(capacity)
    grown.set(this.#bytes.subarray(0, this.size))
    this.#bytes = grown
  }
}
