import type { Clock } from './clock.ts'
import { realClock } from './real-clock.ts'

// Those that were put in force and not taken back, the last one at the end.
const inForce: Clock[] = [realClock]
let current = realClock
let keptTime: number | undefined

/** The clock in force: the machine's, unless a test put another in its place. */
export function clock(): Clock {
  return current
}

/**
 * Puts another clock in force, and returns a function that takes it back, which may be called in any
 * order where there are several. For `spool/testing`.
 */
export function replaceClock(replacement: Clock): () => void {
  inForce.push(replacement)
  useLast()
  return () => {
    inForce.splice(inForce.lastIndexOf(replacement), 1)
    useLast()
  }
}

function useLast(): void {
  current = inForce.at(-1) as Clock
  keptTime = undefined
}

/** The time, or what `keepTime()` keeps: for what may be as old as the step that runs now. */
export function timeOfStep(): number {
  return keptTime ?? current.now()
}

/**
 * Keeps `time`, which is now, until `forgetTime()`, which the caller sees to in a microtask: a thousand
 * tasks that are started one after the other read the clock once, which is a tenth of what a task costs.
 */
export function keepTime(time: number): void {
  if (current === realClock) keptTime = time
}

export function forgetTime(): void {
  keptTime = undefined
}

/**
 * The time in milliseconds, on the clock that deadlines are on: that of `performance.now()`, unless a
 * test put another in its place.
 */
export function now(): number {
  return current.now()
}
