import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteQueue } from '../../../src/io/streams/byte-queue.ts'

test('ByteQueue gathers pieces of one byte in blocks', () => {
  const queue = new ByteQueue()
  for (let index = 0; index < 100; index++) queue.push(Uint8Array.of(index), true)
  expect(queue.length).toBe(100)
  expect([...queue.takeChunk(Infinity)]).toEqual(Array.from({ length: 100 }, (_, index) => index))
  expect(queue.length).toBe(0)
})

test('ByteQueue copies bytes of a shared buffer, and leaves what was given out alone', () => {
  const queue = new ByteQueue()
  const shared = Buffer.from('abc')
  const large = Buffer.alloc(5000, 'l')
  queue.push(shared, true)
  const first = queue.take(2)
  shared.fill('x')
  queue.push(shared, true)
  queue.push(large, true)
  large.fill('x')
  expect(first.toString()).toBe('ab')
  expect(queue.take(4).toString()).toBe('cxxx')
  expect(queue.take(5000).equals(Buffer.alloc(5000, 'l'))).toBe(true)
})

test('indexOf() finds a separator over any border of chunks', () => {
  const queue = new ByteQueue()
  const text = `${'-'.repeat(1500)}END${'-'.repeat(1500)}E${'-'.repeat(1500)}END`
  for (const size of [1501, 1, 1]) queue.push(Buffer.from(text.slice(0, size)), false)
  queue.drop(queue.length)
  for (let at = 0; at < text.length; at += 1501) {
    queue.push(Buffer.from(text.slice(at, at + 1501)), false)
  }
  expect(queue.indexOf(Buffer.from('END'), 0)).toBe(1500)
  expect(queue.indexOf(Buffer.from('END'), 1501)).toBe(4504)
  expect(queue.indexOf(Buffer.from('ENDE'), 0)).toBe(-1)
})

const step = fc.oneof(
  fc.record({ push: fc.integer({ min: 0, max: 5000 }), shared: fc.boolean() }),
  fc.record({ take: fc.integer({ min: 0, max: 6000 }) }),
  fc.record({ chunk: fc.integer({ min: 1, max: 3000 }) }),
  fc.record({ find: fc.integer({ min: 1, max: 3 }), from: fc.integer({ min: 0, max: 6000 }) }),
)

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** What one step gives out, of the queue and of a buffer that does the same by copying. */
function take(queue: ByteQueue, model: Buffer, one: Step): [string | number, string | number] {
  if ('take' in one) {
    const count = Math.min(one.take, model.length)
    return [queue.take(count).toString('hex'), model.toString('hex', 0, count)]
  }
  if ('chunk' in one && model.length > 0) {
    const got = queue.takeChunk(one.chunk)
    const length = Math.min(Math.max(got.length, 1), one.chunk)
    return [got.toString('hex'), model.toString('hex', 0, length)]
  }
  if ('find' in one) {
    const separator = Buffer.from([0, 2, 4]).subarray(0, one.find)
    const at = one.from > model.length ? -1 : model.indexOf(separator, one.from)
    return [queue.indexOf(separator, one.from), at]
  }
  return [0, 0]
}

function checkQueue(steps: readonly Step[]): void {
  const queue = new ByteQueue()
  let model = Buffer.alloc(0)
  let next = 0
  for (const one of steps) {
    if ('push' in one) {
      const bytes = Buffer.from(Array.from({ length: one.push }, () => (next++ * 7) % 5))
      model = Buffer.concat([model, bytes])
      const given = Buffer.from(bytes)
      queue.push(given, one.shared)
      if (one.shared) given.fill(0xff)
    }
    const [got, expected] = take(queue, model, one)
    expect(got).toBe(expected)
    model = model.subarray(model.length - queue.length)
  }
  expect(queue.take(queue.length).equals(model)).toBe(true)
}

test('ByteQueue gives out what went in, whatever the pieces', () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), checkQueue), { numRuns: 200 })
})
