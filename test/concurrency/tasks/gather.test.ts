import { expect, expectTypeOf, test } from 'vitest'
import { rejectionOf } from '../../support/rejection.ts'
import { MockClock } from '../../../src/testing/index.ts'
import {
  currentTask,
  gather,
  shield,
  sleep,
  taskGroup,
  timeout,
  TimeoutError,
} from '../../../src/index.ts'

const forever = () => sleep(Infinity)

test('gather() keeps order and types', async () => {
  using clock = MockClock.install({ autoJump: true })
  const result = await gather(
    async () => {
      await sleep(20)
      return 'slow'
    },
    async () => {
      await sleep(10)
      return 7
    },
    () => true,
  )
  expectTypeOf(result).toEqualTypeOf<[string, number, boolean]>()
  expect([result, clock.now()]).toEqual([['slow', 7, true], 20])
  expect(await gather()).toEqual([])
})

test('gather() cancels the siblings on the first failure, awaits them, and throws the failure itself', async () => {
  const order: string[] = []
  const failure = new RangeError('broken')
  const error = await rejectionOf(
    gather(
      async () => {
        try {
          await forever()
        } finally {
          await shield(() => sleep(0))
          order.push('sibling is over')
        }
      },
      () => Promise.reject(failure),
    ).finally(() => order.push('gather threw')),
  )
  expect([error, order]).toEqual([failure, ['sibling is over', 'gather threw']])
})

test('gather() throws the CancelledError of a function that cancelled itself', async () => {
  const error = await rejectionOf(
    gather(async ({ cancel }) => {
      cancel('not today')
      await forever()
    }),
  )
  expect(error).toMatchObject({ reason: 'not today' })
})

test('gather() that is cancelled stops its functions', async () => {
  using clock = MockClock.install({ autoJump: true })
  expect(await rejectionOf(timeout(5, () => gather(forever, forever)))).toBeInstanceOf(TimeoutError)
  expect(clock.now()).toBe(5)
})

test('gather() names its tasks after the functions, or their place', async () => {
  const names = await taskGroup(() =>
    gather(
      function fetchUser() {
        return currentTask()?.name
      },
      () => currentTask()?.name,
    ),
  )
  expect(names).toEqual(['fetchUser', 'gather[1]'])
})

test('gather.settled() tells of each what it came to, and cancels nothing', async () => {
  const failure = new Error('broken')
  const result = await gather.settled(
    () => Promise.reject(failure),
    async () => {
      await sleep(0)
      return 7
    },
    async ({ cancel }) => {
      cancel()
      await forever()
    },
  )
  expectTypeOf(result[1]).toEqualTypeOf<PromiseSettledResult<number>>()
  expect(result).toEqual([
    { status: 'rejected', reason: failure },
    { status: 'fulfilled', value: 7 },
    { status: 'rejected', reason: expect.objectContaining({ code: 'SPOOL_CANCELLED' }) },
  ])
})

test('gather.settled() that is cancelled throws', async () => {
  expect(await rejectionOf(timeout(0, () => gather.settled(forever)))).toBeInstanceOf(TimeoutError)
})

test('gather() refuses what is no function', () => {
  expect(() => gather(Promise.resolve() as never)).toThrow(
    'Cannot gather: expected a function, got Promise; pass a function that returns the promise, not the promise',
  )
  expect(() => gather.settled(5 as never)).toThrow('Cannot gather: expected a function, got 5')
})

test('gather() loses no failure: those after the first go along with it', async () => {
  const [first, second] = [new Error('first'), new Error('second')]
  const error = await rejectionOf(
    gather(
      () => Promise.reject(first),
      async () => {
        try {
          await forever()
        } finally {
          // oxlint-disable-next-line eslint/no-unsafe-finally
          throw second
        }
      },
      () => Promise.reject(first),
    ),
  )
  expect(error).toBe(first)
  expect(error).toMatchObject({ suppressed: [second] })
})
