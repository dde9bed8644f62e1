/** What is given to users of the bytes of a message. */
import { isAscii } from 'node:buffer'

/** It is UTF-8, as the codec has checked. ASCII, which most text is, costs a fraction as latin1. */
export function textOf(data: Buffer): string {
  return isAscii(data) ? data.toString('latin1') : data.toString()
}

/** A small message out of a large read would keep all of it in memory for as long as it is kept. */
export function compact(data: Buffer): Uint8Array {
  const held = data.buffer.byteLength
  return held > Buffer.poolSize && data.byteLength * 4 < held ? Buffer.from(data) : data
}

/** A copy of bytes that are another's. */
export function ownBytes(bytes: Uint8Array): Uint8Array {
  const own = Buffer.allocUnsafe(bytes.byteLength)
  own.set(bytes, 0)
  return own
}
