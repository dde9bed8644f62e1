import { checkPromise } from '../scope/arguments.ts'
import { Waiter } from '../scope/waiter.ts'

/**
 * Waits for a promise that is not Spool's, and stops waiting when the scope is cancelled.
 *
 * JavaScript can't interrupt what such a promise stands for: that goes on, and what comes of it is
 * dropped. Where the API takes an `AbortSignal`, give it `currentScope().signal` instead.
 *
 * Cancellation: only stops waiting.
 */
export function abortable<T>(promise: PromiseLike<T>): Promise<T> {
  checkPromise('wait', promise)
  const waiter = new Waiter<T>(undefined, undefined, 'abortable()')
  promise.then(
    (value) => waiter.resolve(value),
    (error: unknown) => waiter.reject(error),
  )
  return waiter.promise
}
