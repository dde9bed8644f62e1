/**
 * Failures of tasks that nobody has looked at: they are thrown by whoever waits for the pool, so that
 * ignoring what `submit()` returns loses no error.
 */
import { RingBuffer } from '../queues/ring-buffer.ts'
import { reportLost } from '../scope/lost-errors.ts'
import { type TaskFailure, TaskGroupError } from '../tasks/task-group-error.ts'
import type { PoolTask } from './pool-task.ts'

// A pool that lives as long as the program may never be waited for. What is beyond goes where errors
// go that nobody awaits.
const mostKept = 1_000

export class LostFailures {
  readonly #pool: string
  readonly #tasks = new RingBuffer<PoolTask>()

  constructor(pool: string) {
    this.#pool = pool
  }

  /** Keeps a task that failed. */
  add(task: PoolTask): void {
    this.#tasks.add(task)
    if (this.#tasks.size <= mostKept) return
    const oldest = this.#tasks.take()
    if (oldest === undefined || oldest.observed) return
    reportLost(oldest.exception(), oldest.scope.group, `task "${oldest.name}" of "${this.#pool}"`)
  }

  /** Throws those that still nobody has looked at, if there are any, and forgets them. */
  throwAll(): void {
    const failures: TaskFailure[] = []
    for (let task = this.#tasks.take(); task !== undefined; task = this.#tasks.take()) {
      if (!task.observed) failures.push({ name: task.name, error: task.exception() })
    }
    if (failures.length > 0) throw new TaskGroupError(this.#pool, failures)
  }
}
