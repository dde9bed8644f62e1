import { CancelledError } from '../../concurrency/errors.ts'
import { reportLost } from '../../concurrency/scope/lost-errors.ts'
import { type Scope, ScopeMember } from '../../concurrency/scope/scope.ts'
import { clock } from '../../concurrency/time/current-clock.ts'

/**
 * A failure that nobody has asked for yet. Where a group is around, it waits for the end of the scope
 * that made the request, and then goes to the group; elsewhere there is no end to wait for, and it is
 * reported as an unhandled rejection is, once the current turn is over.
 */
export class LostFailure extends ScopeMember {
  readonly #error: unknown
  readonly #scope: Scope
  #settled = false

  constructor(error: unknown, scope: Scope) {
    super()
    this.#error = error
    this.#scope = scope
    // A request that was cancelled with its scope is no failure of its own.
    if (CancelledError.is(error)) this.#settled = true
    else if (scope.group === undefined || scope.cancelled) clock().setTimer(0, () => this.#report())
    else scope.addMember(this)
  }

  /** Somebody has asked. */
  found(): void {
    this.#settled = true
    this.memberOf?.removeMember(this)
  }

  /** @internal */
  scopeCancelled(): void {
    this.memberOf?.removeMember(this)
    this.#report()
  }

  #report(): void {
    if (this.#settled) return
    this.#settled = true
    reportLost(this.#error, this.#scope.group, 'a request that nobody awaited')
  }
}
