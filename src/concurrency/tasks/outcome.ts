import { SpoolError } from '../../util/error.ts'
import { reportLost } from '../scope/lost-errors.ts'
import { isCancellation } from '../scope/cancellation.ts'
import { checkFunction } from '../scope/arguments.ts'
import { inThisContext } from '../scope/context.ts'
import { currentScope, type Scope } from '../scope/scope.ts'
import { countWakeUp, wakeUp } from '../scope/wake-ups.ts'
import { type Describable, keepSettlers, lastReject, lastResolve, Waiter } from '../scope/waiter.ts'
import { waitInLine } from '../scope/wait-line.ts'
import { WaiterSet } from '../scope/waiter-set.ts'

/** What became of something. */
export type OutcomeEnd = 'succeeded' | 'failed' | 'cancelled'

/** `pending` until it has come to one of its ends. */
export type OutcomeState = 'pending' | OutcomeEnd

interface DoneCallback {
  readonly callback: unknown
  readonly call: () => void
  /** Whether it is for somebody who wants to know what came of it, and not only that it is done. */
  readonly asks: boolean
}

/**
 * What will come of something: the half that tasks and futures share.
 *
 * A promise is derived for each `await` and not before, so that a failed handle that nobody awaits
 * is no unhandled rejection, and so that each wait ends with the scope that it is made in.
 */
export abstract class Outcome<T> implements PromiseLike<T>, Describable {
  #state: OutcomeState = 'pending'
  // The value, or the error of the two other ends.
  #value: unknown = undefined
  // Not typed by T: a task of numbers is a task of unknowns.
  // Most tasks are awaited once, by whoever started them and in that scope. It tells the task of its
  // cancellation anyway, so that wait needs no place of its own in it: these settle its promise.
  #resolve: ((value: unknown) => void) | undefined = undefined
  #reject: ((error: unknown) => void) | undefined = undefined
  // The first of the others needs no line to stand in.
  #waiter: Waiter<unknown> | undefined = undefined
  #others: WaiterSet<unknown> | undefined = undefined
  #callbacks: DoneCallback[] | undefined = undefined
  #observed = false

  /** Whether it has come to its end. */
  get done(): boolean {
    return this.#state !== 'pending'
  }

  /** @internal Whether it failed, which a cancellation is not. */
  get failed(): boolean {
    return this.#state === 'failed'
  }

  /** @internal */
  protected get end(): OutcomeState {
    return this.#state
  }

  /** @internal A name for messages and for the task tree, such as `task "crawl"`. */
  abstract describe(): string

  /** @internal Why code in `scope` must not wait for it: it would wait for itself. */
  refusal(_scope: Scope): Error | undefined {
    return undefined
  }

  /** @internal Whether it is told when `scope` is cancelled, by `aroundCancelled()`. */
  protected isToldWith(_scope: Scope): boolean {
    return false
  }

  /** Somebody has learned what came of it. @internal */
  protected claimed(): void {}

  /**
   * Waits for the end: what makes `await` work.
   *
   * Cancellation: only stops waiting. What is awaited goes on, unless the cancelled scope owns it.
   *
   * @throws {BusyResourceError} if it is a task that this code runs in: it would wait for itself.
   */
  then<R = T, S = never>(
    onFulfilled?: ((value: T) => R | PromiseLike<R>) | null,
    onRejected?: ((error: unknown) => S | PromiseLike<S>) | null,
  ): Promise<R | S> {
    return this.#wait().then(onFulfilled, onRejected)
  }

