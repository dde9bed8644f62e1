/**
 * Writes frames (RFC 6455 §5.2), each in one piece where that costs less than two writes; text that is ASCII
 * becomes one string without ever being bytes of ours. The bytes given are only read.
 */
import { Buffer } from 'node:buffer'
import { mask } from './masking.ts'
import { FIN, MASK, opcodes, shortest } from './opcodes.ts'

/** What is written at once: bytes, a string as latin1, or a head and the body behind it. */
export type WrittenFrame = Uint8Array | string | [Uint8Array, Uint8Array]

// A body up to this size is copied behind its head, which costs less than two writes. A larger one is left
// with the transport until it has taken it: as much as this is always more than it takes at once.
const joinedLimit = 65_535

const largestShort = 0xffff
const wholeText = FIN | opcodes.text

// The heads of short texts, as latin1.
const shortHeads: string[] = []

/**
 * A frame. `first`: its first byte, an opcode with `FIN` and `RSV1`. `size`: the bytes of `data`. `key`: what
 * it is masked with, 32 random bits, as every frame of a client must be and none of a server may.
 */
export function writeFrame(
  first: number,
  data: Uint8Array | string,
  size: number,
  key: number | undefined,
): WrittenFrame {
  if (
    key === undefined &&
    size <= joinedLimit &&
    typeof data === 'string' &&
    size === data.length
  ) {
    // As many bytes as characters: all of it is ASCII.
    return textHead(first, size) + data
  }
  const headLength =
    (size > largestShort ? 10 : size > shortest ? 4 : 2) + (key === undefined ? 0 : 4)
  if (key === undefined && size > joinedLimit) {
    const head = Buffer.allocUnsafe(headLength)
    writeHead(head, first, size, key)
    return [head, typeof data === 'string' ? Buffer.from(data) : data]
  }
  const frame = Buffer.allocUnsafe(headLength + size)
  writeHead(frame, first, size, key)
  if (typeof data === 'string') frame.write(data, headLength)
  else frame.set(data, headLength)
  if (key !== undefined) mask(frame, headLength, frame.length, key)
  return frame
}

function writeHead(frame: Uint8Array, first: number, size: number, key: number | undefined): void {
  const masked = key === undefined ? 0 : MASK
  let at = 2
  frame[0] = first
  if (size <= shortest) frame[1] = masked | size
  else if (size <= largestShort) {
    frame[1] = masked | 126
    frame[2] = size >>> 8
    frame[3] = size
    at = 4
  } else {
    frame[1] = masked | 127
    writeWord(frame, 2, Math.floor(size / 0x1_0000_0000))
    writeWord(frame, 6, size % 0x1_0000_0000)
    at = 10
  }
  if (key === undefined) return
  frame[at] = key
  frame[at + 1] = key >>> 8
  frame[at + 2] = key >>> 16
  frame[at + 3] = key >>> 24
}

function writeWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word >>> 24
  bytes[at + 1] = word >>> 16
  bytes[at + 2] = word >>> 8
  bytes[at + 3] = word
}

function textHead(first: number, size: number): string {
  if (size > shortest) return String.fromCharCode(first, 126, size >>> 8, size & 0xff)
  if (first !== wholeText) return String.fromCharCode(first, size)
  return (shortHeads[size] ??= String.fromCharCode(first, size))
}
