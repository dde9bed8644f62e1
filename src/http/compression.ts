/** Content codings (RFC 9110 §8.4.1) undone as the body comes. */
import type { Transform } from 'node:stream'
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
  zstdDecompressSync,
} from 'node:zlib'

/** Takes compressed chunks and gives plain ones: a stream of the platform. */
export type Decompressor = Transform

const withoutZstd = 'gzip, deflate, br'

/** What a request says that it understands. */
export function acceptedCodings(): string {
  return zstdIsWhole() ? `${withoutZstd}, zstd` : withoutZstd
}

const knownCoding = /^(?:gzip|x-gzip|deflate|br|zstd)$/i
// As curl: each is a stream of its own, and nobody means more than two.
const mostCodings = 5

/**
 * The codings that a `Content-Encoding` names, in the order in which they were applied; undefined if
 * `decompressor()` does not know one of them, or if there are more than five.
 */
export function knownCodings(value: string): readonly string[] | undefined {
  if (isKnown(value)) return [value]
  const codings: string[] = []
  for (const element of value.split(',')) {
    const coding = element.trim()
    // RFC 9110 §5.6.1: empty elements don't count. §8.4.1: "identity" does nothing, and some say it.
    if (coding === '' || /^identity$/i.test(coding)) continue
    if (!isKnown(coding) || codings.length === mostCodings) return undefined
    codings.push(coding)
  }
  return codings
}

function isKnown(coding: string): boolean {
  return knownCoding.test(coding) && (!/^zstd$/i.test(coding) || zstdIsWhole())
}

let zstdFails: boolean | undefined = undefined

/**
 * Whether a body in zstd that is cut off fails. Node.js 22 takes it for a shorter one: there zstd is not
 * asked for, and left as it is.
 */
function zstdIsWhole(): boolean {
  if (zstdFails !== undefined) return zstdFails
  try {
    // The magic number of a frame, and no frame (RFC 8878 §3.1.1).
    zstdDecompressSync(Buffer.from('28b52ffd', 'hex'))
    zstdFails = false
  } catch {
    zstdFails = true
  }
  return zstdFails
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
