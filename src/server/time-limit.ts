import { clock } from '../concurrency/time/current-clock.ts'

/**
 * Waits until `promise` is settled, but no longer than `delay`; false if the time was up first. Looks
 * at no scope: for what has to come to an end even while everything is cancelled.
 */
export function settledWithin(promise: Promise<unknown>, delay: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = clock().setTimer(delay, () => resolve(false))
    const settled = (): void => {
      timer.cancel()
      resolve(true)
    }
    promise.then(settled, settled)
  })
}
