import { SpoolError, type SpoolErrorOptions } from '../../util/error.ts'

/** How a process came to its end: one of the two is not null. */
export interface ExitStatus {
  /** What it exited with; null if a signal ended it. */
  readonly exitCode: number | null
  /** The signal that ended it, such as `SIGKILL`; null if it exited. */
  readonly signal: NodeJS.Signals | null
}

/** A process could not be started, or did not end well. */
export class ProcessError extends SpoolError implements ExitStatus {
  /** The program and its arguments, as they were given. */
  readonly command: string
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  /** The end of what it wrote to its standard error, if that was read for you; at most 8 KiB. */
  readonly stderr: string

  static {
    this.prototype.name = 'ProcessError'
  }

  /** `stderr`: what it said, if anything. */
  constructor(
    command: string,
    why: string,
    status: ExitStatus = { exitCode: null, signal: null },
    stderr = '',
    options?: SpoolErrorOptions,
  ) {
    super('SPOOL_PROCESS', `Running "${command}" failed: ${why}`, options)
    this.command = command
    this.exitCode = status.exitCode
    this.signal = status.signal
    this.stderr = stderr
  }

  static override is(error: unknown): error is ProcessError {
    return SpoolError.hasCode(error, 'SPOOL_PROCESS')
  }
}
