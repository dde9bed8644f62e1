import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { rejectionOf } from '../../support/rejection.ts'
import { MockClock } from '../../../src/testing/index.ts'
import {
  Future,
  moveOnAfter,
  now,
  sleep,
  SpoolError,
  timeout,
  timeoutAt,
  TimeoutError,
  type TimeoutScope,
} from '../../../src/index.ts'

const forever = () => sleep(Infinity)

describe('timeout()', () => {
  test('timeout() returns what the function returns in time, and stops its timer', async () => {
    using clock = MockClock.install()
    expect(await timeout(10, () => 'value')).toBe('value')
    expect(clock.pending).toBe(0)
  })

  test('timeout() stops the work and throws a TimeoutError', async () => {
    using clock = MockClock.install({ autoJump: true })
    const order: string[] = []
    const error = await rejectionOf(
      timeout(10, async () => {
        try {
          await forever()
        } finally {
          order.push('stopped')
        }
      }),
    )
    expect([order, clock.now()]).toEqual([['stopped'], 10])
    expect(error).toMatchObject({
      code: 'SPOOL_TIMEOUT',
      phase: 'scope',
      timeout: 10,
      message: 'Timed out after 10 ms (scope)',
    })
  })

  test('timeout() returns a value that comes in spite of it', async () => {
    const value = await timeout(0, async () => {
      await forever().catch(() => undefined)
      return 'late'
    })
    expect(value).toBe('late')
  })

  test('timeout() throws what else the function throws', async () => {
    const error = await rejectionOf(
      timeout(0, async () => {
        await forever().catch(() => {
          throw new RangeError('clean-up')
        })
      }),
    )
    expect(error).toBeInstanceOf(RangeError)
  })

  test('timeout() becomes a TimeoutError at itself, and not at one further in', async () => {
    using clock = MockClock.install({ autoJump: true })
    const seen: unknown[] = []
    const error = await rejectionOf(
      timeout(10, () =>
        timeout(20, async () => {
          await forever()
        }).catch((inner: unknown) => {
          seen.push(SpoolError.hasCode(inner, 'SPOOL_CANCELLED'))
          throw inner
        }),
      ),
    )
    expect([seen, clock.now()]).toEqual([[true], 10])
    expect(error).toMatchObject({ timeout: 10 })
  })

  test('timeout() further in goes first if it is shorter, and the outer one goes on', async () => {
    using clock = MockClock.install({ autoJump: true })
    await timeout(20, async () => {
      expect(await rejectionOf(timeout(10, forever))).toMatchObject({ timeout: 10 })
      await sleep(5)
    })
    expect(clock.now()).toBe(15)
  })

  test('timeout() is seen through an AbortError, which is kept as the cause', async () => {
    const error = await rejectionOf(
      timeout(1, ({ signal }) => delay(60_000, undefined, { signal })),
    )
    expect(error).toMatchObject({ code: 'SPOOL_TIMEOUT', cause: { name: 'AbortError' } })
  })

  test('timeout() holds for a task or a future that the function returns', async () => {
    using clock = MockClock.install({ autoJump: true })
    const future = new Future()
    expect(await rejectionOf(timeout(10, () => future))).toMatchObject({ timeout: 10 })
    expect([clock.now(), future.state]).toEqual([10, 'pending'])
  })

  test('timeout() gives way to a cancellation from further out', async () => {
    const error = await rejectionOf(
      timeout(0, (outer) =>
        timeout(0, async () => {
          expect(outer.cancelled).toBe(true)
          await forever()
        }),
      ),
    )
    expect(error).toMatchObject({ timeout: 0 })
  })

  test('timeout() that has passed is not thrown if the scope around was cancelled since', async () => {
    using clock = MockClock.install({ autoJump: true })
    const error = await rejectionOf(
      timeout(Infinity, async ({ cancel }) => {
        await timeout(10, async () => {
          try {
            await forever()
          } finally {
            cancel('outer')
          }
        })
      }),
    )
    expect(error).toMatchObject({ code: 'SPOOL_CANCELLED', reason: 'outer' })
    expect(clock.now()).toBe(10)
  })

  test('timeout() whose function cancels it throws that cancellation', async () => {
    const error = await rejectionOf(
      timeout(5_000, async ({ cancel }) => {
        cancel('enough')
        await forever()
      }),
    )
    expect(error).toMatchObject({ code: 'SPOOL_CANCELLED', reason: 'enough' })
  })

  test('timeout(Infinity) sets no timer', async () => {
    using clock = MockClock.install()
    await timeout(Infinity, ({ deadline }) => {
      expect([deadline, clock.pending]).toEqual([Infinity, 0])
    })
  })

  test('timeout() refuses bad input', async () => {
    await expect(timeout(-1, forever)).rejects.toThrow(
      new RangeError('Invalid timeout -1: expected 0 ms or more, or Infinity'),
    )
    await expect(timeout(Number.NaN, forever)).rejects.toThrow(RangeError)
    await expect(timeout(5, sleep(0) as never)).rejects.toThrow(
      'Cannot run with a timeout: expected a function, got Promise; pass a function that returns the promise, not the promise',
    )
  })
})

