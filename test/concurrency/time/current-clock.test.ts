import { expect, test } from 'vitest'
import type { Clock } from '../../../src/concurrency/time/clock.ts'
import {
  clock,
  forgetTime,
  keepTime,
  now,
  replaceClock,
  timeOfStep,
} from '../../../src/concurrency/time/current-clock.ts'
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

test('timeOfStep() is what keepTime() keeps, until it is forgotten or another clock is in force', () => {
  keepTime(7)
  expect(timeOfStep()).toBe(7)
  forgetTime()
  expect(timeOfStep()).toBeGreaterThan(7)
  keepTime(7)
  const restore = replaceClock({ now: () => 42, setTimer: () => ({ cancel: () => undefined }) })
  expect(timeOfStep()).toBe(42)
  keepTime(7)
  expect(timeOfStep()).toBe(42)
  restore()
  expect(timeOfStep()).toBeGreaterThan(7)
})
