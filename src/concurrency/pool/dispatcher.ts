/**
 * Who runs now: gives the slots of a pool to those who wait, by priority, key, rate and arrival.
 *
 * Rules that keep it right:
 * 1. Nobody overtakes who waits in a line, so a free slot is given without waiting only while no line
 *    has anybody in it. Those who are set aside for their key hold up nobody.
 * 2. A slot is given in the turn in which it got free. It is given to a turn that stands in a line, so
 *    never to a task that was cancelled.
 * 3. It starts nothing by itself but through `fill()`, which may be entered again from the task that it
 *    starts: all counts are right before `grant()`.
 */
import type { ClockTimer } from '../time/clock.ts'
import { clock } from '../time/current-clock.ts'
import { WaitLine } from '../scope/wait-line.ts'
import type { PoolTask } from './pool-task.ts'
import { PriorityLines } from './policy/priority-lines.ts'
import type { TokenBucket } from './policy/token-bucket.ts'
import { Arrival, NextTurn, type Turn, type TurnKeeper } from './turn.ts'

/** Who wants to know when a task gets a slot. */
export interface SlotWatcher {
  slotGiven(task: PoolTask): void
}

export class Dispatcher implements TurnKeeper {
  limit: number
  paused = false
  /** How many tasks hold a slot. */
  running = 0
  /** How many wait for one, in a line or set aside. */
  waiting = 0
  /** Told when there is a token again that nobody in a line takes. */
  onToken: (() => void) | undefined = undefined
  /** The tasks that have begun and not ended, with a slot or between two attempts. */
  readonly begun: WaitLine<PoolTask> = new WaitLine()
  // How many of those that wait are in a line.
  #inLine = 0
  #order = 0
  readonly #lines: PriorityLines<Turn> = new PriorityLines()
  readonly #arrivals: WaitLine<Arrival> | undefined
  readonly #bucket: TokenBucket | undefined
  #timer: ClockTimer | undefined = undefined
  readonly #onShrink: () => void
  readonly #watcher: SlotWatcher | undefined

  /** `onShrink` is called whenever fewer wait than before. */
  constructor(
    limit: number,
    bucket: TokenBucket | undefined,
    keepArrivals: boolean,
    onShrink: () => void,
    watcher: SlotWatcher | undefined,
  ) {
    this.limit = limit
    this.#bucket = bucket
    this.#arrivals = keepArrivals ? new WaitLine() : undefined
    this.#onShrink = onShrink
    this.#watcher = watcher
  }

  /** Starts no more tasks. */
  pause(): void {
    this.paused = true
    this.#stopTimer()
  }

  resume(): void {
    this.paused = false
    this.fill()
  }

  resize(limit: number): void {
    this.limit = limit
    this.fill()
  }

  /** Whether a task could have a slot at once. */
  get hasRoom(): boolean {
    return this.#hasSlot && (this.#bucket === undefined || this.#bucket.delay() === 0)
  }

  /** How many tasks could have a slot at once. */
  get room(): number {
    if (!this.#hasSlot) return 0
    const slots = this.limit - this.running
    return this.#bucket === undefined ? slots : Math.min(slots, this.#bucket.tokens())
  }

  /** Sees to it that `onToken` is called, if a token is all that a task would have to wait for. */
  expectToken(): void {
    if (this.#bucket !== undefined && this.#hasSlot) this.#mayStart(this.#bucket)
  }

  get #hasSlot(): boolean {
    return this.running < this.limit && this.#inLine === 0 && !this.paused
  }

  /** Gives `task` a slot, if it need not wait for it. */
  startNow(task: PoolTask): boolean {
    if (!this.hasRoom || (task.slots !== undefined && !task.slots.start())) return false
    this.#give(task)
    return true
  }

  /** Lets `task`, which has not begun, wait for a slot. */
  enqueue(task: PoolTask): void {
    task.wait(this.#order++, this)
    this.#add(task)
    this.fill()
  }

  /** Lets `task`, which has begun, wait for another slot. */
  waitAgain(task: PoolTask, what: string): Promise<void> {
    const turn = new NextTurn(task, this.#order++, this, what)
    if (!turn.settled) {
      this.#add(turn)
      this.fill()
    }
    return turn.promise
  }

  /** Takes the slot of `task` back and gives it to the next one. */
  release(task: PoolTask): void {
    task.holdsSlot = false
    this.running--
    const next = task.slots?.end()
    if (next !== undefined) {
      next.aside = false
      this.#inLine++
      this.#lines.putBack(next)
    }
    if (this.#inLine > 0) this.fill()
  }

  /** Starts as many as there are slots for. */
  fill(): void {
    while (this.#inLine > 0 && this.running < this.limit && !this.paused) {
      if (this.#bucket !== undefined && !this.#mayStart(this.#bucket)) return
      const turn = this.#lines.shift() as Turn
      this.#inLine--
      const { slots, task } = turn
      if (slots !== undefined && !slots.start()) {
        turn.aside = true
        slots.setAside(turn)
        continue
      }
      this.#gone(turn)
      this.#give(task)
      turn.grant()
      this.#onShrink()
    }
  }

  /** Those who wait in a line; who is set aside is to be asked of the keys. */
  inLine(): Generator<Turn> {
    return this.#lines.members()
  }

  /** The task that has waited longest; but for those of a batch, which fails without them. */
  oldest(): PoolTask | undefined {
    return this.#arrivals?.first?.turn.task
  }

  /** A task that waited was cancelled. */
  turnLeft(turn: Turn): void {
    turn.line?.remove(turn)
    if (!turn.aside) this.#inLine--
    if (this.#inLine === 0) this.#stopTimer()
    this.#gone(turn)
    this.#onShrink()
  }

  #add(turn: Turn): void {
    this.#lines.add(turn)
    this.#inLine++
    this.waiting++
    if (this.#arrivals === undefined || turn.task.observer !== undefined) return
    turn.arrival = new Arrival(turn)
    this.#arrivals.add(turn.arrival)
  }

  #gone(turn: Turn): void {
    this.waiting--
    turn.arrival?.line?.remove(turn.arrival)
  }

  #give(task: PoolTask): void {
    this.#bucket?.take()
    this.running++
    task.holdsSlot = true
    if (task.line === undefined) this.begun.add(task)
    this.#watcher?.slotGiven(task)
  }

  #mayStart(bucket: TokenBucket): boolean {
    const delay = bucket.delay()
    if (delay === 0) return true
    this.#timer ??= clock().setTimer(delay, () => {
      this.#timer = undefined
      this.fill()
      this.onToken?.()
    })
    return false
  }

  #stopTimer(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }
}
