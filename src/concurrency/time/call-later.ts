import { checkDuration, checkFunction } from '../scope/arguments.ts'
import { callInScope, inThisContext } from '../scope/context.ts'
import { isCancellation } from '../scope/cancellation.ts'
import { reportLost } from '../scope/lost-errors.ts'
import { currentScope, Scope } from '../scope/scope.ts'
import { ScopeMember } from '../scope/scope-member.ts'
import type { ClockTimer } from './clock.ts'
import { clock } from './current-clock.ts'

/** A call that `callLater()` has set. */
export interface LaterCall extends Disposable {
  /** When it is due, on the clock of `now()`. */
  readonly due: number
  /** `waiting` for its time; then `called`, or `cancelled`. */
  readonly state: 'waiting' | 'called' | 'cancelled'
  /** Takes it back; false if it was called or cancelled already. */
  cancel(): boolean
}

/**
 * Calls `fn` once, after `delay` milliseconds, and returns at once. 0 calls it when the event loop has
 * turned.
 *
 * The call belongs to the scope: it is dropped if that is cancelled, or is over before. What `fn`
 * throws, or the promise that it returns is rejected with, fails the nearest group.
 *
 * @throws {RangeError} if `delay` is negative or NaN.
 */
export function callLater(delay: number, fn: () => unknown): LaterCall {
  checkDuration('delay', delay)
  checkFunction('call later', fn)
  return new Call(delay, fn)
}

class Call extends ScopeMember implements LaterCall {
  readonly due: number
  state: 'waiting' | 'called' | 'cancelled' = 'waiting'
  readonly #timer: ClockTimer | undefined = undefined

  constructor(delay: number, fn: () => unknown) {
    super()
    this.due = clock().now() + delay
    const scope = currentScope()
    if (scope.cancelled) {
      this.state = 'cancelled'
      return
    }
    scope.addMember(this)
    this.#timer = clock().setTimer(
      delay,
      inThisContext(() => {
        this.state = 'called'
        const around = this.memberOf as Scope
        around.removeMember(this)
        void call(around, fn)
      }),
    )
  }

  cancel(): boolean {
    if (this.state !== 'waiting') return false
    this.memberOf?.removeMember(this)
    this.scopeCancelled()
    return true
  }

  scopeCancelled(): void {
    this.state = 'cancelled'
    this.#timer?.cancel()
  }

  [Symbol.dispose](): void {
    this.cancel()
  }
}

// In a scope of its own, which its owner waits for.
async function call(around: Scope, fn: () => unknown): Promise<void> {
  const scope = new Scope(around)
  try {
    await callInScope(scope, fn, undefined)
  } catch (error) {
    if (!scope.cancelled || !isCancellation(error)) reportLost(error, scope.group, 'callLater()')
  } finally {
    scope.end()
  }
}
