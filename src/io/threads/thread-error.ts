import { SpoolError, type SpoolErrorOptions } from '../../util/error.ts'

/**
 * A thread came to its end before the function did: it was ended from inside, ran out of memory, or what it had to
 * say can't be sent.
 */
export class ThreadError extends SpoolError {
  static {
    this.prototype.name = 'ThreadError'
  }

  constructor(why: string, options?: SpoolErrorOptions) {
    super('SPOOL_THREAD', `Running in a thread failed: ${why}`, options)
  }

  static override is(error: unknown): error is ThreadError {
    return SpoolError.hasCode(error, 'SPOOL_THREAD')
  }
}
