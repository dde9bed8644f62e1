import { expect, it } from 'vitest'
import { LoopDelay } from '../../../../src/concurrency/pool/policy/loop-delay.ts'
import type { Clock } from '../../../../src/concurrency/time/clock.ts'
import { replaceClock } from '../../../../src/concurrency/time/current-clock.ts'

/** A clock whose timers are as late as a test wants. */
class LateClock implements Clock, Disposable {
  time = 0
  background = false
  #timer: { due: number; callback: () => void } | undefined = undefined
  readonly #restore = replaceClock(this)

  now(): number {
    return this.time
  }

  setTimer(delay: number, callback: () => void, options?: { background?: boolean }) {
    const timer = { due: this.time + delay, callback }
    this.#timer = timer
    this.background = options?.background === true
    return { cancel: () => (this.#timer = undefined) }
  }

  get pending(): boolean {
    return this.#timer !== undefined
  }

  ring(late: number): void {
    const timer = this.#timer
    this.#timer = undefined
    this.time = (timer?.due ?? this.time) + late
    timer?.callback()
  }

  [Symbol.dispose](): void {
    this.#restore()
  }
}

it('LoopDelay tells each time that the event loop was late', () => {
  using clock = new LateClock()
  let late = 0
  const delay = new LoopDelay(100, () => late++)
  delay.start()
  for (const lateness of [0, 100, 101, 5, 500]) clock.ring(lateness)
  expect(late).toBe(2)
})

it('LoopDelay keeps no process alive, and has one timer at most until it is stopped', () => {
  using clock = new LateClock()
  const delay = new LoopDelay(100, () => {})
  delay.start()
  expect(clock.background).toBe(true)
  clock.ring(0)
  clock.time += 10
  delay.start()
  clock.ring(0)
  expect(clock.time).toBe(100)
  delay.stop()
  delay.stop()
  expect(clock.pending).toBe(false)
})

it('LoopDelay may be stopped by whom it tells', () => {
  using clock = new LateClock()
  const delay = new LoopDelay(0, () => delay.stop())
  delay.start()
  clock.ring(50)
  expect(clock.pending).toBe(false)
})
