/**
 * A clock that a test moves. Time stands still until `advance()`, or, with `autoJump`, until every
 * task waits: then it jumps to the next timer at once, so that an hour of retries takes no time.
 *
 * It never jumps while real I/O is outstanding: a socket of this process may be about to speak, and
 * a jump would time it out for no fault of its own. Tests with real sockets use `advance()`.
 */
import { checkDuration, checkFlag, checkOptions } from '../concurrency/scope/arguments.ts'
import { ClosedResourceError } from '../concurrency/errors.ts'
import { outsideScopes } from '../concurrency/scope/context.ts'
import { wakeUpsMade } from '../concurrency/scope/wake-ups.ts'
import type { Clock, ClockTimer } from '../concurrency/time/clock.ts'
import { replaceClock } from '../concurrency/time/current-clock.ts'
import { settle, turn } from './settle.ts'

export interface MockClockOptions {
  /** Where the clock starts, in milliseconds. Default 0. */
  start?: number
  /** Jumps to the next timer whenever every task waits. Default false. */
  autoJump?: boolean
}

class MockTimer implements ClockTimer {
  readonly due: number
  readonly callback: () => void
  readonly #timers: Set<MockTimer>

  constructor(timers: Set<MockTimer>, due: number, callback: () => void) {
    this.#timers = timers
    this.due = due
    this.callback = callback
  }

  cancel(): void {
    this.#timers.delete(this)
  }
}

export class MockClock implements Clock, Disposable {
  #now: number
  readonly #timers = new Set<MockTimer>()
  readonly #autoJump: boolean
  #jumping = false
  #disposed = false
  #advancing: Promise<void> = Promise.resolve()
  readonly #restore: () => void

  private constructor(options: MockClockOptions) {
    checkOptions('mock clock', options, '{ autoJump: true }', { start: true, autoJump: true })
    const { start = 0, autoJump = false } = options
    checkDuration('start', start)
    if (start === Infinity) throw new RangeError('Invalid start Infinity: expected 0 ms or more')
    this.#now = start
    this.#autoJump = checkFlag('autoJump', autoJump)
    this.#restore = replaceClock(this)
  }

  /**
   * Puts a mock clock in force until it is disposed of.
   *
   * @throws TypeError if an option is of the wrong kind.
   * @throws RangeError if `start` is negative, NaN or Infinity.
   *
   * @example
   * ```ts
   * using clock = MockClock.install({ autoJump: true })
   * await sleep(3_600_000)
   * console.log(clock.now()) // → 3600000
   * ```
   */
  static install(options: MockClockOptions = {}): MockClock {
    return new MockClock(options)
  }

  now(): number {
    return this.#now
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#timers.size
  }

  setTimer(delay: number, callback: () => void): ClockTimer {
    const timer = new MockTimer(this.#timers, this.#now + Math.max(delay, 0), callback)
    this.#timers.add(timer)
    if (this.#autoJump && !this.#jumping) {
      this.#jumping = true
      void outsideScopes(() => this.#jump())
    }
    return timer
  }

  /**
   * Moves time on by `delay` milliseconds, timer by timer in order, and lets all that each one wakes
   * run until it waits again. Several at once take place one after the other.
   *
   * @throws TypeError if `delay` is no number.
   * @throws RangeError if it is negative, NaN or Infinity.
   * @throws ClosedResourceError if the clock was disposed of.
   *
   * Cancellation: does not look at its scope.
   */
  async advance(delay: number): Promise<void> {
    checkDuration('time to advance by', delay)
    if (delay === Infinity) {
      throw new RangeError('Invalid time to advance by Infinity: expected 0 ms or more')
    }
    // The chain itself never fails: what one of them threw, only that one throws.
    const turn = this.#advancing.then(() => this.#advance(delay))
    this.#advancing = turn.catch(() => undefined)
    await turn
  }

  async #advance(delay: number): Promise<void> {
    if (this.#disposed) {
      throw new ClosedResourceError('Cannot advance the clock: it was disposed of')
    }
    const target = this.#now + delay
    await settle()
    for (let next = this.#next(); next !== undefined && next.due <= target; next = this.#next()) {
      this.#fire(next)
      await settle()
    }
    this.#now = target
  }

  /**
   * Takes the clock back: the one that was put in force last of those that are left is in force then, or
   * the machine's. Timers that are still set never fire.
   */
  [Symbol.dispose](): void {
    if (this.#disposed) return
    this.#disposed = true
    this.#timers.clear()
    this.#restore()
  }

  #next(): MockTimer | undefined {
    let next: MockTimer | undefined
    for (const timer of this.#timers) if (next === undefined || timer.due < next.due) next = timer
    return next
  }

  #fire(timer: MockTimer): void {
    this.#timers.delete(timer)
    this.#now = Math.max(this.#now, timer.due)
    outsideScopes(timer.callback)
  }

  async #jump(): Promise<void> {
    let quiet = 0
    while (this.#timers.size > 0) {
      const before = wakeUpsMade()
      await turn()
      quiet = wakeUpsMade() === before && !ioIsOutstanding() ? quiet + 1 : 0
      const next = this.#next()
      if (quiet < 2 || next === undefined) continue
      quiet = 0
      this.#fire(next)
    }
    this.#jumping = false
  }
}

// Resources of Node.js behind which a peer, a disk or a name server may be about to answer.
const io =
  /^(?:TCPSocketWrap|PipeWrap|TLSWrap|TCPConnectWrap|PipeConnectWrap|UDPWrap|UDPSendWrap|FSReq|GetAddrInfoReqWrap|QueryReqWrap|WriteWrap|ShutdownWrap|ProcessWrap)/

// Standard input and output are pipes too, in a test runner: only what came after is counted.
const atLoad = countIO()

function ioIsOutstanding(): boolean {
  return countIO() > atLoad
}

function countIO(): number {
  return process.getActiveResourcesInfo().filter((name) => io.test(name)).length
}
