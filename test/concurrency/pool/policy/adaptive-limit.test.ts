import { expect, it } from 'vitest'
import { BusyResourceError, TimeoutError } from '../../../../src/concurrency/errors.ts'
import {
  AdaptiveLimit,
  adaptiveLimit,
  type AdaptiveOptions,
} from '../../../../src/concurrency/pool/policy/adaptive-limit.ts'
import { Pool } from '../../../../src/concurrency/pool/pool.ts'
import { Scope } from '../../../../src/concurrency/scope/scope.ts'
import { Semaphore } from '../../../../src/concurrency/sync/semaphore.ts'
import type { Clock } from '../../../../src/concurrency/time/clock.ts'
import { replaceClock } from '../../../../src/concurrency/time/current-clock.ts'
import { sleep } from '../../../../src/concurrency/time/sleep.ts'
import { MockClock } from '../../../../src/testing/mock-clock.ts'
import { settle } from '../../../../src/testing/settle.ts'
import { Uncaught } from '../../../support/uncaught.ts'
import { reproducible } from './simulated-server.ts'

function adaptive(options: AdaptiveOptions = {}) {
  const limits: number[] = []
  const limit = new AdaptiveLimit(1, 1_000, options, (changed) => limits.push(changed))
  const task = { slotSince: 0, slotPhase: 0, scope: new Scope(undefined) }
  return { limit, limits, task }
}

function initial(min: number, max: number, options: AdaptiveOptions = {}): number {
  return new AdaptiveLimit(min, max, options, ignore).limit
}

function ignore(): void {}

it('AdaptiveLimit begins with 10, or what is asked for, within its bounds', () => {
  expect(initial(1, 1_000)).toBe(10)
  expect(initial(20, 1_000)).toBe(20)
  expect(initial(1, Infinity, { initial: 64 })).toBe(64)
  expect(initial(1, 4, { initial: 64 })).toBe(4)
})

it('AdaptiveLimit tells each new limit, once', async () => {
  using clock = MockClock.install()
  const { limit, limits, task } = adaptive()
  for (let i = 0; i < 60; i++) {
    limit.slotGiven(task)
    await clock.advance(5)
    limit.succeeded(task, limit.limit)
  }
  limit.rest()
  expect(limits.length).toBeGreaterThan(1)
  expect(limits).toEqual([...new Set(limits)])
  expect(limit.limit).toBe(limits.at(-1))
})

it('AdaptiveLimit takes failures of too much load as such, and no others', () => {
  const { limit, limits, task } = adaptive()
  limit.failed(task, new Error('wrong'))
  expect(limits).toEqual([])
  limit.failed(task, new TimeoutError('scope', 10))
  expect(limits).toEqual([9])
  const busy = adaptive()
  busy.limit.failed(busy.task, new BusyResourceError('full'))
  expect(busy.limits).toEqual([9])
})

it('AdaptiveLimit asks whether a failure tells of too much load', () => {
  const { limit, limits, task } = adaptive({ isOverload: (error) => error === 503 })
  limit.failed(task, new TimeoutError('scope', 10))
  limit.failed(task, 503)
  expect(limits).toEqual([9])
})

it('AdaptiveLimit makes what isOverload() throws an uncaught exception', async () => {
  using uncaught = new Uncaught()
  const broken = new Error('broken')
  const { limit, limits, task } = adaptive({
    isOverload: () => {
      throw broken
    },
  })
  limit.failed(task, 'any')
  await settle()
  expect(limits).toEqual([])
  expect(uncaught.errors).toEqual([broken])
})

it('AdaptiveLimit takes an event loop that is late as overload, while something runs', () => {
  let time = 0
  let ring: (() => void) | undefined
  const late: Clock = {
    now: () => time,
    setTimer: (_delay, callback) => {
      ring = callback
      return { cancel: () => (ring = undefined) }
    },
  }
  const restore = replaceClock(late)
  try {
    const { limit, limits, task } = adaptive({ maxLoopDelay: 20 })
    expect(ring).toBeUndefined()
    limit.slotGiven(task)
    time += 60
    ring?.()
    expect(limits).toEqual([])
    time += 80
    ring?.()
    expect(limits).toEqual([9])
    limit.rest()
    expect(ring).toBeUndefined()
  } finally {
    restore()
  }
})

it('adaptiveLimit() makes one for a pool that asks for it', () => {
  expect(adaptiveLimit({ limit: 5 }, ignore)).toBeUndefined()
  expect(adaptiveLimit({ limit: 'adaptive' }, ignore)?.limit).toBe(10)
  expect(adaptiveLimit({ limit: 'adaptive', min: 2, max: 4 }, ignore)?.limit).toBe(4)
  for (const options of [{ min: 1 }, { max: 5 }, { adaptive: {} }]) {
    expect(() => adaptiveLimit({ limit: 5, ...options }, ignore)).toThrow(
      new TypeError(
        'Cannot use min, max or adaptive with the limit 5: expected the limit "adaptive"',
      ),
    )
  }
})

it.each([
  [{ min: 0 }, 'Cannot use 0 as the min of a pool: expected an integer of at least 1'],
  [
    { min: 5, max: 4 },
    'Cannot use 4 as the max of a pool: expected an integer of at least 5, or Infinity',
  ],
  [
    { adaptive: { initial: 2.5 } },
    'Cannot use 2.5 as the initial limit of a pool: expected an integer of at least 1',
  ],
  [
    { adaptive: { maxLoopDelay: -1 } },
    'Invalid maxLoopDelay -1: expected 0 ms or more, or Infinity',
  ],
])('adaptiveLimit() refuses %j', (options, message) => {
  expect(() => adaptiveLimit({ limit: 'adaptive', ...options }, () => {})).toThrow(
    new RangeError(message),
  )
})

it('Pool with an adaptive limit settles near the best fixed one, and follows the server', async () => {
  const server = { capacity: 12, service: 40 }
  const random = reproducible(7)
  const places = new Semaphore(server.capacity)
  const request = async (): Promise<void> => {
    using _place = await places.acquire()
    await sleep(server.service * (0.8 + 0.4 * random()))
  }
  using clock = MockClock.install()
  const pool = new Pool({ limit: 'adaptive', max: 200 })
  const keepBusy = () => {
    while (pool.statistics().waiting < 50) pool.submit(request)
  }
  const measure = async (duration: number) => {
    const before = pool.statistics().succeeded
    const limits: number[] = []
    for (let time = 0; time < duration; time += 20) {
      keepBusy()
      await clock.advance(20)
      limits.push(pool.limit)
    }
    limits.sort((a, b) => a - b)
    const best = (server.capacity / server.service) * duration
    return {
      share: (pool.statistics().succeeded - before) / best,
      limit: limits[limits.length >> 1] as number,
    }
  }
  await measure(3_000)
  const settled = await measure(3_000)
  expect(settled.share).toBeGreaterThan(0.9)
  expect(settled.limit).toBeGreaterThanOrEqual(11)
  expect(settled.limit).toBeLessThanOrEqual(22)

  // Twelve more places.
  for (let i = 0; i < 12; i++) places.release()
  server.capacity = 24
  await measure(3_000)
  const grown = await measure(3_000)
  expect(grown.share).toBeGreaterThan(0.9)
  expect(grown.limit).toBeGreaterThanOrEqual(22)
  expect(grown.limit).toBeLessThanOrEqual(42)

  pool.cancel()
  await pool.join()
  // Timers are not counted: the clock is everybody's in this process, and this test lasts many turns.
  expect(pool.statistics()).toMatchObject({ running: 0, waiting: 0 })
})
