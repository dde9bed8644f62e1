import { SpoolError } from '../../util/error.ts'

/** What was thrown at the other end of a channel, as far as it could be sent. */
export class RemoteError extends SpoolError {
  /** The name of the error there, such as `RangeError`. */
  readonly remoteName: string
  /** Its code there, if it had one. */
  readonly remoteCode: string | undefined

  static {
    this.prototype.name = 'RemoteError'
  }

  constructor(name: string, message: string, code?: string) {
    super('SPOOL_REMOTE', `The other end failed: ${name}: ${message}`)
    this.remoteName = name
    this.remoteCode = code
  }

  static override is(error: unknown): error is RemoteError {
    return SpoolError.hasCode(error, 'SPOOL_REMOTE')
  }
}

/** What is sent of an error: no stack, which is the other end's own affair. */
export interface SentError {
  readonly name: string
  readonly message: string
  readonly code?: string
}

export function sentError(thrown: unknown): SentError {
  if (!(thrown instanceof Error)) return { name: 'Error', message: String(thrown) }
  const { name, message, code } = thrown as NodeJS.ErrnoException
  return typeof code === 'string' ? { name, message, code } : { name, message }
}

export function receivedError({ name, message, code }: SentError): RemoteError {
  return new RemoteError(name, message, code)
}
