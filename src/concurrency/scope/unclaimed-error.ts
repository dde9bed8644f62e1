import type { ScopeGroup } from './owners.ts'
import { reportLost } from './lost-errors.ts'
import { currentScope, type Scope } from './scope.ts'
import { ScopeMember } from './scope-member.ts'

/**
 * An error that somebody may still come for. If the task or group in whose scope it arose is cancelled
 * or over before that, it is lost, and fails the nearest group.
 */
export class UnclaimedError extends ScopeMember {
  readonly #error: unknown
  readonly #from: string
  readonly #group: ScopeGroup | undefined

  /** `from`: what it came from, in a few words. */
  constructor(error: unknown, from: string, scope: Scope = currentScope()) {
    super()
    this.#error = error
    this.#from = from
    this.#group = scope.group
    scope.addMember(this)
  }

  /** Somebody has it now. */
  claim(): void {
    this.memberOf?.removeMember(this)
  }

  scopeCancelled(): void {
    reportLost(this.#error, this.#group, this.#from)
  }
}
