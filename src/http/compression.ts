/** Content codings (RFC 9110 §8.4.1) undone as the body comes. */
import type { Transform } from 'node:stream'
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from 'node:zlib'

/** Takes compressed chunks and gives plain ones: a stream of the platform. */
export type Decompressor = Transform

/** What a request says that it understands. */
export const acceptedCodings = 'gzip, deflate, br, zstd'

/** Whether a `Content-Encoding` names one coding that `decompressor()` knows. */
export function isKnownCoding(coding: string): boolean {
  return /^(?:gzip|x-gzip|deflate|br|zstd)$/i.test(coding)
}

/** A stream that undoes the coding; `first` is the first byte of the body. */
export function decompressor(coding: string, first: number): Decompressor {
  switch (coding.toLowerCase()) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip()
    case 'deflate':
      // RFC 9110 §8.4.1.2 says zlib; some servers send bare deflate, whose first byte differs.
      return (first & 0x0f) === 8 ? createInflate() : createInflateRaw()
    case 'br':
      return createBrotliDecompress()
    case 'zstd':
      return createZstdDecompress()
    default:
      throw new RangeError(`Cannot decompress "${coding}": gzip, deflate, br and zstd are known`)
  }
}
