import { checkPromise } from '../scope/arguments.ts'
import { Waiter } from '../scope/waiter.ts'

/**
 * What a promise holds of who waits for it. A promise can't be told that nobody waits any more, and one that stands
 * for the end of the program is waited for by every request: so little stays, once the wait is over.
 */
interface Link<T> {
  waiter: Waiter<T> | undefined
}

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
  const link: Link<T> = { waiter: undefined }
  const waiter = new Waiter<T>(() => (link.waiter = undefined), undefined, 'abortable()')
  if (!waiter.settled) link.waiter = waiter
  connect(promise, link)
  return waiter.promise
}

// A function of its own, whose callbacks see the link and nothing else.
function connect<T>(promise: PromiseLike<T>, link: Link<T>): void {
  promise.then(
    (value) => link.waiter?.resolve(value),
    (error: unknown) => link.waiter?.reject(error),
  )
}
