import { describe, expect, test } from 'vitest'
import { PhaseTimer, PhaseTimers } from '../../../src/client/connection/phase-timer.ts'
import { MockClock } from '../../../src/testing/mock-clock.ts'

function setUp(): { timers: PhaseTimers; timer: PhaseTimer; fired: number[] } {
  const timers = new PhaseTimers()
  const fired: number[] = []
  return { timers, timer: new PhaseTimer(timers, { timeUp: (now) => fired.push(now) }), fired }
}

describe('PhaseTimer', () => {
  test('fires once, not before its time, and up to a tenth of a second after', async () => {
    using clock = MockClock.install()
    const { timer, fired } = setUp()
    timer.set(5000, 0)
    await clock.advance(4999)
    expect(fired).toEqual([])
    await clock.advance(100)
    expect(fired).toHaveLength(1)
    await clock.advance(100_000)
    expect(fired).toHaveLength(1)
    expect(clock.pending).toBe(0)
  })

  test('fires up to a hundredth of a second late where the time is short', async () => {
    using clock = MockClock.install()
    const { timer, fired } = setUp()
    timer.set(95, 0)
    await clock.advance(94)
    expect(fired).toEqual([])
    await clock.advance(11)
    expect(fired).toHaveLength(1)
  })

  test('that is put off fires at the later time, and put forward at the nearer', async () => {
    using clock = MockClock.install()
    const { timer, fired } = setUp()
    timer.set(5000, 0)
    timer.set(9000, 0)
    await clock.advance(8000)
    expect(fired).toEqual([])
    timer.set(8500, 8000)
    await clock.advance(510)
    expect(fired).toHaveLength(1)
  })

  test('does not fire once it is cleared, or stopped, and can be set again', async () => {
    using clock = MockClock.install()
    const { timers, timer, fired } = setUp()
    timer.set(1000, 0)
    timer.clear()
    await clock.advance(2000)
    timer.set(3000, 2000)
    timer.stop()
    expect(timers.coarse.size + timers.fine.size).toBe(0)
    await clock.advance(2000)
    expect(fired).toEqual([])
    timer.set(5000, 4000)
    await clock.advance(1100)
    expect(fired).toHaveLength(1)
  })

  test('stops with all others when the wheels are closed', async () => {
    using clock = MockClock.install()
    const { timers, timer, fired } = setUp()
    timer.set(50, 0)
    timers.close()
    await clock.advance(1000)
    expect(fired).toEqual([])
    expect(clock.pending).toBe(0)
  })
})

describe('PhaseTimers.lend()', () => {
  test('gives a timer that tells who has it now, and nobody who had it', async () => {
    using clock = MockClock.install()
    const timers = new PhaseTimers()
    const told: string[] = []
    const first = timers.lend({ timeUp: () => told.push('first') })
    first.set(5000, 0)
    timers.takeBack(first)
    await clock.advance(1000)
    const second = timers.lend({ timeUp: () => told.push('second') })
    expect(second).toBe(first)
    second.set(7000, 1000)
    await clock.advance(5000)
    expect(told).toEqual([])
    await clock.advance(1100)
    expect(told).toEqual(['second'])
    expect(timers.lend({ timeUp() {} })).not.toBe(second)
  })

  test('leaves nothing on a wheel once what was taken back is due, or the wheels are closed', async () => {
    using clock = MockClock.install()
    const timers = new PhaseTimers()
    for (const until of [500, 5000]) {
      const timer = timers.lend({ timeUp() {} })
      timer.set(until, 0)
      timers.takeBack(timer)
    }
    await clock.advance(6000)
    expect(timers.coarse.size + timers.fine.size).toBe(0)
    timers.lend({ timeUp() {} }).set(9000, 6000)
    timers.close()
    expect(clock.pending).toBe(0)
  })
})
