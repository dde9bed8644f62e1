/**
 * Who waits, in the order of arrival: what stands behind the locks, the queues and the pool.
 *
 * A waiter that is cancelled leaves from wherever it stands, in constant time. A waiter that was
 * taken out is settled by whoever took it, in the same turn: what it was given can't be lost to a
 * cancellation in between.
 */
import type { CancelledError } from '../errors.ts'
import type { Scope } from '../scope/scope.ts'
import { Waiter } from '../scope/waiter.ts'

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

  constructor(scope: Scope) {
    super(undefined, scope)
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

  /** Puts `place` at the end. */
  add(place: W): void {
    place.line = this
    place.ahead = this.#last
    if (this.#last === undefined) this.#first = place
    else this.#last.behind = place
    this.#last = place
    this.#size++
  }

  /** Takes out who has waited longest. The caller settles it. */
  shift(): W | undefined {
    const first = this.#first
    if (first !== undefined) this.remove(first)
    return first
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
