/**
 * The one place that says what counts as a cancellation.
 *
 * Where the scope's signal was given to code outside Spool, its `CancelledError` comes back in other
 * forms. `fetch` rejects with the error itself; `timers/promises`, `fs` and `events.once` with an
 * `AbortError` that has it as `cause`; libraries with a `DOMException` of that name that forgets it;
 * `Promise.any()` with an `AggregateError` of nothing else; a resource that can't be closed either
 * with a `SuppressedError`. In a cancelled scope they all mean the same, so users meet one error.
 */
import { CancelledError } from '../errors.ts'

/**
 * Whether `error`, thrown in a cancelled scope, is that cancellation in any of its forms. In a scope
 * that is not cancelled none of them is: there an `AbortError` is somebody's own.
 */
export function isCancellation(error: unknown): boolean {
  try {
    return meansCancellation(error)
  } catch {
    // It threw when it was asked: it is something else, and not to be lost for that.
    return false
  }
}

function meansCancellation(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false
  if (CancelledError.is(error)) return true
  const { name } = error as { name?: unknown }
  if (name === 'AbortError') return true
  if (name === 'SuppressedError') {
    const { error: later, suppressed } = error as { error?: unknown; suppressed?: unknown }
    return isCancellation(later) && isCancellation(suppressed)
  }
  return name === 'AggregateError' && areCancellations((error as AggregateError).errors)
}

function areCancellations(errors: readonly unknown[]): boolean {
  return errors.length > 0 && errors.every((error) => isCancellation(error))
}
