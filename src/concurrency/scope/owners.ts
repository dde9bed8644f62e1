import type { TaskGroup } from '../tasks/task-group.ts'

/** What a scope knows of the task that runs in it. */
export interface ScopeTask {
  readonly name: string
}

/** What a scope knows of the group around it. */
export interface ScopeGroup {
  readonly name: string
  /** Whether tasks can still be spawned into it. */
  readonly open: boolean
  /** @internal Where `createTask()` spawns: the group itself, or one that is made when it is needed. */
  readonly taskGroup: TaskGroup
  /** The group around this one. */
  readonly outer: ScopeGroup | undefined
  /** @internal Takes an error that reached nobody: the group fails with it. */
  take(error: unknown, from: string): void
}
