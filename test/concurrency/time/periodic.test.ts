import { expect, test, vi } from 'vitest'
import { rejectionOf } from '../../support/rejection.ts'
import { MockClock } from '../../../src/testing/index.ts'
import { moveOnAfter, now, periodic, sleep } from '../../../src/index.ts'

async function timesOf(
  lasting: number,
  interval: number,
  options?: Parameters<typeof periodic>[2],
  call: () => unknown = () => undefined,
): Promise<number[]> {
  const times: number[] = []
  await moveOnAfter(lasting, () =>
    periodic(
      interval,
      () => {
        times.push(now())
        return call()
      },
      options,
    ),
  )
  return times
}

test('periodic() calls after each interval, until it is cancelled', async () => {
  using clock = MockClock.install({ autoJump: true })
  expect(await timesOf(35, 10)).toEqual([10, 20, 30])
  expect(clock.pending).toBe(0)
})

test('periodic() can begin at once', async () => {
  using _ = MockClock.install({ autoJump: true })
  expect(await timesOf(25, 10, { immediately: true })).toEqual([0, 10, 20])
})

test('periodic() never overlaps: it leaves out the calls that a long one misses, and keeps the rhythm', async () => {
  using _ = MockClock.install({ autoJump: true })
  const times = await timesOf(75, 10, {}, () => sleep(25))
  expect(times).toEqual([10, 40, 70])
})

test('periodic() spreads its calls by the jitter', async () => {
  using _ = MockClock.install({ autoJump: true })
  vi.spyOn(Math, 'random').mockReturnValue(0.5)
  expect(await timesOf(38, 10, { jitter: 0.5 })).toEqual([12.5, 22.5, 32.5])
})

test('periodic() ends with what its function throws', async () => {
  using clock = MockClock.install({ autoJump: true })
  const failure = new Error('broken')
  expect(await rejectionOf(periodic(10, () => Promise.reject(failure)))).toBe(failure)
  expect(clock.now()).toBe(10)
})

test('periodic() refuses bad input', async () => {
  for (const interval of [0, -1, Number.NaN, Infinity]) {
    await expect(periodic(interval, () => undefined)).rejects.toThrow(
      new RangeError(`Invalid interval ${interval}: expected a number of ms above 0`),
    )
  }
  await expect(periodic(5, () => undefined, { jitter: 2 })).rejects.toThrow(
    new RangeError('Invalid jitter 2: expected a number from 0 to 1'),
  )
  await expect(periodic(5, 5 as never)).rejects.toThrow(TypeError)
})

test('periodic() refuses what is of the wrong kind', async () => {
  await expect(periodic('5' as never, () => undefined)).rejects.toThrow(
    new TypeError('Invalid interval "5": expected a number of ms above 0'),
  )
  const options = { immediately: 'no' } as never
  await expect(periodic(5, () => undefined, options)).rejects.toThrow(
    new TypeError('Cannot use "no" as immediately: expected true or false'),
  )
})
