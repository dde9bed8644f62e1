import { checkDuration, checkFunction, checkOptional } from '../scope/arguments.ts'
import { outsideScopes } from '../scope/context.ts'
import type { Task } from '../tasks/task.ts'
import type { ClockTimer } from '../time/clock.ts'
import { clock } from '../time/current-clock.ts'
import { allTasks } from './task-tree.ts'

/** A task that was cancelled and did not stop. */
export interface UnresponsiveTask {
  readonly task: Task
  /** For how long it has been cancelled, in milliseconds, as far as was seen. */
  readonly cancelledFor: number
  /** All of it in one line. */
  toString(): string
}

export interface UnresponsiveTaskOptions {
  /** How long a cancelled task may take to stop, in milliseconds. Default 5,000. */
  grace?: number
}

/**
 * Tells, once for each, of tasks that were cancelled and still run, until what is returned is disposed
 * of: they wait for a promise that is not Spool's, or swallow the error. It looks at all tasks twice
 * in the grace period and costs nothing in between.
 */
export function reportUnresponsiveTasks(
  report: (unresponsive: UnresponsiveTask) => void,
  options?: UnresponsiveTaskOptions,
): Disposable {
  checkFunction('report unresponsive tasks', report)
  const { grace = 5_000 } =
    checkOptional('report', options, '{ grace: 5_000 }', { grace: true }) ?? {}
  checkDuration('grace', grace)
  const since = new WeakMap<Task, number>()
  let timer: ClockTimer
  const look = (): void => {
    const now = clock().now()
    for (const task of allTasks()) {
      if (!task.scope.cancelled) continue
      const seen = since.get(task) ?? now
      if (now - seen < grace) since.set(task, seen)
      else {
        since.set(task, Infinity)
        report(unresponsive(task, now - seen))
      }
    }
    timer = clock().setTimer(Math.max(grace / 2, 1), look, { background: true })
  }
  outsideScopes(look)
  return { [Symbol.dispose]: () => timer.cancel() }
}

function unresponsive(task: Task, cancelledFor: number): UnresponsiveTask {
  return {
    task,
    cancelledFor,
    toString() {
      const age = clock().now() - task.startedAt
      const where = task.site === undefined ? '' : `, spawned at ${task.site}`
      return (
        `Task "${task.name}" was cancelled ${Math.round(cancelledFor)} ms ago and still runs ` +
        `(started ${Math.round(age)} ms ago${where})`
      )
    },
  }
}
