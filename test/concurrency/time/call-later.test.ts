import { AsyncLocalStorage } from 'node:async_hooks'
import { expect, test, vi } from 'vitest'
import { rejectionOf } from '../../support/rejection.ts'
import { MockClock, settle } from '../../../src/testing/index.ts'
import { callLater, currentScope, type LaterCall, sleep, taskGroup } from '../../../src/index.ts'

test('callLater() calls back once, after the delay', async () => {
  using clock = MockClock.install({ start: 5 })
  const called = vi.fn()
  const call = callLater(10, called)
  expect([call.due, call.state]).toEqual([15, 'waiting'])
  await clock.advance(9)
  expect(called).not.toHaveBeenCalled()
  await clock.advance(50)
  expect([called.mock.calls.length, call.state]).toEqual([1, 'called'])
  expect(call.cancel()).toBe(false)
})

test('callLater() can be taken back', async () => {
  using clock = MockClock.install()
  const called = vi.fn()
  const call = callLater(10, called)
  expect([call.cancel(), call.cancel(), call.state]).toEqual([true, false, 'cancelled'])
  expect(clock.pending).toBe(0)
  {
    using other = callLater(10, called)
    expect(other.state).toBe('waiting')
  }
  await clock.advance(20)
  expect(called).not.toHaveBeenCalled()
})

test('callLater() calls back in the context of whoever set the call', async () => {
  using clock = MockClock.install({ autoJump: true })
  const storage = new AsyncLocalStorage<string>()
  const seen: unknown[] = []
  await taskGroup(
    async (group) => {
      storage.run('mine', () =>
        callLater(10, () => seen.push(storage.getStore(), currentScope().deadline)),
      )
      await sleep(20)
      group.cancel()
    },
    { deadline: 100 },
  )
  expect([seen, clock.now()]).toEqual([['mine', 100], 20])
})

test('a call is dropped when its scope is cancelled or over', async () => {
  using clock = MockClock.install()
  const called = vi.fn()
  const calls: LaterCall[] = []
  await taskGroup((group) => {
    const early = callLater(10, called)
    group.cancel()
    calls.push(early, callLater(10, called))
  })
  await taskGroup(() => void calls.push(callLater(10, called)))
  expect(calls.map(({ state }) => state)).toEqual(['cancelled', 'cancelled', 'cancelled'])
  expect(calls[1]?.cancel()).toBe(false)
  expect(clock.pending).toBe(0)
})

test('what a call throws, now or later, fails the nearest group', async () => {
  using clock = MockClock.install({ autoJump: true })
  for (const fn of [
    () => {
      throw new Error('broken')
    },
    async () => {
      await sleep(1)
      throw new Error('broken')
    },
  ]) {
    const error = await rejectionOf(
      taskGroup(async () => {
        callLater(10, fn)
        await sleep(1_000)
      }),
    )
    expect(error).toMatchObject({
      failures: [{ name: 'callLater()', error: { message: 'broken' } }],
    })
  }
  expect(clock.now()).toBe(21)
})

test('a call that is under way is cancelled with its group, and awaited', async () => {
  const order: string[] = []
  await taskGroup(async () => {
    callLater(0, async () => {
      try {
        await sleep(Infinity)
      } finally {
        order.push('stopped')
      }
    })
    await settle()
  })
  expect(order).toEqual(['stopped'])
})

test('callLater() refuses bad input', () => {
  expect(() => callLater(-1, () => undefined)).toThrow(RangeError)
  expect(() => callLater(1, 'log' as never)).toThrow(
    'Cannot call later: expected a function, got "log"',
  )
})
