import { expect, it } from 'vitest'
import { ClosedResourceError } from '../../../src/concurrency/errors.ts'
import { Queue } from '../../../src/concurrency/queues/queue.ts'

it('Producer that is the last to be closed closes the queue', async () => {
  const queue = new Queue<number>({ capacity: 0 })
  const produce = async (first: number) => {
    using producer = queue.producer()
    await producer.put(first)
    await producer.put(first + 1)
  }
  const all = Promise.all([produce(0), produce(10), produce(20)])
  const items: number[] = []
  for await (const item of queue) items.push(item)
  await all
  expect(items.sort((a, b) => a - b)).toEqual([0, 1, 10, 11, 20, 21])
  expect(queue.closed).toBe(true)
})

it('Producer leaves the queue open while another is', () => {
  const queue = new Queue<number>({ capacity: 0 })
  const first = queue.producer()
  const second = first.producer()
  first.close()
  first.close()
  expect(queue.closed).toBe(false)
  expect(first.closed).toBe(true)
  expect(second.tryPut(1)).toBe(true)
  second.close()
  expect(queue.closed).toBe(true)
})

it('Producer refuses items once it is closed, while the queue takes them from others', async () => {
  const queue = new Queue<number>({ capacity: 0 })
  const first = queue.producer()
  queue.producer()
  first.close()
  const message = 'Cannot put into a queue through an end that is closed'
  await expect(first.put(1)).rejects.toThrow(new ClosedResourceError(message))
  expect(() => first.tryPut(1)).toThrow(message)
  expect(() => first.producer()).toThrow(message)
  expect(queue.size).toBe(0)
})

it('Producer does not close a queue a second time', () => {
  const queue = new Queue<number>({ capacity: 0 })
  const producer = queue.producer()
  queue.close()
  producer.close()
  expect(queue.closed).toBe(true)
  expect(() => queue.producer()).toThrow(
    new ClosedResourceError('Cannot put into a queue that is closed'),
  )
})
