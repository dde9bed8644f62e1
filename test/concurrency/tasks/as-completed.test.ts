import { expect, test } from 'vitest'
import { rejectionOf } from '../../support/rejection.ts'
import { checkNoLeaks, MockClock, settle } from '../../../src/testing/index.ts'
import {
  asCompleted,
  callLater,
  currentTask,
  sleep,
  taskGroup,
  timeout,
  TimeoutError,
} from '../../../src/index.ts'

const forever = () => sleep(Infinity)
const after = (delay: number) => async () => {
  await sleep(delay)
  return delay
}

test('asCompleted() gives values in the order in which they are done', async () => {
  using clock = MockClock.install({ autoJump: true })
  const seen: number[] = []
  for await (const value of asCompleted([30, 10, 20].map(after))) seen.push(value)
  expect([seen, clock.now()]).toEqual([[10, 20, 30], 30])
})

test('asCompleted() of nothing ends at once, and leaves nothing behind', async () => {
  await checkNoLeaks(async () => {
    expect(await Array.fromAsync(asCompleted([]))).toEqual([])
  })
})

test('asCompleted() gives what was done before a failure, then throws it, and stops the others', async () => {
  const failure = new Error('broken')
  const seen: unknown[] = []
  const all = asCompleted<string>([
    () => 'done',
    () => Promise.reject(failure),
    async () => {
      try {
        await forever()
      } finally {
        seen.push('stopped')
      }
      return 'never'
    },
  ])
  const error = await rejectionOf(
    (async () => {
      for await (const value of all) seen.push(value)
    })(),
  )
  expect([new Set(seen), error]).toEqual([new Set(['done', 'stopped']), failure])
  expect(await all.next()).toEqual({ done: true, value: undefined })
})

test('asCompleted() throws the CancelledError of a function that cancelled itself', async () => {
  const all = asCompleted([
    async ({ cancel }) => {
      cancel('not today')
      await forever()
    },
  ])
  expect(await rejectionOf(all.next())).toMatchObject({ reason: 'not today' })
})

test('asCompleted() that is left early stops those that still run, and waits for them', async () => {
  const seen: unknown[] = []
  const functions = [
    () => 'first',
    async () => {
      try {
        await forever()
      } finally {
        seen.push('stopped')
      }
      return 'never'
    },
  ]
  for await (const value of asCompleted(functions)) {
    seen.push(value)
    break
  }
  expect(seen).toEqual(['first', 'stopped'])
})

test('asCompleted() that is never iterated is stopped with its scope', async () => {
  const order: string[] = []
  await taskGroup(async () => {
    asCompleted([
      async () => {
        try {
          await forever()
        } finally {
          order.push('stopped')
        }
      },
    ])
    await settle()
  })
  expect(order).toEqual(['stopped'])
})

test('next() that is cancelled only stops waiting', async () => {
  const all = asCompleted([() => sleep(0)])
  expect(await rejectionOf(timeout(0, () => all.next()))).toBeInstanceOf(TimeoutError)
  expect(await all.next()).toEqual({ done: false, value: undefined })
  expect(await all.next()).toEqual({ done: true, value: undefined })
})

test('next() may be called before the one before is done', async () => {
  const all = asCompleted([() => 1, () => 2])
  const results = await Promise.all([all.next(), all.next(), all.next()])
  expect(results.map(({ value }) => value)).toEqual([1, 2, undefined])
})

test('asCompleted() names its tasks after the functions, or their place', async () => {
  const named = { load: () => currentTask()?.name }
  const names = await Array.fromAsync(asCompleted([named.load, () => currentTask()?.name]))
  expect(names).toEqual(['load', 'asCompleted[1]'])
})

test('asCompleted() refuses what is no function', () => {
  expect(() => asCompleted([Promise.resolve(1) as never])).toThrow(TypeError)
})

test('asCompleted() loses no failure: those after the first go along with it', async () => {
  const [first, second] = [new Error('first'), new Error('second')]
  const both = asCompleted([() => Promise.reject(first), () => Promise.reject(second)])
  const error = await rejectionOf(both.next())
  expect(error).toBe(first)
  expect(error).toMatchObject({ suppressed: [second] })
})

test('asCompleted() throws what its group failed with rather than that a function was cancelled for it', async () => {
  const failure = new Error('left behind')
  const results = asCompleted([
    () => sleep(Infinity),
    () => {
      callLater(0, () => {
        throw failure
      })
      return sleep(Infinity)
    },
  ])
  expect(await rejectionOf(results.next())).toBe(failure)
})
