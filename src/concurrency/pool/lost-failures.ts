/**
 * Failures of tasks that nobody has looked at: they are thrown by whoever waits for the pool, so that
 * ignoring what `submit()` returns loses no error. If nobody does before the scope ends in which the pool
 * was made, they fail the nearest group. A pool that was made outside of every scope may serve all of a
 * program: what fails there belongs to the scope that submitted the task.
 */
import { RingBuffer } from '../queues/ring-buffer.ts'
import { livingScope, rootScope, type Scope } from '../scope/scope.ts'
import { UnclaimedError } from '../scope/unclaimed-error.ts'
import { type TaskFailure, TaskGroupError } from '../tasks/task-group-error.ts'
import type { PoolTask } from './pool-task.ts'

// A pool that lives as long as the program may never be waited for. What is beyond goes where errors
// go that nobody awaits.
const mostKept = 1_000

export class LostFailures {
  readonly #pool: string
  readonly #home: Scope
  readonly #tasks = new RingBuffer<PoolTask>()

  /** `home`: where the pool was made. */
  constructor(pool: string, home: Scope) {
    this.#pool = pool
    this.#home = home
  }

  /** Keeps a task that failed. `around`: the scope that submitted it. */
  add(task: PoolTask, around: Scope): void {
    const scope = livingScope(this.#home === rootScope ? around : this.#home)
    const from = `task "${task.name}" of "${this.#pool}"`
    task.unclaimed = new UnclaimedError(task.failure, from, scope)
    this.#tasks.add(task)
    if (this.#tasks.size > mostKept) this.#tasks.take()?.unclaimed?.giveUp()
  }

  /** An error that lists those that still nobody has looked at, if there are any, and forgets them. */
  take(): TaskGroupError | undefined {
    const failures: TaskFailure[] = []
    for (let task = this.#tasks.take(); task !== undefined; task = this.#tasks.take()) {
      if (task.unclaimed?.claim()) failures.push({ name: task.name, error: task.failure })
    }
    return failures.length > 0 ? new TaskGroupError(this.#pool, failures) : undefined
  }
}
