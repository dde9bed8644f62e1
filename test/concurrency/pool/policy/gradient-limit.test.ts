import { expect, it } from 'vitest'
import { GradientLimit } from '../../../../src/concurrency/pool/policy/gradient-limit.ts'
import { simulate } from './simulated-server.ts'

function limitOf(options: { min?: number; max?: number; initial?: number } = {}) {
  return new GradientLimit({ min: 1, max: 500, initial: 10, ...options })
}

/** Lets `count` tasks end, each after `latency`, while as many run as may. */
function end(limit: GradientLimit, count: number, latency: number): void {
  for (let i = 0; i < count; i++) limit.succeeded(limit.phase, latency, limit.limit)
}

it.each([0, 0.2, 0.5, 0.8])(
  'GradientLimit settles near the capacity of a server and follows it, with a spread of %d',
  (spread) => {
    const phases = [
      { capacity: 20, service: 50, duration: 60_000 },
      { capacity: 60, service: 50, duration: 60_000 },
      { capacity: 10, service: 50, duration: 60_000 },
      // The same server, slower and then faster.
      { capacity: 10, service: 200, duration: 240_000 },
      { capacity: 10, service: 20, duration: 60_000 },
      { capacity: 2, service: 20, duration: 60_000 },
    ]
    const results = simulate(limitOf(), phases, spread)
    expect(results.length).toBe(phases.length)
    for (const [index, { share, limit, low, high }] of results.entries()) {
      const capacity = phases[index]?.capacity ?? 0
      expect(share).toBeGreaterThan(0.9)
      expect(limit).toBeGreaterThan(capacity * 0.9)
      // The root is the room for bursts that the algorithm leaves.
      expect(limit).toBeLessThan(capacity * 1.3 + Math.sqrt(capacity) * 1.5)
      expect(low).toBeGreaterThanOrEqual(capacity * 0.5)
      expect(high).toBeLessThan(capacity * 1.5 + Math.sqrt(capacity) * 2)
    }
  },
)

it('GradientLimit finds a capacity that is far below where it begins', () => {
  const [result] = simulate(
    limitOf({ initial: 100 }),
    [{ capacity: 3, service: 30, duration: 120_000 }],
    0.2,
  )
  expect(result?.share).toBeGreaterThan(0.95)
  expect(result?.limit).toBeLessThan(9)
})

it('GradientLimit stays between its bounds', () => {
  const [low] = simulate(
    limitOf({ min: 8, max: 30 }),
    [{ capacity: 2, service: 10, duration: 20_000 }],
    0.2,
  )
  expect(low?.low).toBeGreaterThanOrEqual(8)
  expect(low?.high).toBeLessThan(20)
  const [high] = simulate(
    limitOf({ min: 8, max: 30 }),
    [{ capacity: 100, service: 10, duration: 20_000 }],
    0.2,
  )
  expect(high?.high).toBe(30)
})

it('GradientLimit measures alone first, at its initial limit', () => {
  const limit = limitOf()
  end(limit, 19, 10)
  expect([limit.limit, limit.phase]).toEqual([10, 0])
  end(limit, 1, 10)
  expect([limit.limit, limit.phase]).toEqual([10, 1])
  end(limit, 20, 10)
  expect(limit.limit).toBe(11)
})

it('GradientLimit does not count tasks that began before the last change', () => {
  const limit = limitOf()
  end(limit, 20, 10)
  for (let i = 0; i < 100; i++) limit.succeeded(0, 1_000, 10)
  end(limit, 20, 10)
  expect(limit.limit).toBe(11)
})

it('GradientLimit does not grow while few tasks run', () => {
  const limit = limitOf()
  end(limit, 20, 10)
  for (let i = 0; i < 200; i++) limit.succeeded(limit.phase, 10, 4)
  expect(limit.limit).toBe(10)
})

it('GradientLimit measures alone again after 100 windows, at a quarter of the limit', () => {
  const limit = limitOf({ max: 12 })
  end(limit, 20, 10)
  end(limit, 99 * 20, 10)
  expect([limit.limit, limit.phase]).toEqual([12, 1])
  end(limit, 20, 10)
  expect([limit.limit, limit.phase]).toEqual([3, 2])
  end(limit, 20, 10)
  expect([limit.limit, limit.phase]).toEqual([12, 3])
})

it('GradientLimit measures alone again as soon as the limit has doubled or halved', () => {
  const limit = limitOf({ initial: 20 })
  end(limit, 20, 10)
  const { phase } = limit
  let most = 0
  while (limit.phase === phase) {
    most = Math.max(most, limit.limit)
    end(limit, 1, 10)
  }
  expect(most).toBeGreaterThanOrEqual(36)
  expect(limit.limit).toBeLessThan(15)
  end(limit, 200, 10)
  const grown = limit.limit
  const before = limit.phase
  while (limit.phase === before) end(limit, 1, 100)
  expect(limit.limit).toBeLessThan(grown / 2)
})

it('GradientLimit takes a tenth off at a sign of overload, once in a window', () => {
  const limit = limitOf({ initial: 100 })
  end(limit, 100, 10)
  limit.overload()
  limit.overload()
  limit.failed(limit.phase)
  expect(limit.limit).toBe(90)
  end(limit, 89, 10)
  expect(limit.limit).toBe(90)
  limit.overload()
  expect(limit.limit).toBe(81)
})

it('GradientLimit goes down while everything fails, also before anything succeeded', () => {
  const limit = limitOf({ initial: 40, min: 2 })
  for (let i = 0; i < 2_000; i++) limit.failed(limit.phase)
  expect(limit.limit).toBe(2)
  const later = limitOf({ initial: 40, min: 2 })
  end(later, 40, 10)
  for (let i = 0; i < 2_000; i++) later.failed(later.phase)
  expect(later.limit).toBe(2)
  later.failed(-1)
  expect(later.limit).toBe(2)
})

it('GradientLimit keeps what it knew of the latency if all tasks fail while it measures', () => {
  const limit = limitOf({ max: 12 })
  end(limit, 20, 10)
  end(limit, 100 * 20, 10)
  const { phase } = limit
  for (let i = 0; i < 20; i++) limit.failed(phase)
  expect(limit.phase).toBe(phase + 1)
})

it('GradientLimit grows while tasks take no time that the clock can tell', () => {
  const limit = limitOf({ max: 40 })
  let most = 0
  for (let i = 0; i < 1_000; i++) {
    end(limit, 1, 0)
    most = Math.max(most, limit.limit)
  }
  expect(most).toBe(40)
})
