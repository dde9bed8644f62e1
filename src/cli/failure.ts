/** What went wrong, for a report line, a count and a message. */
import { SpoolError } from '../index.ts'

export interface Failure {
  /** Stable: the system's (`ECONNREFUSED`) where there is one below, else Spool's (`SPOOL_TIMEOUT`). */
  readonly code: string
  /** One line. */
  readonly message: string
}

// A chain of causes that is longer has come round to its beginning.
const deepestCause = 10

export function describeFailure(error: unknown): Failure {
  const code = codeOf(error)
  const text = error instanceof Error ? error.message : String(error)
  const message = text.replaceAll(/\s+/g, ' ').trim()
  return { code, message: message === '' ? code : message }
}

/**
 * Whether the same request may do better a little later: the time was up, or the connection could not
 * be made or broke. Not for what stays as it is: a name that does not exist, a certificate that is
 * not trusted, an answer that is not HTTP.
 */
export function isTransientFailure(error: unknown): boolean {
  if (!SpoolError.is(error)) return false
  switch (error.code) {
    case 'SPOOL_TIMEOUT':
    case 'SPOOL_TRANSFER':
    case 'SPOOL_BROKEN':
      return true
    case 'SPOOL_CONNECT':
      return !permanent.test(codeOf(error))
    default:
      return false
  }
}

// Of the codes below a `ConnectError`. Those of TLS name certificates in many ways, and their own
// way of failing.
const permanent = /^ENOTFOUND$|CERT|^ERR_TLS|^ERR_SSL|SELF_SIGNED|SIGNATURE|^SPOOL_/

// The counts of a run are to say more than that so many connections failed.
function codeOf(error: unknown): string {
  let spool: string | undefined
  let current = error
  for (let depth = 0; depth < deepestCause && current instanceof Error; depth++) {
    const { code } = current as NodeJS.ErrnoException
    if (typeof code === 'string') {
      if (!code.startsWith('SPOOL_')) return code
      spool ??= code
    }
    current = current.cause ?? lastAttempt(current)
  }
  return spool ?? (error instanceof Error ? error.name : 'ERROR')
}

// A connection to a name with several addresses fails once for each of them.
function lastAttempt(error: Error): unknown {
  const { attempts } = error as { attempts?: readonly { cause: unknown }[] }
  return Array.isArray(attempts) ? attempts.at(-1)?.cause : undefined
}
