import { expect, test, vi } from 'vitest'
import { nextTurn, TurnQueue } from '../../../src/concurrency/time/turn-queue.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('everything in a turn queue is called in order, one turn of the event loop later', async () => {
  const queue = new TurnQueue()
  const order: string[] = []
  queue.add(() => {
    order.push('a')
    queue.add(() => order.push('next turn'))
  })
  queue.add(() => order.push('b'))
  await Promise.resolve()
  expect(order).toEqual([])
  await turn()
  expect(order).toEqual(['a', 'b'])
  await turn()
  expect(order).toEqual(['a', 'b', 'next turn'])
})

test('nextTurn() calls back one turn later, and can be taken back', async () => {
  const order: string[] = []
  nextTurn(() => order.push('called'))
  nextTurn(() => order.push('not called')).cancel()
  expect(order).toEqual([])
  await turn()
  expect(order).toEqual(['called'])
})

test('what was cancelled is not called', async () => {
  const queue = new TurnQueue()
  const never = vi.fn()
  queue.add(() => second.cancel())
  const second = queue.add(never)
  queue.add(never).cancel()
  await turn()
  expect(never).not.toHaveBeenCalled()
})

test('a callback that throws stops no other, and its error is an uncaught exception', async () => {
  const queue = new TurnQueue()
  const thrown: (() => void)[] = []
  vi.spyOn(globalThis, 'queueMicrotask').mockImplementation((callback) => {
    thrown.push(callback)
  })
  const called = vi.fn()
  queue.add(() => {
    throw new Error('broken')
  })
  queue.add(called)
  await turn()
  expect(called).toHaveBeenCalledOnce()
  expect(thrown[0]).toThrow('broken')
})
