import fc from 'fast-check'
import { expect, it } from 'vitest'
import { RingBuffer } from '../../../src/concurrency/queues/ring-buffer.ts'

it('RingBuffer gives items back in the order in which they came', () => {
  const buffer = new RingBuffer<number>()
  for (let item = 0; item < 100; item++) buffer.add(item)
  expect(buffer.size).toBe(100)
  expect(buffer.first()).toBe(0)
  const taken = Array.from({ length: 100 }, () => buffer.take())
  expect(taken).toEqual(Array.from({ length: 100 }, (_, index) => index))
})

it('RingBuffer that is empty gives undefined', () => {
  const buffer = new RingBuffer<number>()
  expect(buffer.take()).toBeUndefined()
  expect(buffer.first()).toBeUndefined()
  expect(buffer.size).toBe(0)
})

it('RingBuffer behaves as an array does, whatever is added and taken', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -40, max: 40 })), (steps) => {
      const buffer = new RingBuffer<number>()
      const model: number[] = []
      let next = 0
      for (const step of steps) {
        for (let i = 0; i < step; i++) {
          buffer.add(next)
          model.push(next++)
        }
        for (let i = 0; i > step; i--) expect(buffer.take()).toBe(model.shift())
        expect(buffer.size).toBe(model.length)
        expect(buffer.first()).toBe(model[0])
      }
    }),
  )
})
