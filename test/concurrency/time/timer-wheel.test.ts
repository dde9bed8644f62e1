import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { enclosingScope, runInScope } from '../../../src/concurrency/scope/context.ts'
import { Scope } from '../../../src/concurrency/scope/scope.ts'
import { TimerWheel, WheelTimer } from '../../../src/concurrency/time/timer-wheel.ts'
import { MockClock } from '../../../src/testing/index.ts'

test('a timer of a wheel fires once, up to one tick late and never early', async () => {
  using clock = MockClock.install({ start: 33 })
  const wheel = new TimerWheel(100)
  const fired: number[] = []
  const timer = new WheelTimer(() => fired.push(clock.now()))
  wheel.arm(timer, 250)
  expect([timer.armed, wheel.size]).toEqual([true, 1])
  await clock.advance(249)
  expect(fired).toEqual([])
  await clock.advance(1_000)
  expect(fired).toHaveLength(1)
  expect(fired[0]).toBeGreaterThanOrEqual(283)
  expect(fired[0]).toBeLessThanOrEqual(383)
  expect([timer.armed, wheel.size, clock.pending]).toEqual([false, 0, 0])
})

test('an owner that is its own timer is told by fire(), and needs no callback', async () => {
  using clock = MockClock.install()
  let fired = 0
  class Owner extends WheelTimer {
    override fire(): void {
      fired++
      super.fire()
    }
  }
  const wheel = new TimerWheel(10)
  const owner = new Owner()
  wheel.arm(owner, 20)
  await clock.advance(100)
  expect([fired, owner.armed, wheel.size]).toEqual([1, false, 0])
})

test('a timer that is armed again moves', async () => {
  using clock = MockClock.install()
  const wheel = new TimerWheel(10)
  const fired: number[] = []
  const timer = new WheelTimer(() => fired.push(clock.now()))
  wheel.arm(timer, 50)
  await clock.advance(40)
  wheel.arm(timer, 50)
  await clock.advance(40)
  expect(fired).toEqual([])
  await clock.advance(20)
  expect(fired).toEqual([90])
})

test('a timer that is disarmed does not fire, and may be armed again', async () => {
  using clock = MockClock.install()
  const wheel = new TimerWheel(10)
  const fired = vi.fn()
  const timers = [1, 2, 3].map(() => new WheelTimer(fired))
  for (const timer of timers) wheel.arm(timer, 30)
  const [first, second, third] = timers as [WheelTimer, WheelTimer, WheelTimer]
  wheel.disarm(second)
  wheel.disarm(second)
  wheel.disarm(third)
  wheel.disarm(first)
  expect(wheel.size).toBe(0)
  wheel.arm(second, 30)
  await clock.advance(100)
  expect(fired).toHaveBeenCalledOnce()
})

test('a timer longer than one turn of the wheel waits for its own turn', async () => {
  using clock = MockClock.install()
  const wheel = new TimerWheel(1)
  const fired: string[] = []
  const note = (name: string) => new WheelTimer(() => fired.push(`${name} ${clock.now()}`))
  wheel.arm(note('long'), 512 * 3 + 5)
  wheel.arm(note('short'), 5)
  await clock.advance(2_000)
  expect(fired).toEqual(['short 5', 'long 1541'])
})

test('a clock that was late makes up for the ticks that it missed', () => {
  let now = 0
  let tick: (() => void) | undefined
  using clock = MockClock.install()
  vi.spyOn(clock, 'now').mockImplementation(() => now)
  vi.spyOn(clock, 'setTimer').mockImplementation((_, callback) => {
    tick = callback
    return { cancel: () => undefined }
  })
  const wheel = new TimerWheel(10)
  const fired: string[] = []
  wheel.arm(new WheelTimer(() => fired.push('20')), 20)
  wheel.arm(new WheelTimer(() => fired.push('40')), 40)
  wheel.arm(new WheelTimer(() => fired.push('400')), 400)
  now = 100
  tick?.()
  expect(fired).toEqual(['20', '40'])
  wheel.arm(new WheelTimer(() => fired.push('110')), 10)
  now = 110
  tick?.()
  expect(fired).toEqual(['20', '40', '110'])
})

