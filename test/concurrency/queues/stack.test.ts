import { expect, it } from 'vitest'
import { Stack } from '../../../src/concurrency/queues/stack.ts'

it('Stack gives the youngest item first', () => {
  const stack = new Stack<number>()
  expect(stack.first()).toBeUndefined()
  for (let item = 0; item < 3; item++) stack.add(item)
  expect(stack.size).toBe(3)
  expect(stack.first()).toBe(2)
  expect([stack.take(), stack.take(), stack.take(), stack.take()]).toEqual([2, 1, 0, undefined])
})
