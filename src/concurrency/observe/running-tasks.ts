import { Scope } from '../scope/scope.ts'
import { clock } from '../time/current-clock.ts'
import { Task } from '../tasks/task.ts'

/** The tasks in `scope` and below it that are not over, those further out first. */
export function runningTasks(scope: Scope): Task[] {
  const tasks: Task[] = []
  collect(scope, tasks)
  return tasks
}

function collect(scope: Scope, tasks: Task[]): void {
  if (scope.task instanceof Task && scope.task.scope === scope) tasks.push(scope.task)
  for (const member of scope.members()) if (member instanceof Scope) collect(member, tasks)
}

/** One line for each task that is not over: its name and its age. */
export function describeRunning(scope: Scope): string {
  const now = clock().now()
  return runningTasks(scope)
    .map((task) => `  task "${task.name}", started ${Math.round(now - task.startedAt)} ms ago`)
    .join('\n')
}
