/** A timer that was set; cancelling it twice, or after it fired, does nothing. */
export interface ClockTimer {
  cancel(): void
}

/** Where all of Spool gets its time from. Milliseconds, monotonic. */
export interface Clock {
  now(): number
  /**
   * Calls back once, not before `delay` has passed. `background` timers keep no process alive.
   * The callback is entered outside every scope.
   */
  setTimer(delay: number, callback: () => void, options?: { background?: boolean }): ClockTimer
}
