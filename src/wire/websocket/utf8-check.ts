/**
 * Whether text that comes in pieces is UTF-8 so far (RFC 3629): what never can become text is found with the
 * byte that makes it so, and not once the rest is there (RFC 6455 §8.1). What lies whole in a piece is looked at
 * by Node.js, which takes many bytes at once; only a character that is cut is followed byte by byte.
 */
import { isUtf8 } from 'node:buffer'

const lowest = 0x80
const highest = 0xbf

export class UTF8Check {
  /** Whether every byte so far is ASCII. */
  ascii = true
  // Of a character that has begun: how many bytes are missing, and between what the next one may be.
  #missing = 0
  #low: number = lowest
  #high: number = highest

  /** Whether no character has begun that is not whole. */
  get whole(): boolean {
    return this.#missing === 0
  }

  /** Adds bytes; false if they can't be text, whatever comes behind. `plain`: all of them are ASCII. */
  add(bytes: Uint8Array, start: number, end: number, plain: boolean): boolean {
    if (plain && this.#missing === 0) return true
    if (start === end) return true
    this.ascii = false
    let at = start
    while (this.#missing > 0 && at < end) if (!this.#take(bytes[at++]!)) return false
    const cut = cutOf(bytes, at, end)
    if (at < cut && !isUtf8(bytes.subarray(at, cut))) return false
    for (at = cut; at < end; at++) if (!this.#take(bytes[at]!)) return false
    return true
  }

  #take(byte: number): boolean {
    if (this.#missing === 0) return this.#begin(byte)
    if (byte < this.#low || byte > this.#high) return false
    this.#missing--
    this.#low = lowest
    this.#high = highest
    return true
  }

  // RFC 3629 §4: what the second byte may be depends on the first, so that no character has two forms, none is
  // a surrogate, and none is above U+10FFFF.
  #begin(byte: number): boolean {
    if (byte < 0xc2 || byte > 0xf4) return false
    this.#missing = lengthOf(byte) - 1
    if (byte === 0xe0) this.#low = 0xa0
    else if (byte === 0xed) this.#high = 0x9f
    else if (byte === 0xf0) this.#low = 0x90
    else if (byte === 0xf4) this.#high = 0x8f
    return true
  }
}

/** Where a character begins that the bytes up to `end` have not whole; `end` if there is none. */
function cutOf(bytes: Uint8Array, start: number, end: number): number {
  const first = Math.max(start, end - 3)
  for (let at = end - 1; at >= first; at--) {
    const byte = bytes[at]!
    if ((byte & 0xc0) !== 0x80) return lengthOf(byte) > end - at ? at : end
  }
  return end
}

/** How many bytes the character has that begins with this one. */
function lengthOf(first: number): number {
  if (first < 0xc0) return 1
  if (first < 0xe0) return 2
  return first < 0xf0 ? 3 : 4
}
