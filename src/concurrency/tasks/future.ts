import { SpoolError } from '../../util/error.ts'
import { CancelledError } from '../errors.ts'
import { checkName, checkOptional } from '../scope/arguments.ts'
import { currentScope, livingScope, type Scope } from '../scope/scope.ts'
import { UnclaimedError } from '../scope/unclaimed-error.ts'
import { Outcome, type OutcomeState } from './outcome.ts'

export interface FutureOptions {
  /** For messages and the task tree. Default `future`. */
  name?: string
}

/**
 * A result that somebody will give later: a promise that is settled from outside, by tasks or by code
 * with callbacks. Each `await` of it ends with its own scope.
 *
 * A future that is rejected and that nobody comes for loses nothing: when the task that made it ends,
 * the error fails the nearest group.
 */
export class Future<T = void> extends Outcome<T> {
  readonly name: string
  readonly #scope: Scope
  #unclaimed: UnclaimedError | undefined = undefined

  constructor(options?: FutureOptions) {
    super()
    this.name =
      checkName(
        'future',
        checkOptional('future', options, "{ name: 'answer' }", { name: true })?.name,
      ) ?? 'future'
    this.#scope = currentScope()
  }

  get state(): OutcomeState {
    return this.end
  }

  /**
   * Gives the result.
   *
   * @throws {SpoolError} with code `SPOOL_INVALID_STATE` if it is done already.
   */
  resolve(value: T): void {
    this.#checkPending('resolve')
    this.settle('succeeded', value)
  }

  /**
   * Makes it fail.
   *
   * @throws {SpoolError} with code `SPOOL_INVALID_STATE` if it is done already.
   */
  reject(error: unknown): void {
    this.#checkPending('reject')
    this.settle('failed', error)
    if (!this.observed) {
      // The task that made it may be over, and its error belongs further out then.
      const scope = livingScope(this.#scope)
      this.#unclaimed = new UnclaimedError(error, this.describe(), scope)
    }
  }

  /** Cancels it: whoever awaits it gets a `CancelledError`. False if it was done already. */
  cancel(reason?: unknown): boolean {
    if (this.done) return false
    this.settle('cancelled', new CancelledError('explicit', reason))
    return true
  }

  /** @internal */
  protected override claimed(): void {
    this.#unclaimed?.claim()
    this.#unclaimed = undefined
  }

  /** @internal */
  override describe(): string {
    return `future "${this.name}"`
  }

  #checkPending(action: string): void {
    if (!this.done) return
    throw new SpoolError(
      'SPOOL_INVALID_STATE',
      `Cannot ${action} ${this.describe()}: it is done already (${this.state})`,
    )
  }
}
