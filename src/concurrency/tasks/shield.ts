import { TimeoutError } from '../errors.ts'
import { checkDuration, checkFunction, checkOptional } from '../scope/arguments.ts'
import { isCancellation } from '../scope/cancellation.ts'
import { callInScope } from '../scope/context.ts'
import { currentScope, Scope, type ScopeView } from '../scope/scope.ts'
import { clock } from '../time/current-clock.ts'

export interface ShieldOptions {
  /** How long `fn` may take, in milliseconds. Default: as long as it takes. */
  timeout?: number
}

/**
 * Runs `fn` to its end, even if the scope around it is cancelled: for clean-up that has to wait for
 * something. Whoever owns the scope (the task, the group, `run()`) waits for it, so it can't be left
 * running behind everybody's back, even if its promise is not awaited.
 *
 * ```ts
 * const log: string[] = []
 * await moveOnAfter(5, () =>
 *   shield(async () => {
 *     await sleep(10) // not stopped by the 5 ms
 *     log.push('written')
 *   }, { timeout: 5_000 }),
 * )
 * console.log(log[0]) // → written
 * ```
 *
 * Cancellation: none reaches `fn`, and its value is returned; the next wait after it throws.
 *
 * @throws {TimeoutError} if `timeout` passed.
 * @throws {RangeError} if `timeout` is negative or NaN.
 */
export async function shield<T>(
  fn: (scope: ScopeView) => T | PromiseLike<T>,
  options?: ShieldOptions,
): Promise<T> {
  checkFunction('shield', fn)
  const { timeout: length = Infinity } =
    checkOptional('shield', options, '{ timeout: 5_000 }', { timeout: true }) ?? {}
  checkDuration('timeout', length)
  const deadline = length === Infinity ? Infinity : clock().now() + length
  const scope = new Scope(currentScope(), deadline, true)
  try {
    return await callInScope(scope, fn, scope)
  } catch (error) {
    if (!scope.cancelled || !isCancellation(error)) throw error
    if (scope.error?.source !== 'deadline') scope.throwIfCancelled()
    const cause = error === scope.error ? {} : { cause: error }
    throw new TimeoutError('scope', length, undefined, cause)
  } finally {
    scope.end()
  }
}
