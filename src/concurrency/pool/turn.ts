/** The two ways of waiting for a slot of a pool. */
import type { CancelledError } from '../errors.ts'
import { CapturedContext } from '../scope/context.ts'
import { ScopeMember } from '../scope/scope-member.ts'
import { countWakeUp, wakeUp, wakeUpsAreOrdered } from '../scope/wake-ups.ts'
import { type LinePlace, LineWaiter, type WaitLine } from '../sync/wait-line.ts'
import type { KeySlots } from './policy/key-limits.ts'
import type { PoolTask } from './pool-task.ts'
import type { PriorityPlace } from './policy/priority-lines.ts'

/** A task's place among those that wait for a slot. */
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

/** A task that has not begun. It begins in the context in which it was submitted. */
export class FirstTurn extends ScopeMember implements Turn {
  line: WaitLine<LinePlace> | undefined = undefined
  ahead: LinePlace | undefined = undefined
  behind: LinePlace | undefined = undefined
  aside = false
  arrival: Arrival | undefined = undefined
  readonly task: PoolTask
  readonly order: number
  readonly #keeper: TurnKeeper
  readonly #context: CapturedContext = new CapturedContext()

  constructor(task: PoolTask, order: number, keeper: TurnKeeper) {
    super()
    this.task = task
    this.order = order
    this.#keeper = keeper
    task.scope.addMember(this)
  }

  get priority(): number {
    return this.task.priority
  }

  get slots(): KeySlots<Turn> | undefined {
    return this.task.slots
  }

  grant(): void {
    this.memberOf?.removeMember(this)
    countWakeUp()
    if (wakeUpsAreOrdered()) wakeUp(() => this.#context.run(begin, this.task))
    else this.#context.run(begin, this.task)
  }

  scopeCancelled(): void {
    this.memberOf?.removeMember(this)
    this.#keeper.turnLeft(this)
    this.task.discard()
  }
}

/** A task that has begun and let its slot go, to be tried again later. */
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
    if (this.line !== undefined) this.#keeper.turnLeft(this)
    super.scopeCancelled(error)
  }
}

function begin(task: PoolTask): void {
  task.begin()
}
