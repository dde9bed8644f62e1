import { outsideScopes } from '../scope/context.ts'
import { reportLost } from '../scope/lost-errors.ts'
import type { ClockTimer } from './clock.ts'

const { setImmediate } = globalThis

class TurnTimer implements ClockTimer {
  callback: (() => void) | undefined

  constructor(callback: () => void) {
    this.callback = callback
  }

  cancel(): void {
    this.callback = undefined
  }
}

/** What waits for the event loop to turn once, I/O included: all of it behind one `setImmediate()`. */
export class TurnQueue {
  #timers: TurnTimer[] = []

  add(callback: () => void): ClockTimer {
    const timer = new TurnTimer(callback)
    if (this.#timers.push(timer) === 1) outsideScopes(() => setImmediate(this.#fire))
    return timer
  }

  readonly #fire = (): void => {
    const timers = this.#timers
    this.#timers = []
    for (const { callback } of timers) {
      try {
        callback?.()
      } catch (error) {
        reportLost(error, undefined, 'a timer')
      }
    }
  }
}

const turns = new TurnQueue()

/** Calls back when the event loop has turned once, I/O included, whatever clock is in force. */
export function nextTurn(callback: () => void): ClockTimer {
  return turns.add(callback)
}