test('a timer may arm, move and disarm timers, itself too', async () => {
  using clock = MockClock.install()
  const wheel = new TimerWheel(10)
  const fired: string[] = []
  const victim = new WheelTimer(() => fired.push('victim'))
  const moved = new WheelTimer(() => fired.push(`moved ${clock.now()}`))
  let rounds = 0
  const again: WheelTimer = new WheelTimer(() => {
    fired.push('again')
    wheel.disarm(victim)
    if (moved.armed && rounds === 0) wheel.arm(moved, 500)
    if (++rounds < 3) wheel.arm(again, 20)
  })
  // The one armed last fires first within a tick.
  wheel.arm(victim, 20)
  wheel.arm(moved, 20)
  wheel.arm(again, 20)
  await clock.advance(1_000)
  expect(fired).toEqual(['again', 'again', 'again', 'moved 520'])
  expect(wheel.size).toBe(0)
})

test('a timer that throws stops no other', async () => {
  const thrown: (() => void)[] = []
  using clock = MockClock.install()
  const wheel = new TimerWheel(10)
  const fired = vi.fn()
  wheel.arm(new WheelTimer(fired), 20)
  wheel.arm(new WheelTimer(fired), 60)
  wheel.arm(
    new WheelTimer(() => {
      throw new Error('broken')
    }),
    20,
  )
  const spy = vi
    .spyOn(globalThis, 'queueMicrotask')
    .mockImplementation((callback) => void thrown.push(callback))
  await clock.advance(100)
  spy.mockRestore()
  expect(fired).toHaveBeenCalledTimes(2)
  expect(thrown[0]).toThrow('broken')
})

test('close() disarms everything and stops to tick', async () => {
  using clock = MockClock.install()
  const wheel = new TimerWheel()
  const fired = vi.fn()
  const timers = [50, 50, 500].map((delay) => {
    const timer = new WheelTimer(fired)
    wheel.arm(timer, delay)
    return timer
  })
  wheel.close()
  expect([wheel.size, clock.pending, timers.some(({ armed }) => armed)]).toEqual([0, 0, false])
  wheel.close()
  const [first] = timers
  if (first !== undefined) wheel.arm(first, 10)
  await clock.advance(1_000)
  expect(fired).toHaveBeenCalledOnce()
})

test('a wheel ticks outside of the scope that armed it first', async () => {
  using clock = MockClock.install()
  const wheel = new TimerWheel(10)
  const seen: unknown[] = []
  runInScope(new Scope(undefined), () => {
    wheel.arm(new WheelTimer(() => seen.push(enclosingScope())), 10)
  })
  await clock.advance(20)
  expect(seen).toEqual([undefined])
})

test('timers fire within a tick of their time, whatever their delays', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(8_000), { maxLength: 30 }), async (delays) => {
      using clock = MockClock.install({ start: 7 })
      const wheel = new TimerWheel(8)
      const late: number[] = []
      for (const delay of delays) {
        wheel.arm(new WheelTimer(() => late.push(clock.now() - 7 - delay)), delay)
      }
      vi.spyOn(clock, 'now')
      await clock.advance(8_100)
      expect(late).toHaveLength(delays.length)
      expect(late.every((by) => by >= 0 && by <= 8 + 1)).toBe(true)
    }),
    { numRuns: 5 },
  )
})

test('tick counts on while a timer is armed, and stands still while none is', async () => {
  using clock = MockClock.install()
  const wheel = new TimerWheel(10)
  expect([wheel.tick, wheel.resolution]).toEqual([0, 10])
  wheel.arm(new WheelTimer(() => undefined), 50)
  await clock.advance(50)
  const { tick } = wheel
  expect(tick).toBe(5)
  await clock.advance(500)
  expect(wheel.tick).toBe(tick)
})
