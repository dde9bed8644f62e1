import { type CapturedContext, captureContext, runInContext } from '../scope/context.ts'
import { Scope } from '../scope/scope.ts'
import type { LinePlace, WaitLine } from '../scope/wait-line.ts'
import type { UnclaimedError } from '../scope/unclaimed-error.ts'
import { countWakeUp, wakeUp, wakeUpsAreOrdered } from '../scope/wake-ups.ts'
import { Task, type TaskFunction, type TaskOwner } from '../tasks/task.ts'
import type { KeySlots } from './policy/key-limits.ts'
import type { Arrival, Turn, TurnKeeper } from './turn.ts'

/** Who wants to know how a task ended, besides the pool: `map()` and `asCompleted()`. */
export interface PoolTaskObserver {
  taskOver(task: PoolTask): void
}

/**
 * A task that was submitted to a pool. It is its own place in the queue, and then in the list of those
 * that have begun: one object for each of many that wait.
 */
export class PoolTask<T = unknown> extends Task<T> implements Turn {
  /** @internal */
  line: WaitLine<LinePlace> | undefined = undefined
  /** @internal */
  ahead: LinePlace | undefined = undefined
  /** @internal */
  behind: LinePlace | undefined = undefined
  /** @internal */
  readonly priority: number
  /** @internal */
  order = 0
  /** @internal The slots of its key. */
  readonly slots: KeySlots<Turn> | undefined
  /** @internal */
  readonly observer: PoolTaskObserver | undefined
  /** @internal Which item it is for, where the observer wants to know. */
  index = 0
  /** @internal Whether it has a slot. */
  holdsSlot = false
  // What few have is a field of these alone: of all others the prototype has it, since each field costs each
  // of many that wait 8 bytes.
  /** @internal */
  declare aside: boolean
  /** @internal */
  declare arrival: Arrival | undefined
  /** @internal When it got the slot, on the clock of `now()`, in an adaptive pool. */
  declare slotSince: number
  /** @internal What the adaptive limit was doing then. */
  declare slotPhase: number
  /** @internal Its failure, until somebody looks. */
  declare unclaimed: UnclaimedError | undefined
  // Both while it waits to begin, and only then.
  #context: CapturedContext | undefined = undefined
  #keeper: TurnKeeper | undefined = undefined

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
    super(main, owner, new Scope(around), name)
    this.priority = priority
    this.slots = slots
    this.observer = observer
  }

  /** @internal */
  get task(): PoolTask {
    return this
  }

  /** @internal What it failed with, for the pool. */
  get failure(): unknown {
    return this.outcome
  }

  /** @internal */
  protected override claimed(): void {
    this.unclaimed?.claim()
  }

  /** @internal From now on it waits to begin, in the context of now. */
  wait(order: number, keeper: TurnKeeper): void {
    this.order = order
    this.#keeper = keeper
    this.#context = captureContext()
  }

  /** @internal Begins. It has waited, so the handle exists, and it need not wait for a microtask. */
  grant(): void {
    const context = this.#context as CapturedContext
    this.#context = this.#keeper = undefined
    countWakeUp()
    if (wakeUpsAreOrdered()) this.#beginLater(context)
    else runInContext(context, begin, this)
  }

  #beginLater(context: CapturedContext): void {
    wakeUp(() => runInContext(context, begin, this))
  }

  /** @internal It was cancelled. If it has not begun, it never will. */
  override stopWaiting(): void {
    if (this.#keeper === undefined) {
      super.stopWaiting()
      return
    }
    this.#keeper.turnLeft(this)
    this.#context = this.#keeper = undefined
    this.discard()
  }
}

PoolTask.prototype.aside = false
PoolTask.prototype.arrival = undefined
PoolTask.prototype.slotSince = 0
PoolTask.prototype.slotPhase = 0
PoolTask.prototype.unclaimed = undefined

function begin(task: PoolTask): void {
  task.run()
}
