import type { ScopeGroup } from '../../src/concurrency/scope/owners.ts'
import { Scope } from '../../src/concurrency/scope/scope.ts'
import type { TaskGroup } from '../../src/concurrency/tasks/task-group.ts'

/** A group that takes no tasks, and notes the errors that it is given. */
export class RecordingGroup implements ScopeGroup {
  readonly name: string
  readonly scope: Scope
  readonly open: boolean
  readonly outer: ScopeGroup | undefined
  /** Each error, and what it came from. */
  readonly taken: [error: unknown, from: string][] = []

  constructor(name: string, options?: { scope?: Scope; open?: boolean; outer?: ScopeGroup }) {
    this.name = name
    this.scope = options?.scope ?? new Scope(undefined)
    this.open = options?.open ?? true
    this.outer = options?.outer
    this.scope.group = this
  }

  get taskGroup(): TaskGroup {
    throw new Error('A recording group takes no tasks')
  }

  take(error: unknown, from: string): boolean {
    if (this.open) this.taken.push([error, from])
    return this.open
  }
}
