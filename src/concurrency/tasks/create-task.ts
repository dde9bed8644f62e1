import { NoScopeError } from '../errors.ts'
import { currentScope } from '../scope/scope.ts'
import type { Task, TaskFunction, TaskOptions } from './task.ts'

/**
 * Starts `fn` as a task of the nearest open group around: a `taskGroup()`, the request that is being
 * handled, or `run()`. That group waits for it and has its error.
 *
 * Cancellation: of the group, not of the scope that this is called in, cancels the task. In a group that
 * is cancelled it still runs, up to its first wait.
 *
 * @throws {NoScopeError} with code `SPOOL_NO_SCOPE` if there is none.
 */
export function createTask<T>(fn: TaskFunction<T>, options?: TaskOptions): Task<T> {
  let { group } = currentScope()
  while (group !== undefined && !group.open) group = group.outer
  if (group === undefined) {
    throw new NoScopeError(
      'Cannot create a task: no open task group owns it; call createTask() inside taskGroup() or run()',
    )
  }
  return group.taskGroup.spawn(fn, options)
}
