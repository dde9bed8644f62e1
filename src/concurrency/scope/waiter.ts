import type { CancelledError } from '../errors.ts'
import { currentScope, type Scope } from './scope.ts'
import { ScopeMember } from './scope-member.ts'
import { nextTurn } from '../time/turn-queue.ts'
import { countWakeUp, wakeUp } from './wake-ups.ts'

// A loop that swallows every error would never let the event loop turn again, and no signal could end
// the program: after so many waits in a cancelled scope, each one takes a turn.
const waitsWithoutTurn = 1_000

/** What can be waited for, and is named only if somebody asks. */
export interface Describable {
  describe(): string
}

/**
 * One wait of one task: a promise that whoever has the thing settles, or that the scope's
 * cancellation rejects, whichever comes first. Every awaitable of Spool is made of it.
 *
 * Once it is settled it is out of the scope: a result that was delivered is not lost to a
 * cancellation that comes before the waiting task runs again.
 *
 * `onCancelled` runs before the promise is rejected: there the wait is taken out of the queue that it
 * stands in. It runs synchronously in the cancellation; for a wait that is made in a scope that is
 * cancelled already, and is settled from the start, in a later microtask.
 */
export class Waiter<T> extends ScopeMember {
  readonly promise: Promise<T>
  readonly #resolve: (value: T) => void
  readonly #reject: (error: unknown) => void
  #settled = false
  readonly #onCancelled: ((error: CancelledError) => void) | undefined
  readonly #what: string | Describable

  constructor(
    onCancelled?: (error: CancelledError) => void,
    scope: Scope = currentScope(),
    what: string | Describable = 'something',
  ) {
    super()
    this.#onCancelled = onCancelled
    this.#what = what
    this.promise = new Promise<T>(keepSettlers)
    this.#resolve = lastResolve
    this.#reject = lastReject
    const { error } = scope
    if (error === undefined) scope.addMember(this)
    else this.#refuse(error)
  }

  /** What is waited for, in a few words, for the task tree. */
  get what(): string {
    return typeof this.#what === 'string' ? this.#what : this.#what.describe()
  }

  get settled(): boolean {
    return this.#settled
  }

  /** Gives the value to whoever waits; false if the wait was over already. */
  resolve(value: T): boolean {
    if (!this.#finish()) return false
    wakeUp(this.#resolve, value)
    return true
  }

  /** Throws where it is waited; false if the wait was over already. */
  reject(error: unknown): boolean {
    if (!this.#finish()) return false
    wakeUp(this.#reject, error)
    return true
  }

  /** @internal */
  scopeCancelled(cancellation: CancelledError): void {
    if (!this.#finish()) return
    this.#cancel(cancellation)
  }

  #refuse(cancellation: CancelledError): void {
    this.#settled = true
    countWakeUp()
    // Not here: neither the variable that holds this nor the queue that it goes into is there yet.
    const cancel = (): void => this.#cancel(cancellation)
    if (++cancellation.waits <= waitsWithoutTurn) queueMicrotask(cancel)
    else nextTurn(cancel)
  }

  #cancel(cancellation: CancelledError): void {
    // A wait that nobody awaits yet, or any more, must not end the process for being cancelled.
    this.promise.catch(ignore)
    try {
      this.#onCancelled?.(cancellation)
    } finally {
      wakeUp(this.#reject, cancellation)
    }
  }

  #finish(): boolean {
    if (this.#settled) return false
    this.#settled = true
    countWakeUp()
    this.memberOf?.removeMember(this)
    return true
  }
}

/**
 * @internal `new Promise(keepSettlers)`, and at once `lastResolve` and `lastReject`, which settle it. One
 * function for all promises, where a closure for each would be a third of what a wait allocates.
 */
export function keepSettlers(
  resolve: (value: never) => void,
  reject: (error: unknown) => void,
): void {
  lastResolve = resolve as (value: unknown) => void
  lastReject = reject
}

/** @internal */
export let lastResolve: (value: unknown) => void
/** @internal */
export let lastReject: (error: unknown) => void

function ignore(): void {}
