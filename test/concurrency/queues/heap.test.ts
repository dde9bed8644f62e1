import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Heap } from '../../../src/concurrency/queues/heap.ts'

interface Item {
  readonly due: number
  readonly name: string
}

it('Heap gives the smallest number first, and equal ones in order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 9 })), (numbers) => {
      const heap = new Heap<Item>((item) => item.due)
      const items = numbers.map((due, index) => ({ due, name: `${index}` }))
      for (const item of items) heap.add(item)
      const sorted = items.toSorted((a, b) => a.due - b.due)
      expect(heap.first()).toBe(sorted[0])
      expect(items.map(() => heap.take())).toEqual(sorted)
      expect(heap.size).toBe(0)
    }),
  )
})

it('Heap stays in order while items come and go', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer({ min: -5, max: 5 }))), (steps) => {
      const heap = new Heap<number>((item) => item)
      const model: number[] = []
      for (const step of steps) {
        const add = step === null ? [] : [step]
        const taken = step === null ? heap.take() : undefined
        expect(taken).toBe(step === null ? model.shift() : undefined)
        for (const item of add) heap.add(item)
        model.push(...add)
        model.sort((a, b) => a - b)
        expect(heap.size).toBe(model.length)
      }
    }),
  )
})

it('Heap takes infinite numbers and refuses what is no number', () => {
  const heap = new Heap<unknown>((item) => item as number)
  heap.add(0)
  heap.add(-Infinity)
  expect(heap.take()).toBe(-Infinity)
  expect(() => heap.add(NaN)).toThrow(
    new RangeError('Cannot put an item of priority NaN: expected a number'),
  )
  expect(() => heap.add('1')).toThrow(RangeError)
  expect(heap.size).toBe(1)
})
