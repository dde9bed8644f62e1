import type { Clock } from './clock.ts'
import { machineTime, TimerQueue } from './timer-queue.ts'
import { nextTurn } from './turn-queue.ts'

const timers = new TimerQueue(false)
const backgroundTimers = new TimerQueue(true)

/** The clock of the machine. A timer of 0 ms waits for one turn of the event loop. */
export const realClock: Clock = {
  now: machineTime,
  setTimer(delay, callback, options) {
    if (delay <= 0) return nextTurn(callback)
    return (options?.background === true ? backgroundTimers : timers).add(delay, callback)
  },
}
