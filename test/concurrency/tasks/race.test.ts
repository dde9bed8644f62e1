import { expect, expectTypeOf, test } from 'vitest'
import { rejectionOf } from '../../support/rejection.ts'
import { MockClock } from '../../../src/testing/index.ts'
import { currentTask, race, sleep, timeout, TimeoutError } from '../../../src/index.ts'

const forever = () => sleep(Infinity)

test('race() returns what the first one that is done returns, and stops the others', async () => {
  using clock = MockClock.install({ autoJump: true })
  const order: string[] = []
  const first = await race(
    async () => {
      try {
        await sleep(20)
      } finally {
        order.push('slow stopped')
      }
      return 'slow'
    },
    async () => {
      await sleep(10)
      return 7
    },
  )
  expectTypeOf(first).toEqualTypeOf<string | number>()
  expect([first, clock.now(), order]).toEqual([7, 10, ['slow stopped']])
})

test('race() throws what the first one that is done throws', async () => {
  const failure = new Error('broken')
  expect(await rejectionOf(race(forever, () => Promise.reject(failure)))).toBe(failure)
})

test('race() drops what the losers come to', async () => {
  const value = await race(
    () => 'first',
    async () => {
      await forever().catch(() => {
        throw new Error('a loser cleaning up')
      })
    },
  )
  expect(value).toBe('first')
})

test('race() that is cancelled stops all, and throws', async () => {
  expect(await rejectionOf(timeout(0, () => race(forever, forever)))).toBeInstanceOf(TimeoutError)
})

test('race() keeps a value that came in spite of a cancellation', async () => {
  expect(await timeout(0, () => race(() => 'value', forever))).toBe('value')
})

test('race() names its tasks after the functions, or their place', async () => {
  const named = { fastest: () => currentTask()?.name }
  expect(await race(named.fastest)).toBe('fastest')
  expect(await race(() => currentTask()?.name)).toBe('race[0]')
})

test('race() refuses nothing at all, and what is no function', async () => {
  await expect(race()).rejects.toThrow(
    new RangeError('Cannot race: expected one function at least'),
  )
  await expect(race(5 as never)).rejects.toThrow('Cannot race: expected a function, got 5')
})
