import { show } from '../scope/arguments.ts'

/**
 * Checks a number of permits, places or parties: an integer of at least `least`, or infinity where
 * `infinite` says so. `what` completes "Cannot use -1 as …".
 *
 * @throws {TypeError} if it is no number.
 * @throws {RangeError} if it is out of range.
 */
export function checkCount(what: string, count: number, least: number, infinite = false): number {
  const allowed = `an integer of at least ${least}${infinite ? ', or Infinity' : ''}`
  if (typeof count !== 'number') {
    throw new TypeError(`Cannot use ${show(count)} as ${what}: expected ${allowed}`)
  }
  if (count === Infinity && infinite) return count
  if (Number.isSafeInteger(count) && count >= least) return count
  throw new RangeError(`Cannot use ${count} as ${what}: expected ${allowed}`)
}
