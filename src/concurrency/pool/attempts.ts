import { currentTask, type TaskFunction } from '../tasks/task.ts'
import { timeout } from '../time/timeout.ts'
import type { PoolTask } from './pool-task.ts'
import type { RetryPolicy } from './policy/retry-policy.ts'

/** Where a task pauses between two attempts. */
export interface AttemptKeeper {
  /** Gives the task's slot back, waits for `delay` milliseconds and then for another slot. */
  pause(task: PoolTask, delay: number, error: unknown): Promise<void>
}

/**
 * A task's function that runs `fn` until it succeeds or `policy` gives up, each time for `limit`
 * milliseconds at most.
 */
export function inAttempts<T>(
  fn: TaskFunction<T>,
  limit: number | undefined,
  policy: RetryPolicy | undefined,
  keeper: AttemptKeeper,
): TaskFunction<T> {
  return async (scope) => {
    const task = currentTask() as PoolTask
    for (let attempt = 1; ; attempt++) {
      try {
        return await (limit === undefined ? fn(scope) : timeout(limit, fn))
      } catch (error) {
        const delay = scope.cancelled ? undefined : policy?.delayAfter(attempt, error)
        if (delay === undefined) throw error
        await keeper.pause(task, delay, error)
      }
    }
  }
}