describe('moving the deadline', () => {
  test('reschedule() moves the deadline', async () => {
    using clock = MockClock.install({ autoJump: true })
    const error = await rejectionOf(
      timeout(10, async ({ reschedule }) => {
        reschedule(30)
        await forever()
      }),
    )
    expect([clock.now(), (error as TimeoutError).timeout]).toEqual([30, 30])
  })

  test('reschedule(Infinity) takes the deadline away', async () => {
    using clock = MockClock.install({ autoJump: true })
    const value = await timeout(10, async (scope) => {
      scope.reschedule(Infinity)
      await sleep(100)
      return scope.deadline
    })
    expect([value, clock.now()]).toEqual([Infinity, 100])
  })

  test('restart() starts the time anew', async () => {
    using clock = MockClock.install({ autoJump: true })
    const error = await rejectionOf(
      timeout(10, async ({ restart }) => {
        for (let i = 0; i < 3; i++) {
          await sleep(9)
          restart()
        }
        await forever()
      }),
    )
    expect([clock.now(), (error as TimeoutError).timeout]).toEqual([37, 10])
  })

  test('restart() takes another timeout', async () => {
    using clock = MockClock.install({ autoJump: true })
    const error = await rejectionOf(
      timeout(10, async ({ restart }) => {
        restart(50)
        await forever()
      }),
    )
    expect([clock.now(), (error as TimeoutError).timeout]).toEqual([50, 50])
  })

  test('a deadline that is past stops the function at once', async () => {
    using clock = MockClock.install({ start: 100 })
    const error = await rejectionOf(
      timeout(10, async ({ reschedule }) => {
        reschedule(50)
        await forever()
      }),
    )
    expect([clock.now(), (error as TimeoutError).timeout]).toEqual([100, 0])
  })

  test('a deadline can not be moved once it has passed, or the timeout is over', async () => {
    let scope: TimeoutScope | undefined
    await timeout(0, (own) => {
      scope = own
      expect(() => own.restart(5)).toThrow('Cannot move the deadline: it has passed')
    })
    expect(() => scope?.reschedule(5)).toThrow('Cannot move the deadline: the timeout is over')
    expect(() => scope?.reschedule(Number.NaN)).toThrow(RangeError)
    expect(() => scope?.restart(-1)).toThrow(RangeError)
  })
})

describe('timeoutAt()', () => {
  test('timeoutAt() stops the work at a time', async () => {
    using clock = MockClock.install({ autoJump: true, start: 100 })
    const error = await rejectionOf(timeoutAt(now() + 25, forever))
    expect([clock.now(), (error as TimeoutError).timeout]).toEqual([125, 25])
    expect(await rejectionOf(timeoutAt(50, forever))).toMatchObject({ timeout: 0 })
    expect(await timeoutAt(Infinity, () => 'value')).toBe('value')
  })

  test('timeoutAt() refuses bad input', async () => {
    await expect(timeoutAt(Number.NaN, forever)).rejects.toThrow(RangeError)
    await expect(timeoutAt(5, 5 as never)).rejects.toThrow(TypeError)
  })
})

describe('moveOnAfter()', () => {
  test('moveOnAfter() goes on without the value if the time was not enough', async () => {
    using clock = MockClock.install({ autoJump: true })
    const result = await moveOnAfter(10, forever)
    expect([result, clock.now()]).toEqual([{ timedOut: true }, 10])
  })

  test('moveOnAfter() gives the value that came in time', async () => {
    const result = await moveOnAfter(1_000, () => 7)
    expect(result).toEqual({ timedOut: false, value: 7 })
    expectTypeOf(result.value).toEqualTypeOf<number | undefined>()
  })

  test('moveOnAfter() throws what the function throws, a TimeoutError from further in too', async () => {
    using clock = MockClock.install({ autoJump: true })
    const error = await rejectionOf(moveOnAfter(50, () => timeout(10, forever)))
    expect([clock.now(), error]).toEqual([10, expect.any(TimeoutError)])
    await expect(moveOnAfter(-1, forever)).rejects.toThrow(RangeError)
    await expect(moveOnAfter(1, 'x' as never)).rejects.toThrow(TypeError)
  })
})
