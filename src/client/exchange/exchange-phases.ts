/**
 * What an exchange waits for, and for how long. At any time one phase has a timeout, and one timer
 * watches for it and for the end of the whole.
 *
 * The base of an exchange and not a part of it: a request makes one object less.
 */
import type { CancelledError, TimeoutPhase } from '../../concurrency/errors.ts'
import type { Scope, ScopeMember } from '../../concurrency/scope/scope.ts'
import { clock } from '../../concurrency/time/current-clock.ts'
import type { ClientConnection } from '../connection/client-connection.ts'
import { PhaseTimer, type PhaseTimers } from '../connection/phase-timer.ts'
import type { Timeouts } from '../timeouts.ts'
import { timeoutOf } from './exchange-failures.ts'

// Not derived from `ScopeMember`: a constructor that many classes share makes their fields dear.
export abstract class ExchangePhases implements ScopeMember {
  /** @internal */
  previousMember: ScopeMember | undefined = undefined
  /** @internal */
  nextMember: ScopeMember | undefined = undefined
  /** @internal */
  memberOf: Scope | undefined = undefined
  /** @internal Whose timer is used, once it is there. */
  protected connection: ClientConnection | undefined = undefined
  /** What is waited for. */
  protected phase: TimeoutPhase = 'pool'
  #timeouts: Timeouts
  #until: number
  // While there is no connection.
  #timer: PhaseTimer | undefined = undefined
  // In the phase `write`: how much was left when it began.
  #queued = 0

  /** `until`: when all of it has to be over, on the clock. */
  constructor(timeouts: Timeouts, until: number) {
    this.#timeouts = timeouts
    this.#until = until
  }

  /** For messages. */
  abstract get name(): string
  protected abstract get over(): boolean
  protected abstract get timers(): PhaseTimers
  abstract abort(error: unknown): void
  /** @internal */
  abstract scopeCancelled(error: CancelledError): void

  /** Moves the end of the whole, which may take `total` in all. */
  limitTo(until: number, total: number): void {
    this.#until = until
    this.#timeouts = { ...this.#timeouts, total }
    if (!this.over) this.watch(this.phase, clock().now())
  }

  /** @internal */
  timeUp(now: number): void {
    const transport = this.connection?.transport
    if (now < this.#until && this.phase === 'write' && transport !== undefined) {
      // What counts is that something leaves, not when all has left.
      if (transport.bytesQueued < this.#queued) {
        this.enterWrite(now)
        return
      }
    }
    const phase = now < this.#until ? this.phase : 'total'
    const allowed = this.#timeouts[phase as keyof Timeouts]
    this.abort(timeoutOf(this.name, phase, allowed))
  }

  /** From now on this is waited for; in `total`, for nothing of its own. */
  protected watch(phase: TimeoutPhase, now: number): void {
    this.phase = phase
    const until =
      phase === 'total'
        ? this.#until
        : Math.min(now + this.#timeouts[phase as keyof Timeouts], this.#until)
    const { connection } = this
    if (connection !== undefined) connection.timer.set(until, now)
    else {
      this.#timer ??= new PhaseTimer(this.timers, this)
      this.#timer.set(until, now)
    }
  }

  /** Waits for the peer to take what is queued. */
  protected enterWrite(now: number): void {
    this.#queued = this.connection?.transport.bytesQueued ?? 0
    this.watch('write', now)
  }

  /** There is a connection, and its timer; or all is over. */
  protected stopTimer(): void {
    this.#timer?.stop()
  }
}
