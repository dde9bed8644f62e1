import {
  brotliCompressSync,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib'
import { expect, it } from 'vitest'
import { acceptedCodings, decompressor, isKnownCoding } from '../../src/http/compression.ts'

const plain = Buffer.from('Hello, world! '.repeat(100))

it.each([
  ['gzip', gzipSync(plain)],
  ['x-gzip', gzipSync(plain)],
  ['GZIP', gzipSync(plain)],
  ['deflate', deflateSync(plain)],
  ['deflate', deflateRawSync(plain)],
  ['deflate', deflateSync(plain, { level: 0 })],
  ['deflate', deflateRawSync(plain, { level: 0 })],
  ['br', brotliCompressSync(plain)],
  ['zstd', zstdCompressSync(plain)],
])('decompressor() undoes %s', async (coding, bytes) => {
  const stream = decompressor(coding, bytes[0] ?? 0)
  stream.end(bytes)
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  expect(Buffer.concat(chunks)).toEqual(plain)
})

it('decompressor() refuses a coding that is not known', () => {
  expect(() => decompressor('compress', 0)).toThrow('Cannot decompress "compress"')
})

it('isKnownCoding() knows what is asked for, in any case, and nothing else', () => {
  for (const coding of acceptedCodings.split(', ')) {
    expect(isKnownCoding(coding)).toBe(true)
    expect(isKnownCoding(coding.toUpperCase())).toBe(true)
  }
  for (const coding of ['', 'identity', 'compress', 'gzip, br', 'gzip ', 'xgzip']) {
    expect(isKnownCoding(coding)).toBe(false)
  }
})
