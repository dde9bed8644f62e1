import { expect, it } from 'vitest'
import { KeyLimits } from '../../../../src/concurrency/pool/policy/key-limits.ts'
import type { PriorityPlace } from '../../../../src/concurrency/pool/policy/priority-lines.ts'

function place(order: number): PriorityPlace {
  return { priority: 0, order, line: undefined, ahead: undefined, behind: undefined }
}

it('KeyLimits lets as many of a key start as the limit says', () => {
  const limits = new KeyLimits(2)
  const slots = limits.enter('a')
  expect(limits.enter('a')).toBe(slots)
  expect([slots.start(), slots.start(), slots.start()]).toEqual([true, true, false])
  expect(limits.enter('b').start()).toBe(true)
})

it('KeyLimits gives back who was set aside when one of its key ends', () => {
  const slots = new KeyLimits(1).enter('a')
  slots.start()
  const [first, second] = [place(1), place(2)]
  slots.setAside(second)
  slots.setAside(first)
  expect(slots.end()).toBe(first)
  expect(slots.start()).toBe(true)
  expect(slots.end()).toBe(second)
  expect(slots.start()).toBe(true)
  expect(slots.end()).toBeUndefined()
})

it('KeyLimits knows who is set aside', () => {
  const limits = new KeyLimits(1)
  const places = [place(1), place(2), place(3)]
  for (const [index, one] of places.entries()) limits.enter(index % 2).setAside(one)
  expect([...limits.aside()]).toEqual([places[0], places[2], places[1]])
})

it('KeyLimits forgets a key that nobody uses', () => {
  const limits = new KeyLimits(1)
  const slots = limits.enter('a')
  limits.enter('a')
  limits.leave(slots)
  expect(limits.size).toBe(1)
  limits.leave(slots)
  expect(limits.size).toBe(0)
  expect(limits.enter('a')).not.toBe(slots)
})

it('KeyLimits asks for the limit of each key once', () => {
  const asked: unknown[] = []
  const limits = new KeyLimits((key) => {
    asked.push(key)
    return key === 'slow' ? 1 : Infinity
  })
  const slow = limits.enter('slow')
  limits.enter('slow')
  expect([slow.start(), slow.start()]).toEqual([true, false])
  const fast = limits.enter('fast')
  expect([fast.start(), fast.start()]).toEqual([true, true])
  expect(asked).toEqual(['slow', 'fast'])
})

it('KeyLimits refuses a limit below 1, when it is said', () => {
  const message =
    'Cannot use 0 as the limit of a key: expected an integer of at least 1, or Infinity'
  expect(() => new KeyLimits(0)).toThrow(new RangeError(message))
  const limits = new KeyLimits(() => 0)
  expect(() => limits.enter('a')).toThrow(new RangeError(message))
  expect(limits.size).toBe(0)
})
