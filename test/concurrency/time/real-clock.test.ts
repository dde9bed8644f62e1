import { expect, test, vi } from 'vitest'
import { realClock } from '../../../src/concurrency/time/real-clock.ts'

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

test('realClock.now() is the time of performance.now()', () => {
  const before = performance.now()
  const now = realClock.now()
  expect(now).toBeGreaterThanOrEqual(before)
  expect(now).toBeLessThanOrEqual(performance.now())
})

test('realClock.setTimer(0) fires after one turn of the event loop', async () => {
  const fired = vi.fn()
  realClock.setTimer(0, fired)
  realClock.setTimer(-5, fired)
  expect(fired).not.toHaveBeenCalled()
  await nextTurn()
  expect(fired).toHaveBeenCalledTimes(2)
})

test('realClock.setTimer() fires after the delay, in the background too', async () => {
  const start = realClock.now()
  await new Promise<void>((resolve) => {
    realClock.setTimer(2, resolve)
  })
  expect(realClock.now() - start).toBeGreaterThanOrEqual(2)
  const alive = realClock.setTimer(60_000, () => undefined)
  await new Promise<void>((resolve) => {
    realClock.setTimer(1, resolve, { background: true })
  })
  alive.cancel()
  expect(realClock.now() - start).toBeGreaterThanOrEqual(3)
})

test('realClock.setTimer() goes on under the fake timers of a test runner', async () => {
  vi.useFakeTimers()
  const fired = new Promise<string>((resolve) => {
    realClock.setTimer(1, () => resolve('fired'))
  })
  vi.useRealTimers()
  expect(await fired).toBe('fired')
})
