import { expect, it } from 'vitest'
import {
  checkBatchOptions,
  checkPriority,
  checkSubmitOptions,
  checkWhenFull,
} from '../../../src/concurrency/pool/pool-options.ts'

it('checkWhenFull() knows three words', () => {
  expect(checkWhenFull('wait', 0)).toBe('wait')
  expect(checkWhenFull('reject', 0)).toBe('reject')
  expect(checkWhenFull('drop-oldest', 1)).toBe('drop-oldest')
  expect(() => checkWhenFull('panic' as 'wait', 1)).toThrow(
    new TypeError('Cannot use "panic" as whenFull: expected "wait", "reject" or "drop-oldest"'),
  )
})

it('checkWhenFull() drops nothing from a queue in which nothing waits', () => {
  expect(() => checkWhenFull('drop-oldest', 0)).toThrow(
    new RangeError(
      'Cannot use 0 as the maxQueue of a pool that drops the oldest: expected an integer of at least 1',
    ),
  )
})

it('checkPriority() takes any number, and 0 for none', () => {
  expect([checkPriority(), checkPriority(-1.5), checkPriority(Infinity)]).toEqual([
    0,
    -1.5,
    Infinity,
  ])
  expect(() => checkPriority(NaN)).toThrow(
    new RangeError('Cannot use NaN as a priority: expected a number'),
  )
  expect(() => checkPriority('1' as unknown as number)).toThrow(
    new TypeError('Cannot use "1" as a priority: expected a number'),
  )
})

it('checkSubmitOptions() and checkBatchOptions() take options that there are, or none', () => {
  checkSubmitOptions(undefined)
  checkBatchOptions(undefined)
  checkSubmitOptions({ priority: 1, detached: true })
  checkBatchOptions({ key: 'a' })
  expect(() => checkSubmitOptions({ detached: 1 } as never)).toThrow(
    new TypeError('Cannot use 1 as detached: expected true or false'),
  )
  expect(() => checkSubmitOptions({ Priority: 1 } as never)).toThrow(
    new TypeError('Cannot use "Priority" as an option of a task, expected "priority"'),
  )
  expect(() => checkBatchOptions({ detached: true } as never)).toThrow(
    new TypeError('Cannot use "detached" as an option of a batch'),
  )
})
