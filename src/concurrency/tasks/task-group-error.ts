import { messageOf } from '../../util/error-text.ts'
import { SpoolError } from '../../util/error.ts'

/** One failure of a group: the error and the name of what failed with it. */
export interface TaskFailure {
  /** The task's name, or `the body`. */
  readonly name: string
  readonly error: unknown
}

// More names than this make a message unreadable; `failures` has them all.
const namesInMessage = 5

/**
 * What `taskGroup()` throws if anything in it failed, always, even for one failure. `errors` lists
 * them in the order in which they happened, without tasks that were cancelled; `cause` is the first.
 */
export class TaskGroupError extends AggregateError {
  readonly code = 'SPOOL_TASK_GROUP' as const
  /** Name and error of each failure, in the order of `errors`. */
  readonly failures: readonly TaskFailure[]

  static {
    SpoolError.mark(this.prototype)
    this.prototype.name = 'TaskGroupError'
  }

  constructor(group: string, failures: readonly TaskFailure[]) {
    super(
      failures.map((failure) => failure.error),
      `Task group "${group}" failed: ${list(failures)}`,
      { cause: failures[0]?.error },
    )
    this.failures = failures
  }

  /** Whether `error` is a `TaskGroupError`, whichever copy of Spool made it. */
  static is(error: unknown): error is TaskGroupError {
    return SpoolError.hasCode(error, 'SPOOL_TASK_GROUP')
  }
}

function list(failures: readonly TaskFailure[]): string {
  const shown = failures.slice(0, namesInMessage).map(({ name, error }) => {
    return `"${name}" (${messageOf(error)})`
  })
  const more = failures.length - shown.length
  return more === 0 ? shown.join(', ') : `${shown.join(', ')} and ${more} more`
}
