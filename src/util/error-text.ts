/**
 * What programs throw can be anything, also what throws when it is looked at: an object without a prototype,
 * an error whose `message` is computed. Whoever passes an error on must not fail for that, because then the
 * error is lost, and with it whatever waits for the end of what threw it.
 */

/** Whether `value` is an `Error`; what can't be asked is none. */
export function isError(value: unknown): value is Error {
  try {
    return value instanceof Error
  } catch {
    return false
  }
}

/** What `error` says. */
export function messageOf(error: unknown): string {
  return textOf(() => (error instanceof Error ? error.message : error))
}

/** What `error` says, and where it was made if it knows. */
export function stackOf(error: unknown): string {
  return textOf(() => (error instanceof Error ? (error.stack ?? error.message) : error))
}

function textOf(read: () => unknown): string {
  try {
    return String(read())
  } catch {
    return 'a value that has no text'
  }
}
