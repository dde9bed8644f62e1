import { expect, it } from 'vitest'
import { PriorityQueue } from '../../../src/concurrency/queues/priority-queue.ts'

it('PriorityQueue gives the smallest number first', async () => {
  const queue = new PriorityQueue<string>({ capacity: 0, priority: (item) => item.length })
  for (const item of ['ccc', 'a', 'bb', 'x']) await queue.put(item)
  queue.close()
  const items: string[] = []
  for await (const item of queue) items.push(item)
  expect(items).toEqual(['a', 'x', 'bb', 'ccc'])
})

it('PriorityQueue lets those who wait put in the order in which they came', async () => {
  const queue = new PriorityQueue<number>({ capacity: 1, priority: (item) => item })
  await queue.put(5)
  const waiting = [queue.put(9), queue.put(1)]
  expect([await queue.get(), await queue.get(), await queue.get()]).toEqual([5, 9, 1])
  await Promise.all(waiting)
})

it('PriorityQueue.put() throws what the priority throws, at once or when there is room', async () => {
  const broken = new Error('broken')
  const queue = new PriorityQueue<number>({
    capacity: 1,
    priority: (item) => {
      if (item < 0) throw broken
      return item
    },
  })
  await expect(queue.put(-1)).rejects.toBe(broken)
  expect(() => queue.tryPut(-1)).toThrow(broken)
  await queue.put(1)
  const refused = queue.put(-2)
  const next = queue.put(2)
  const nextButOne = queue.put(3)
  expect(queue.tryGet()).toBe(1)
  await expect(refused).rejects.toBe(broken)
  await next
  expect(queue.statistics()).toMatchObject({ size: 1, putting: 1, unfinished: 2 })
  expect(queue.tryGet()).toBe(2)
  await nextButOne
})

it('PriorityQueue refuses a priority that is no function', () => {
  expect(() => new PriorityQueue({ capacity: 0, priority: 1 as unknown as () => number })).toThrow(
    new TypeError('Cannot order a queue by 1: expected a function of an item'),
  )
})

it('PriorityQueue refuses what are no options', () => {
  const Untyped = PriorityQueue as unknown as new (options?: unknown) => unknown
  expect(() => new Untyped()).toThrow(
    new TypeError(
      'Cannot use undefined as the options of a queue: expected an object, as in { capacity: 10, priority: (item) => item.due }',
    ),
  )
})
