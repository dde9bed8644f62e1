import { expect, it } from 'vitest'
import { TokenBucket } from '../../../../src/concurrency/pool/policy/token-bucket.ts'
import { MockClock } from '../../../../src/testing/mock-clock.ts'

it('TokenBucket gives a burst at once and then one token per spacing', async () => {
  using clock = MockClock.install()
  const bucket = new TokenBucket({ limit: 4, interval: 100 })
  for (let taken = 0; taken < 4; taken++) {
    expect(bucket.delay()).toBe(0)
    bucket.take()
  }
  expect(bucket.delay()).toBe(25)
  await clock.advance(24)
  expect(bucket.delay()).toBe(1)
  await clock.advance(1)
  expect(bucket.delay()).toBe(0)
  bucket.take()
  expect(bucket.delay()).toBe(25)
})

it('TokenBucket with a burst of 1 spaces tokens evenly', async () => {
  using clock = MockClock.install()
  const bucket = new TokenBucket({ limit: 10, burst: 1 })
  const times: number[] = []
  while (times.length < 4) {
    if (bucket.delay() > 0) await clock.advance(bucket.delay())
    bucket.take()
    times.push(clock.now())
  }
  expect(times).toEqual([0, 100, 200, 300])
})

it('TokenBucket fills up to its burst and no further', async () => {
  using clock = MockClock.install()
  const bucket = new TokenBucket({ limit: 10, burst: 2 })
  bucket.take()
  bucket.take()
  await clock.advance(60_000)
  bucket.take()
  bucket.take()
  expect(bucket.delay()).toBe(100)
})

it('TokenBucket takes fewer than one token per interval', async () => {
  using clock = MockClock.install()
  const bucket = new TokenBucket({ limit: 0.5 })
  bucket.take()
  expect(bucket.delay()).toBe(2_000)
  await clock.advance(2_000)
  expect(bucket.delay()).toBe(0)
})

it('TokenBucket is not held up by the last digits of a sum', async () => {
  using clock = MockClock.install()
  const bucket = new TokenBucket({ limit: 3, burst: 1 })
  bucket.take()
  await clock.advance(333.3333)
  expect(bucket.delay()).toBe(0)
})

it.each([
  [{ limit: 0 }, 'Cannot use 0 as the limit of a rate: expected a number above 0'],
  [{ limit: NaN }, 'Cannot use NaN as the limit of a rate: expected a number above 0'],
  [
    { limit: 1, interval: -5 },
    'Cannot use -5 as the interval of a rate: expected a number above 0',
  ],
  [{ limit: 1, burst: 0.5 }, 'Cannot use 0.5 as the burst of a rate: expected 1 or more'],
  [{ limit: 1, burst: Infinity }, 'Cannot use Infinity as the burst of a rate: expected 1 or more'],
])('TokenBucket refuses %j', (options, message) => {
  expect(() => new TokenBucket(options)).toThrow(new RangeError(message))
})

it('TokenBucket counts its tokens', async () => {
  using clock = MockClock.install({ start: 5_000 })
  const bucket = new TokenBucket({ limit: 10, interval: 1_000, burst: 3 })
  expect(bucket.tokens()).toBe(3)
  for (const left of [2, 1, 0]) {
    bucket.take()
    expect(bucket.tokens()).toBe(left)
  }
  await clock.advance(99)
  expect([bucket.tokens(), bucket.delay() > 0]).toEqual([0, true])
  await clock.advance(1)
  expect([bucket.tokens(), bucket.delay()]).toEqual([1, 0])
  await clock.advance(60_000)
  expect(bucket.tokens()).toBe(3)
})

it('TokenBucket refuses what is no number', () => {
  expect(() => new TokenBucket({ limit: 1, interval: '5' as never })).toThrow(
    new TypeError('Cannot use "5" as the interval of a rate: expected a number above 0'),
  )
})
