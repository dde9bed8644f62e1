import { SpoolError } from '../index.ts'

/** The command cannot begin: it was given something that it cannot use. One line, exit code 2. */
export class UsageError extends SpoolError {
  static {
    this.prototype.name = 'UsageError'
  }

  constructor(message: string, options?: { cause?: unknown }) {
    super('SPOOL_USAGE', message, options)
  }
}
