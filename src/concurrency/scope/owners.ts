import type { TaskGroup } from '../tasks/task-group.ts'
import type { Scope } from './scope.ts'

/** What a scope knows of the task that runs in it. */
export interface ScopeTask {
  readonly name: string
  /** @internal */
  readonly scope: Scope
  /** @internal The scope was cancelled: a task that has not begun need not any more. */
  stopWaiting(): void
}

/** What a scope knows of the group around it. */
export interface ScopeGroup {
  readonly name: string
  /** @internal */
  readonly scope: Scope
  /** Whether tasks can still be spawned into it. */
  readonly open: boolean
  /** @internal Where `createTask()` spawns: the group itself, or one that is made when it is needed. */
  readonly taskGroup: TaskGroup
  /** The group around this one. */
  readonly outer: ScopeGroup | undefined
  /** @internal Fails with an error that reached nobody; false if the group is over. */
  take(error: unknown, from: string): boolean
}
