import { expect, it } from 'vitest'
import { checkCount } from '../../../src/concurrency/sync/count.ts'

it('checkCount() returns an integer that is large enough', () => {
  expect(checkCount('a limit', 1, 1)).toBe(1)
  expect(checkCount('a limit', 0, 0)).toBe(0)
})

it('checkCount() allows infinity only where that is said', () => {
  expect(checkCount('a limit', Infinity, 1, true)).toBe(Infinity)
  expect(() => checkCount('a limit', Infinity, 1)).toThrow(
    new RangeError('Cannot use Infinity as a limit: expected an integer of at least 1'),
  )
})

it.each([0, -1, 1.5, NaN, -Infinity, 2 ** 53])('checkCount() refuses %d', (count) => {
  expect(() => checkCount('a limit', count, 1, true)).toThrow(
    new RangeError(
      `Cannot use ${count} as a limit: expected an integer of at least 1, or Infinity`,
    ),
  )
})

it.each([
  ['5', '"5"'],
  [undefined, 'undefined'],
  [null, 'null'],
])('checkCount() refuses %j, which is no number', (count, text) => {
  expect(() => checkCount('a limit', count as unknown as number, 1)).toThrow(
    new TypeError(`Cannot use ${text} as a limit: expected an integer of at least 1`),
  )
})
