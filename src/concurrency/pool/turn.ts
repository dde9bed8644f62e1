import type { CancelledError } from '../errors.ts'
import { type LinePlace, LineWaiter, type WaitLine } from '../scope/wait-line.ts'
import type { PoolTask } from './pool-task.ts'
import type { KeySlots } from './policy/key-limits.ts'
import type { PriorityPlace } from './policy/priority-lines.ts'

/** A task's place among those that wait for a slot: the task itself the first time. */
export interface Turn extends PriorityPlace {
  readonly task: PoolTask
  readonly slots: KeySlots<Turn> | undefined
  /** Whether it is set aside until its key has room. */
  aside: boolean
  /** Its place in the order in which tasks came, where the oldest may be dropped. */
  arrival: Arrival | undefined
  /** Gives it the slot. */
  grant(): void
}

/** A link in the order in which tasks came, whatever their priority. */
export class Arrival implements LinePlace {
  line: WaitLine<LinePlace> | undefined = undefined
  ahead: LinePlace | undefined = undefined
  behind: LinePlace | undefined = undefined
  readonly turn: Turn

  constructor(turn: Turn) {
    this.turn = turn
  }
}

/** Who is told that a turn was given up. */
export interface TurnKeeper {
  turnLeft(turn: Turn): void
}

/** The turn of a task that has begun and let its slot go, to be tried again later. */
export class NextTurn extends LineWaiter<void> implements Turn {
  aside = false
  arrival: Arrival | undefined = undefined
  readonly task: PoolTask
  readonly order: number
  readonly #keeper: TurnKeeper

  constructor(task: PoolTask, order: number, keeper: TurnKeeper, what: string) {
    super(task.scope, what)
    this.task = task
    this.order = order
    this.#keeper = keeper
  }

  get priority(): number {
    return this.task.priority
  }

  get slots(): KeySlots<Turn> | undefined {
    return this.task.slots
  }

  grant(): void {
    this.resolve()
  }

  override scopeCancelled(error: CancelledError): void {
    this.#keeper.turnLeft(this)
    super.scopeCancelled(error)
  }
}
