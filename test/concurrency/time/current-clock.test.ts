import { expect, test } from 'vitest'
import type { Clock } from '../../../src/concurrency/time/clock.ts'
import { clock, now, replaceClock } from '../../../src/concurrency/time/current-clock.ts'
import { realClock } from '../../../src/concurrency/time/real-clock.ts'

test('clock() is the clock of the machine unless another was put in its place', () => {
  expect(clock()).toBe(realClock)
  const stopped: Clock = { now: () => 42, setTimer: () => ({ cancel: () => undefined }) }
  const restore = replaceClock(stopped)
  expect([clock(), now()]).toEqual([stopped, 42])
  restore()
  expect(clock()).toBe(realClock)
  expect(now()).toBeGreaterThan(0)
})
