import type { Clock } from './clock.ts'
import { realClock } from './real-clock.ts'

let current = realClock

/** The clock in force: the machine's, unless a test put another in its place. */
export function clock(): Clock {
  return current
}

/** Puts another clock in force, and returns a function that takes it back. For `spool/testing`. */
export function replaceClock(replacement: Clock): () => void {
  const before = current
  current = replacement
  return () => {
    current = before
  }
}

/**
 * The time in milliseconds, on the clock that deadlines are on: that of `performance.now()`, unless a
 * test put another in its place.
 */
export function now(): number {
  return current.now()
}
