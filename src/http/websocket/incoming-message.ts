/** What is given to users of the bytes of a message. */

import { Buffer } from 'node:buffer'

/** A small message out of a large read would keep all of it in memory for as long as it is kept. */
export function compact(data: Uint8Array): Uint8Array {
  const held = data.buffer.byteLength
  return held > Buffer.poolSize && data.byteLength * 4 < held ? Buffer.from(data) : data
}

/** A copy of bytes that are another's. */
export function ownBytes(bytes: Uint8Array): Uint8Array {
  const own = Buffer.allocUnsafe(bytes.byteLength)
  own.set(bytes, 0)
  return own
}
