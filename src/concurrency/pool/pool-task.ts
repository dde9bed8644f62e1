import { runInScope } from '../scope/context.ts'
import type { Scope } from '../scope/scope.ts'
import type { LinePlace, WaitLine } from '../sync/wait-line.ts'
import { Task, type TaskFunction, type TaskOwner } from '../tasks/task.ts'
import type { KeySlots } from './policy/key-limits.ts'
import type { Turn } from './turn.ts'

/** Who wants to know how a task ended, besides the pool: `map()` and `asCompleted()`. */
export interface PoolTaskObserver {
  taskOver(task: PoolTask): void
}

/** A task that was submitted to a pool. */
export class PoolTask<T = unknown> extends Task<T> implements LinePlace {
  /** @internal Its place among all tasks of the pool. */
  line: WaitLine<LinePlace> | undefined = undefined
  /** @internal */
  ahead: LinePlace | undefined = undefined
  /** @internal */
  behind: LinePlace | undefined = undefined
  /** @internal */
  readonly priority: number
  /** @internal The slots of its key. */
  readonly slots: KeySlots<Turn> | undefined
  /** @internal */
  readonly observer: PoolTaskObserver | undefined
  /** @internal Whether it has a slot. */
  holdsSlot = false
  /** @internal When it got the slot, on the clock of `now()`, where somebody wants to know. */
  slotSince = 0

  /** @internal */
  constructor(
    main: TaskFunction<T>,
    owner: TaskOwner,
    around: Scope,
    name: string | undefined,
    priority: number,
    slots: KeySlots<Turn> | undefined,
    observer: PoolTaskObserver | undefined,
  ) {
    super(main, owner, around, name)
    this.priority = priority
    this.slots = slots
    this.observer = observer
  }

  /** @internal Runs it now: it has waited, so the handle exists. */
  begin(): void {
    void runInScope(this.scope, runTask, this as PoolTask)
  }
}

function runTask(task: PoolTask): Promise<void> {
  return task.run()
}
