/**
 * How a session comes to its end: what is under way has its time, what would never end by itself is
 * ended, and then nothing is left.
 */
import { ClosedResourceError } from '../concurrency/errors.ts'
import { checkDeadline, checkDuration } from '../concurrency/scope/arguments.ts'
import { currentScope } from '../concurrency/scope/scope.ts'
import { Waiter } from '../concurrency/scope/waiter.ts'
import type { ClockTimer } from '../concurrency/time/clock.ts'
import { clock } from '../concurrency/time/current-clock.ts'
import { checkKinds } from '../util/option-kinds.ts'
import type { CallList } from './call/call-list.ts'
import { endOfCalls } from './call/end-of-calls.ts'
import { signalError, SignalLink } from './exchange/signal-link.ts'
import type { Connector } from './connection/connector.ts'

export interface SessionCloseOptions {
  /**
   * How long requests that are under way have to finish, in milliseconds; then they are given up. Default
   * 30,000. `Infinity`: as long as their own time-outs let them; 0: none.
   */
  timeout?: number | undefined
  /** The same as a point in time, on the clock of `now()`; the earlier of both counts. */
  deadline?: number | undefined
}

/** What the session has besides requests and connections, and lets go of when nothing uses it any more. */
export interface SessionParts {
  release(): void
}

// As a server's: longer than any request that is in a hurry, shorter than anybody's patience.
const grace = 30_000

export class SessionEnd {
  readonly #calls: CallList
  readonly #connector: Connector
  readonly #parts: SessionParts
  readonly #pauses = new Set<Waiter<void>>()
  #begun = false

  constructor(calls: CallList, connector: Connector, parts: SessionParts) {
    this.#calls = calls
    this.#connector = connector
    this.#parts = parts
  }

  /** Whether it was asked for. */
  get begun(): boolean {
    return this.#begun
  }

  /** Throws `ClosedResourceError` if the session is closed. */
  check(): void {
    if (this.#begun) throw new ClosedResourceError('Cannot send a request: the session is closed')
  }

  /**
   * As `sleep()`, between two requests of one loop; the session's end ends it with a
   * `ClosedResourceError`, and the signal of the requests with its `CancelledError`.
   */
  async pause(delay: number, signal: AbortSignal | undefined): Promise<void> {
    this.check()
    if (signal?.aborted === true) throw signalError(signal)
    let timer: ClockTimer | undefined
    const waiter: Waiter<void> = new Waiter<void>(
      () => {
        timer?.cancel()
        this.#pauses.delete(waiter)
      },
      currentScope(),
      'the next attempt to connect',
    )
    let link: SignalLink | undefined
    if (!waiter.settled) {
      this.#pauses.add(waiter)
      timer = clock().setTimer(delay, () => waiter.resolve())
      if (signal !== undefined) {
        link = new SignalLink(signal, { abort: (error) => waiter.reject(error) })
      }
    }
    try {
      await waiter.promise
    } finally {
      timer?.cancel()
      link?.cut()
      this.#pauses.delete(waiter)
    }
  }

  /** See `ClientSession.close()`. */
  async close(options: SessionCloseOptions = {}): Promise<void> {
    const deadline = deadlineOf(options)
    this.#begun = true
    for (const waiter of this.#pauses) waiter.reject(closing())
    this.#connector.closeIdle()
    if (currentScope().cancelled) this.#giveUp()
    const timer = this.#giveUpAt(deadline)
    try {
      await endOfCalls(this.#calls, closing())
    } catch {
      // Cancelled while it waited.
      this.#giveUp()
    } finally {
      timer?.cancel()
    }
    this.#connector.close()
    this.#parts.release()
  }

  #giveUpAt(deadline: number): ClockTimer | undefined {
    const left = deadline - clock().now()
    if (left > 0) {
      return left === Infinity ? undefined : clock().setTimer(left, () => this.#giveUp())
    }
    this.#giveUp()
    return undefined
  }

  #giveUp(): void {
    const error = closing()
    for (const call of this.#calls.all()) call.abort(error)
    this.#connector.closeIdle()
  }
}

function deadlineOf(options: SessionCloseOptions): number {
  checkKinds(options, { timeout: 'any', deadline: 'any' }, 'close()')
  const { timeout, deadline } = options
  if (deadline !== undefined) checkDeadline('deadline', deadline)
  if (timeout !== undefined) checkDuration('timeout', timeout)
  const allowed = timeout ?? (deadline === undefined ? grace : Infinity)
  return Math.min(clock().now() + allowed, deadline ?? Infinity)
}

function closing(): ClosedResourceError {
  return new ClosedResourceError('The request was given up: its session was closed')
}
