import type { CancelledError } from '../errors.ts'
import { currentScope, type Scope } from './scope.ts'
import { ScopeMember } from './scope-member.ts'

/** Cancels a scope if whoever waits for its end is cancelled meanwhile, or is already. */
export class Hurry extends ScopeMember {
  readonly #scope: Scope

  constructor(scope: Scope) {
    super()
    this.#scope = scope
    const around = currentScope()
    if (around.error === undefined) around.addMember(this)
    else this.scopeCancelled(around.error)
  }

  scopeCancelled(error: CancelledError): void {
    this.#scope.cancel(error)
  }

  end(): void {
    this.memberOf?.removeMember(this)
  }
}
