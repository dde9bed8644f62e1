import { atStandstill } from '../observe/lost-at-exit.ts'
import type { ScopeGroup } from './owners.ts'
import { reportLost } from './lost-errors.ts'
import { currentScope, rootScope, type Scope } from './scope.ts'
import { ScopeMember } from './scope-member.ts'

/**
 * An error that somebody may still come for. If the task or group in whose scope it arose is cancelled
 * or over before that, it is lost, and fails the nearest group. Outside of every scope it is an uncaught
 * exception once the program has nothing more to do.
 */
export class UnclaimedError extends ScopeMember {
  readonly #error: unknown
  readonly #from: string
  readonly #group: ScopeGroup | undefined
  #forget: (() => void) | undefined = undefined

  /** `from`: what it came from, in a few words. */
  constructor(error: unknown, from: string, scope: Scope = currentScope()) {
    super()
    this.#error = error
    this.#from = from
    this.#group = scope.group
    // Its owner waits for all that is in it, and nobody there would come for this any more.
    if (scope.closing) this.scopeCancelled()
    else scope.addMember(this)
    if (scope === rootScope) this.#forget = atStandstill(() => this.giveUp())
  }

  /** Somebody has it now. False if somebody had before, or it was lost. */
  claim(): boolean {
    if (this.memberOf === undefined) return false
    this.memberOf.removeMember(this)
    this.#forget?.()
    return true
  }

  /** Nobody will come for it. */
  giveUp(): void {
    if (this.claim()) this.scopeCancelled()
  }

  scopeCancelled(): void {
    reportLost(this.#error, this.#group, this.#from)
  }
}
