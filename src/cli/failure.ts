/** What went wrong, for a report line, a count and a message. */
import { SpoolError } from '../index.ts'

export interface Failure {
  /**
   * Stable: the system's (`ECONNREFUSED`) where there is one below, else Spool's (`SPOOL_TIMEOUT`).
   * Those of libraries below (`ERR_SSL_…`, `Z_DATA_ERROR`) change with them, and stay in the cause.
   */
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
      return !permanent.test(codeOf(error)) && !failedByTLS(error)
    default:
      return false
  }
}

// Of the codes below a `ConnectError`.
const permanent = /^ENOTFOUND$/

// That a certificate is wrong, or that the two speak no TLS in common, is so the next time, too. The
// codes below, of OpenSSL and of Node.js, name it in many ways.
function failedByTLS(error: unknown): boolean {
  const codes = codesOf(error)
  return codes.some((code) => /CERT|^ERR_TLS|^ERR_SSL|SELF_SIGNED|SIGNATURE|^EPROTO$/.test(code))
}

// As the system names what went wrong.
const errno = /^E(?!RR_)[A-Z\d_]+$/

// The counts of a run are to say more than that so many connections failed.
function codeOf(error: unknown): string {
  const codes = codesOf(error)
  const code = codes.find((one) => errno.test(one)) ?? codes[0]
  return code ?? (error instanceof Error ? error.name : 'ERROR')
}

/** The codes of an error and of what caused it, from the outermost on. */
function codesOf(error: unknown): string[] {
  const codes: string[] = []
  let current = error
  for (let depth = 0; depth < deepestCause && current instanceof Error; depth++) {
    const { code } = current as NodeJS.ErrnoException
    if (typeof code === 'string') codes.push(code)
    current = current.cause ?? lastAttempt(current)
  }
  return codes
}

// A connection to a name with several addresses fails once for each of them.
function lastAttempt(error: Error): unknown {
  const { attempts } = error as { attempts?: readonly { cause: unknown }[] }
  return Array.isArray(attempts) ? attempts.at(-1)?.cause : undefined
}
