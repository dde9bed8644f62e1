/**
 * Who waits, in the order of arrival: what stands behind the locks, the queues and the pool.
 *
 * A waiter that is cancelled leaves from wherever it stands, in constant time. A waiter that was
 * taken out is settled by whoever took it, in the same turn: what it was given can't be lost to a
 * cancellation in between.
 */
import type { CancelledError } from '../errors.ts'
import type { Scope } from './scope.ts'
import { type Describable, Waiter } from './waiter.ts'

/** A place in a line. */
export interface LinePlace {
  /** @internal The line it is in. */
  line: WaitLine<LinePlace> | undefined
  /** @internal */
  ahead: LinePlace | undefined
  /** @internal */
  behind: LinePlace | undefined
}

/** A wait that stands in a line, and leaves it when its scope is cancelled. */
export class LineWaiter<T> extends Waiter<T> implements LinePlace {
  /** @internal */
  line: WaitLine<LinePlace> | undefined = undefined
  /** @internal */
  ahead: LinePlace | undefined = undefined
  /** @internal */
  behind: LinePlace | undefined = undefined

  /** `what`: what is waited for, for the task tree. */
  constructor(scope: Scope, what: string | Describable) {
    super(undefined, scope, what)
  }

  override scopeCancelled(error: CancelledError): void {
    this.line?.remove(this)
    super.scopeCancelled(error)
  }
}

/** Who waits, in the order of arrival. */
export class WaitLine<W extends LinePlace> {
  #first: W | undefined = undefined
  #last: W | undefined = undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Who has waited longest, and stays. */
  get first(): W | undefined {
    return this.#first
  }

  /** Who came last, and stays. */
  get last(): W | undefined {
    return this.#last
  }

  /** Puts `place` at the end, or before `behind`, which is in this line. */
  add(place: W, behind?: W): void {
    const ahead = behind === undefined ? this.#last : behind.ahead
    place.line = this
    place.ahead = ahead
    place.behind = behind
    if (ahead === undefined) this.#first = place
    else ahead.behind = place
    if (behind === undefined) this.#last = place
    else behind.ahead = place
    this.#size++
  }

  /** Takes out who has waited longest. The caller settles it. */
  shift(): W | undefined {
    const first = this.#first
    if (first !== undefined) this.remove(first)
    return first
  }

  /** All of them, in order. */
  *members(): Generator<W> {
    for (let place = this.#first; place !== undefined; place = place.behind as W | undefined) {
      yield place
    }
  }

  /** Takes `place` out from wherever it stands in this line. */
  remove(place: W): void {
    const { ahead, behind } = place
    if (ahead === undefined) this.#first = behind as W | undefined
    else ahead.behind = behind
    if (behind === undefined) this.#last = ahead as W | undefined
    else behind.ahead = ahead
    place.line = place.ahead = place.behind = undefined
    this.#size--
  }
}

/** Waits at the end of `line`; in a cancelled scope it throws at once and was never in it. */
export function waitInLine<T>(
  line: WaitLine<LineWaiter<T>>,
  scope: Scope,
  what: string | Describable,
): Promise<T> {
  const waiter = new LineWaiter<T>(scope, what)
  if (!waiter.settled) line.add(waiter)
  return waiter.promise
}