  /** The value; throws what it failed with, or the `CancelledError`, or if it is not done. */
  result(): T {
    this.#observe()
    if (this.#state !== 'succeeded') throw this.#ended('result')
    return this.#value as T
  }

  /** What it failed with, or undefined if it succeeded. Throws if it was cancelled or is not done. */
  exception(): unknown {
    this.#observe()
    if (this.#state === 'succeeded') return undefined
    if (this.#state !== 'failed') throw this.#ended('exception')
    return this.#value
  }

  /**
   * Calls `callback` once it is done, in a microtask, in the order in which callbacks were added. What
   * a callback throws, or the promise that it returns is rejected with, fails the nearest group.
   */
  addDoneCallback(callback: (outcome: this) => unknown): void {
    checkFunction('add a done callback', callback)
    const scope = currentScope()
    const call = inThisContext(() => void callBack(() => callback(this), scope))
    if (!this.done) (this.#callbacks ??= []).push({ callback, call, asks: true })
    else {
      this.#observe()
      queueMicrotask(call)
    }
  }

  /** @internal Calls `callback` once it is done, if it is not yet, as one who does not ask what came of it. */
  whenDone(callback: (outcome: this) => void): void {
    const call = inThisContext(() => callback(this))
    ;(this.#callbacks ??= []).push({ callback, call, asks: false })
  }

  /** Takes a callback back, as often as it was added; returns how often that was. */
  removeDoneCallback(callback: (outcome: this) => unknown): number {
    checkFunction('remove a done callback', callback)
    const callbacks = this.#callbacks ?? []
    this.#callbacks = callbacks.filter((other) => other.callback !== callback)
    return callbacks.length - this.#callbacks.length
  }

  /** @internal Whether anybody has learned what came of it. */
  get observed(): boolean {
    return this.#observed
  }

  /** @internal The value or the error, for the owner: to ask for it claims nothing. */
  protected get outcome(): unknown {
    return this.#value
  }

  /** @internal */
  protected settle(state: OutcomeEnd, value: unknown): void {
    this.#state = state
    this.#value = value
    if (this.#resolve !== undefined) {
      this.#observed = true
      this.#settleFirst(state === 'succeeded', value)
    }
    const waiter = this.#waiter
    if (waiter !== undefined) {
      const others = this.#others
      // Who was cancelled while waiting has learned nothing.
      if (this.#isAwaited()) this.#observed = true
      this.#waiter = this.#others = undefined
      if (state === 'succeeded') {
        waiter.resolve(value)
        others?.wake(value)
      } else {
        waiter.reject(value)
        others?.fail(value)
      }
    }
    const callbacks = this.#callbacks
    if (callbacks !== undefined) {
      this.#callbacks = undefined
      for (const { call, asks } of callbacks) {
        if (asks) this.#observed = true
        queueMicrotask(call)
      }
    }
  }

  #wait(): Promise<T> {
    const scope = currentScope()
    if (this.#state === 'pending' || scope.cancelled) {
      const refusal = scope.cancelled ? undefined : this.refusal(scope)
      if (refusal !== undefined) return Promise.reject(refusal)
      return this.#waitIn(scope) as Promise<T>
    }
    this.#observe()
    // As it was thrown: a value that is no Error too.
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors
    if (this.#state !== 'succeeded') return Promise.reject(this.#value)
    return Promise.resolve(this.#value as T)
  }

  /** @internal Whether somebody awaits it in the scope that it is told with, as `isToldWith()` says. */
  get awaitedAround(): boolean {
    return this.#resolve !== undefined
  }

  /** @internal The scope that it is told with was cancelled: who awaits it there does so no longer. */
  protected aroundCancelled(error: unknown): void {
    this.#settleFirst(false, error)
  }

  /** @internal It will not be told of the cancellation of `scope` any more: who awaits it there will be. */
  protected noLongerTold(scope: Scope): void {
    const resolve = this.#resolve as (value: unknown) => void
    this.#resolve = this.#reject = undefined
    resolve(this.#waitIn(scope))
  }

  #settleFirst(succeeded: boolean, value: unknown): void {
    const settle = (succeeded ? this.#resolve : this.#reject) as (value: unknown) => void
    this.#resolve = this.#reject = undefined
    countWakeUp()
    wakeUp(settle, value)
  }

  #waitIn(scope: Scope): Promise<unknown> {
    if (this.#waiter === undefined && this.#resolve === undefined && this.isToldWith(scope)) {
      const promise = new Promise<unknown>(keepSettlers)
      this.#resolve = lastResolve
      this.#reject = lastReject
      return promise
    }
    // One that was cancelled stays here until the next one comes.
    if (this.#waiter !== undefined && this.#isAwaited()) {
      return waitInLine((this.#others ??= new WaiterSet()), scope, this)
    }
    this.#waiter = new Waiter<unknown>(undefined, scope, this)
    return this.#waiter.promise
  }

  #isAwaited(): boolean {
    return this.#waiter?.settled === false || (this.#others?.size ?? 0) > 0
  }

  #observe(): void {
    if (this.#state === 'pending') return
    this.#observed = true
    this.claimed()
  }

  #ended(what: string): unknown {
    if (this.#state !== 'pending') return this.#value
    return new SpoolError(
      'SPOOL_INVALID_STATE',
      `Cannot get the ${what} of ${this.describe()}: it is not done`,
    )
  }
}

async function callBack(callback: () => unknown, scope: Scope): Promise<void> {
  try {
    const result = callback()
    if (result instanceof Promise) await result
  } catch (error) {
    if (!scope.cancelled || !isCancellation(error)) {
      reportLost(error, scope.group, 'a done callback')
    }
  }
}
