import { expect, test } from 'vitest'
import { MockClock, settle } from '../../../src/testing/index.ts'
import {
  CancelledError,
  checkpoint,
  now,
  sleep,
  sleepUntil,
  taskGroup,
  timeout,
} from '../../../src/index.ts'

test('sleep() waits as long as it is told', async () => {
  using clock = MockClock.install({ autoJump: true })
  await sleep(250)
  expect(clock.now()).toBe(250)
})

test('sleep(0) lets everything else that is ready run, I/O included', async () => {
  const order: string[] = []
  setImmediate(() => order.push('event loop'))
  void Promise.resolve().then(() => order.push('microtask'))
  await sleep(0)
  expect(order).toEqual(['microtask', 'event loop'])
})

test('sleep() that is cancelled throws and stops its timer', async () => {
  using clock = MockClock.install()
  const group = taskGroup((group) => {
    group.spawn(() => sleep(1_000))
    group.spawn(() => sleep(Infinity))
    group.spawn(async () => {
      await sleep(10)
      group.cancel()
    })
  })
  await settle()
  expect(clock.pending).toBe(3)
  await clock.advance(10)
  await group
  expect(clock.pending).toBe(0)
})

test('sleep() in a scope that is cancelled throws at once and sets no timer', async () => {
  using clock = MockClock.install()
  const caught: unknown[] = []
  await taskGroup(async (group) => {
    group.cancel()
    for (let i = 0; i < 2; i++) await sleep(5).catch((error: unknown) => caught.push(error))
  })
  expect(caught).toEqual([expect.any(CancelledError), expect.any(CancelledError)])
  expect(clock.pending).toBe(0)
})

test('sleep() refuses a delay that is negative or no number', () => {
  expect(() => sleep(-1)).toThrow(
    new RangeError('Invalid delay -1: expected 0 ms or more, or Infinity'),
  )
  expect(() => sleep(Number.NaN)).toThrow(RangeError)
  expect(() => sleep('5' as never)).toThrow(
    new TypeError('Invalid delay "5": expected a number of milliseconds'),
  )
})

test('sleepUntil() waits until a time, and no time at all for one that is past', async () => {
  using clock = MockClock.install({ autoJump: true, start: 100 })
  await sleepUntil(now() + 50)
  expect(clock.now()).toBe(150)
  await sleepUntil(20)
  expect(clock.now()).toBe(150)
  expect(() => sleepUntil(Number.NaN)).toThrow(
    new RangeError('Invalid deadline NaN: expected a time on the clock of now(), or Infinity'),
  )
  expect(() => sleepUntil(undefined as never)).toThrow(TypeError)
})

test('checkpoint() lets a long computation be stopped', async () => {
  let rounds = 0
  const stopped = timeout(2, async () => {
    for (;;) {
      rounds++
      await checkpoint()
    }
  })
  await expect(stopped).rejects.toThrow('Timed out after 2 ms')
  expect(rounds).toBeGreaterThan(0)
})
