import fc from 'fast-check'
import { expect, it } from 'vitest'
import { IncomingBody } from '../../src/http/incoming-body.ts'
import { smallPiece, SmallPieces } from '../../src/http/small-pieces.ts'

function gather(sizes: readonly number[]): { pieces: Uint8Array[]; bytes: Buffer } {
  const small = new SmallPieces()
  const pieces: Uint8Array[] = []
  const all: Uint8Array[] = []
  for (const [at, size] of sizes.entries()) {
    const bytes = new Uint8Array(size).fill(at % 256)
    all.push(bytes)
    if (size < smallPiece && pieces.length > 0) small.add(pieces, bytes)
    else pieces.push(bytes)
  }
  return { pieces, bytes: Buffer.concat(all) }
}

it('SmallPieces makes a megabyte of single bytes few buffers', () => {
  const { pieces, bytes } = gather(Array.from({ length: 2 ** 20 }, () => 1))
  expect(Buffer.concat(pieces).equals(bytes)).toBe(true)
  expect(pieces.length).toBeLessThan(100)
})

it('SmallPieces loses nothing, and holds little more than the bytes, whatever their sizes', () => {
  const size = fc.oneof(fc.integer({ min: 1, max: 600 }), fc.constant(1), fc.constant(511))
  fc.assert(
    fc.property(fc.array(size, { maxLength: 400 }), (sizes) => {
      const { pieces, bytes } = gather(sizes)
      expect(Buffer.concat(pieces).equals(bytes)).toBe(true)
      const buffers = new Set(pieces.map(({ buffer }) => buffer))
      let held = 0
      for (const buffer of buffers) held += buffer.byteLength
      expect(held).toBeLessThanOrEqual(3 * bytes.byteLength + 256)
    }),
    { seed: 7, numRuns: 300 },
  )
})

it('SmallPieces puts nothing behind a piece that was taken', () => {
  const small = new SmallPieces()
  const pieces: Uint8Array[] = [Buffer.from('a')]
  small.add(pieces, Buffer.from('b'))
  small.add(pieces, Buffer.from('c'))
  const taken = pieces.splice(0)
  pieces.push(Buffer.from('d'))
  small.add(pieces, Buffer.from('e'))
  expect(taken).toHaveLength(2)
  expect(Buffer.concat(taken).toString()).toBe('abc')
  expect(Buffer.concat(pieces).toString()).toBe('de')
})

it('IncomingBody gives pieces of one byte together to whoever comes late', async () => {
  const body = new IncomingBody({
    pause: () => undefined,
    resume: () => undefined,
    abandon: () => undefined,
  })
  const shared = Buffer.alloc(1)
  for (let at = 0; at < 10_000; at++) {
    shared[0] = at % 256
    body.push(shared, true)
  }
  body.end()
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  expect(chunks.length).toBeLessThan(20)
  expect(
    Buffer.concat(chunks).equals(Buffer.from(Array.from({ length: 10_000 }, (_, at) => at % 256))),
  ).toBe(true)
})
