/**
 * How a server comes to its end: who asked for it, until when what runs may finish, and who waits for
 * it. What is to be done is its owner's business.
 */
import type { CancelledError } from '../concurrency/errors.ts'
import { checkDeadline, checkDuration, checkOptions } from '../concurrency/scope/arguments.ts'
import { isCancellation } from '../concurrency/scope/cancellation.ts'
import { outsideScopes } from '../concurrency/scope/context.ts'
import { currentScope, ScopeMember, type Scope } from '../concurrency/scope/scope.ts'
import { Waiter } from '../concurrency/scope/waiter.ts'
import type { ClockTimer } from '../concurrency/time/clock.ts'
import { clock } from '../concurrency/time/current-clock.ts'
import { checkNames } from '../util/known-names.ts'

export interface CloseOptions {
  /**
   * How long requests that run have to finish, in milliseconds; then they are cancelled. Default: the
   * time-out `shutdown` of the server, 30 s. `Infinity`: as long as they like; 0: none.
   */
  timeout?: number | undefined
  /** The same as a point in time, on the clock of `now()`: for what has a deadline of its own. */
  deadline?: number | undefined
}

/** Whose end it is. */
export interface Ending {
  /** Comes to its end; `end` says how much time there is. Called once, outside of every scope. */
  run(end: ServerEnd): Promise<void>
  /** Told what fails while nobody waits for the end. */
  report(error: unknown): void
}

export class ServerEnd {
  /** Resolves when there is no time left. */
  readonly hurry: Promise<void>
  /** Whether there is none left. */
  hurried = false
  readonly #ending: Ending
  readonly #grace: number
  readonly #around: CancellationListener
  readonly #waiting = new Set<Waiter<void>>()
  // Of those whom the end waits for.
  readonly #inside = new Set<Waiter<void>>()
  #released = false
  #hurryUp!: () => void
  #running: Promise<void> | undefined = undefined
  #over = false
  #deadline = Infinity
  #timer: ClockTimer | undefined = undefined
  readonly #listeners = new Set<() => void>()

  /** Begins by itself when `scope` is cancelled. `grace`: how long by default, in milliseconds. */
  constructor(scope: Scope, grace: number, ending: Ending) {
    this.#ending = ending
    this.#grace = grace
    this.hurry = new Promise((resolve) => {
      this.#hurryUp = () => {
        this.hurried = true
        resolve()
      }
    })
    this.#around = new CancellationListener((error) => this.#scopeCancelled(error))
    this.#around.enter(scope)
  }

  /** Milliseconds until the deadline; 0 if it has passed. */
  get left(): number {
    return this.hurried ? 0 : Math.max(0, this.#deadline - clock().now())
  }

  /** Resolves when it is over. Cancellation: only stops waiting. */
  get closed(): Promise<void> {
    if (this.#over) return Promise.resolve()
    const waiter: Waiter<void> = new Waiter<void>(() => this.#waiting.delete(waiter))
    if (!waiter.settled) this.#waiting.add(waiter)
    return waiter.promise
  }

  /** Calls back each time that the deadline becomes an earlier one. */
  onEarlier(listener: () => void): void {
    this.#listeners.add(listener)
  }

  /** Begins, or joins in: an earlier deadline then counts. Throws what failed, or for bad options. */
  async close(options: CloseOptions = {}): Promise<void> {
    const deadline = deadlineOf(options)
    const scope = currentScope()
    const hook = new CancellationListener((error) => this.#scopeCancelled(error))
    const running = this.#start(deadline)
    hook.enter(scope)
    try {
      await running
    } finally {
      hook.leave()
    }
  }

  /**
   * As `close()`, for one whom the end would wait for: only until `release()`. `onBegun` is called when it has
   * begun. What fails is reported.
   *
   * Cancellation: only stops waiting, and is not thrown.
   */
  async closeInside(options: CloseOptions = {}, onBegun: () => void): Promise<void> {
    const running = this.#start(deadlineOf(options))
    running.catch((error: unknown) => this.#ending.report(error))
    onBegun()
    if (this.#released) return
    const waiter: Waiter<void> = new Waiter<void>(() => this.#inside.delete(waiter))
    if (!waiter.settled) this.#inside.add(waiter)
    try {
      await waiter.promise
    } catch (error) {
      if (!isCancellation(error)) throw error
    }
  }

  /** There is nobody left but those who wait in `closeInside()`. */
  release(): void {
    this.#released = true
    wake(this.#inside)
  }

  #scopeCancelled(error: CancelledError): void {
    if (this.#running === undefined) void this.#closeByItself()
    // The end of the whole program leaves requests their time.
    if (error.source !== 'shutdown') {
      this.#hurryUp()
      this.#tell()
    }
  }

  async #closeByItself(): Promise<void> {
    try {
      await this.#start(undefined)
    } catch (error) {
      this.#ending.report(error)
    }
  }

  #start(deadline: number | undefined): Promise<void> {
    const until = deadline ?? clock().now() + this.#grace
    if (until < this.#deadline) {
      this.#deadline = until
      this.#arm()
      this.#tell()
    }
    return (this.#running ??= outsideScopes(() => this.#run()))
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }

  #arm(): void {
    this.#timer?.cancel()
    const left = this.#deadline - clock().now()
    if (left <= 0) this.#hurryUp()
    else this.#timer = clock().setTimer(left, () => this.#hurryUp(), { background: true })
  }

  async #run(): Promise<void> {
    this.#around.leave()
    try {
      await this.#ending.run(this)
    } finally {
      this.#timer?.cancel()
      this.#over = true
      this.release()
      wake(this.#waiting)
    }
  }
}

function wake(waiters: Set<Waiter<void>>): void {
  for (const waiter of waiters) waiter.resolve()
  waiters.clear()
}

// A year: whoever means so much time says Infinity, and Date.now() is further away.
const tooFar = 365 * 86_400_000

function deadlineOf(options: CloseOptions): number | undefined {
  checkOptions('call of close()', options, 'close({ timeout: 5_000 })')
  checkNames(options, { timeout: true, deadline: true }, 'close()')
  const { timeout, deadline } = options
  if (timeout === undefined) {
    if (deadline === undefined) return undefined
    checkDeadline('deadline', deadline)
    if (deadline === Infinity || deadline - clock().now() < tooFar) return deadline
    throw new RangeError(
      `Invalid deadline ${deadline}: expected a time on the clock of now(), which is not Date.now(); or say "timeout"`,
    )
  }
  if (deadline === undefined) return clock().now() + checkDuration('timeout', timeout)
  throw new TypeError('Cannot close with both "timeout" and "deadline": say one of them')
}

/** Hears of the cancellation of a scope. */
class CancellationListener extends ScopeMember {
  readonly #onCancelled: (error: CancelledError) => void

  constructor(onCancelled: (error: CancelledError) => void) {
    super()
    this.#onCancelled = onCancelled
  }

  enter(scope: Scope): void {
    if (scope.error === undefined) scope.addMember(this)
    else this.#onCancelled(scope.error)
  }

  leave(): void {
    this.memberOf?.removeMember(this)
  }

  /** @internal */
  scopeCancelled(error: CancelledError): void {
    this.#onCancelled(error)
  }
}
