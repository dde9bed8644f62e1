/** One call of the file system: how it meets cancellation. */
import { outsideScopes } from '../../concurrency/scope/context.ts'
import { currentScope } from '../../concurrency/scope/scope.ts'
import { abortable } from '../../concurrency/tasks/abortable.ts'

/**
 * Runs one call of the file system, which a thread does and nobody can stop.
 *
 * Cancellation: before, the call is not made. Meanwhile, nobody waits for it any more; `late` is given what it
 * brings in the end, to put it away.
 */
export async function fileOperation<T>(
  start: () => Promise<T>,
  late?: (result: T) => unknown,
): Promise<T> {
  const scope = currentScope()
  scope.throwIfCancelled()
  const result = outsideScopes(start)
  try {
    return await abortable(result)
  } catch (error) {
    if (scope.cancelled) void putAway(result, late)
    throw error
  }
}

async function putAway<T>(result: Promise<T>, late?: (result: T) => unknown): Promise<void> {
  try {
    const value = await result
    await late?.(value)
  } catch {
    // It failed too: there is nothing to put away, and who asked has heard of the cancellation.
  }
}
