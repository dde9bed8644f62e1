import {
  brotliCompressSync,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib'
import { expect, it } from 'vitest'
import { acceptedCodings, decompressor, knownCodings } from '../../src/http/compression.ts'

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

it('knownCodings() knows what is asked for, in any case, and nothing else', () => {
  for (const coding of acceptedCodings().split(', ')) {
    expect(knownCodings(coding)).toEqual([coding])
    expect(knownCodings(coding.toUpperCase())).toEqual([coding.toUpperCase()])
  }
  for (const coding of ['compress', 'xgzip', 'gzip; q=1', 'gzip, compress', 'gzip br']) {
    expect(knownCodings(coding)).toBeUndefined()
  }
})

it('knownCodings() gives several in their order, without those that do nothing', () => {
  expect(knownCodings(' deflate ,, GZIP,identity')).toEqual(['deflate', 'GZIP'])
  expect(knownCodings('identity')).toEqual([])
  expect(knownCodings('')).toEqual([])
})

it('knownCodings() knows five and not six', () => {
  expect(knownCodings('gzip, gzip, gzip, gzip, gzip')).toHaveLength(5)
  expect(knownCodings('gzip, gzip, gzip, gzip, gzip, gzip')).toBeUndefined()
})

it('acceptedCodings() and knownCodings() leave zstd out where a body that is cut off would be taken', () => {
  let whole = true
  try {
    zstdDecompressSync(zstdCompressSync(plain).subarray(0, -6))
    whole = false
  } catch {
    // As it should be.
  }
  expect(acceptedCodings()).toBe(whole ? 'gzip, deflate, br, zstd' : 'gzip, deflate, br')
  expect(knownCodings('ZSTD')).toEqual(whole ? ['ZSTD'] : undefined)
})
