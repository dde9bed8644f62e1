import { expect, it } from 'vitest'
import { LifoQueue } from '../../../src/concurrency/queues/lifo-queue.ts'

it('LifoQueue gives the youngest item first', async () => {
  const queue = new LifoQueue<number>({ capacity: 3 })
  for (let item = 0; item < 3; item++) await queue.put(item)
  expect(queue.tryPut(3)).toBe(false)
  queue.close()
  const items: number[] = []
  for await (const item of queue) items.push(item)
  expect(items).toEqual([2, 1, 0])
})
