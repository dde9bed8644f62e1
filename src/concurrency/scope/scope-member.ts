import type { CancelledError } from '../errors.ts'
import type { Scope } from './scope.ts'

/** What a scope tells of its cancellation: scopes below it, and waits. A link in the scope's list. */
export abstract class ScopeMember {
  /** @internal */
  previousMember: ScopeMember | undefined = undefined
  /** @internal */
  nextMember: ScopeMember | undefined = undefined
  /** @internal The scope in whose list this is. */
  memberOf: Scope | undefined = undefined

  /**
   * @internal Called once, synchronously, when the scope is cancelled, and when the task or group
   * whose scope it is ends while this is still in it. It is out of the scope by then, unless it is a
   * scope itself.
   */
  abstract scopeCancelled(error: CancelledError): void
}
