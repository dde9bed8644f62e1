/**
 * The scope tree: who is told of a cancellation, and when the time is up.
 *
 * Rules that keep it right:
 * 1. A scope that is cancelled stays so. What waits in it is woken once, and whatever begins to wait
 *    in it later throws at once: cancellation is a level and not an edge.
 * 2. Cancelling goes down the tree eagerly, so that asking "am I cancelled?" is one field. It stops
 *    at a shielded scope.
 * 3. A scope without a deadline of its own has its parent's, and no timer.
 * 4. Members are told in the order in which they came. All are told, whatever one of them throws.
 * 5. A scope says nothing to its parent but "I am gone".
 *
 * It knows nothing of tasks and groups: those put themselves into `task` and `group` for whoever
 * looks for the nearest.
 */
import { CancelledError, type CancelSource } from '../errors.ts'
import type { ClockTimer } from '../time/clock.ts'
import { clock } from '../time/current-clock.ts'
import { enclosingScope } from './context.ts'
import type { ScopeGroup, ScopeTask } from './owners.ts'

/** What a scope tells of its cancellation: scopes below it, and waits. A link in the scope's list. */
export abstract class ScopeMember {
  /** @internal */
  previousMember: ScopeMember | undefined = undefined
  /** @internal */
  nextMember: ScopeMember | undefined = undefined
  /** @internal The scope in whose list this is. */
  memberOf: Scope | undefined = undefined

  /** @internal Called once, synchronously, when the scope is cancelled. */
  abstract scopeCancelled(error: CancelledError): void
}

/** What code outside Spool needs to stop with the scope that it runs in. */
export interface ScopeView {
  /** Aborted with the `CancelledError` when the scope is cancelled. Made on first use. */
  readonly signal: AbortSignal
  /** On the clock of `performance.now()`, in milliseconds; `Infinity` if there is none. */
  readonly deadline: number
  readonly cancelled: boolean
  cancel(reason?: unknown): void
}

export class Scope extends ScopeMember implements ScopeView {
  readonly parent: Scope | undefined
  /** Whether a cancellation of the parent stops here. */
  readonly shielded: boolean
  /** @internal The task that runs in this scope; inherited. */
  task: ScopeTask | undefined
  /** @internal The group that `createTask()` here spawns into; inherited. */
  group: ScopeGroup | undefined
  /** @internal Values of `ContextVar`s; inherited, copied on write. */
  variables: ReadonlyMap<object, unknown> | undefined

  #first: ScopeMember | undefined = undefined
  #last: ScopeMember | undefined = undefined
  #error: CancelledError | undefined = undefined
  #deadline: number
  #timer: ClockTimer | undefined = undefined
  #controller: AbortController | undefined = undefined

  /** `parent` undefined makes a root. A root is in no list, and nobody but its maker cancels it. */
  constructor(parent: Scope | undefined, deadline: number = Infinity, shielded = false) {
    super()
    this.parent = parent
    this.shielded = shielded
    this.#deadline = Infinity
    this.task = undefined
    this.group = undefined
    this.variables = undefined
    if (parent !== undefined) {
      this.task = parent.task
      this.group = parent.group
      this.variables = parent.variables
      parent.addMember(this)
      if (!shielded) {
        this.#deadline = parent.deadline
        this.#error = parent.#error
      }
    }
    if (deadline < this.#deadline) this.#setDeadline(deadline)
  }

  get cancelled(): boolean {
    return this.#error !== undefined
  }

  /** The error that every wait in this scope throws, once it is cancelled. */
  get error(): CancelledError | undefined {
    return this.#error
  }

  get deadline(): number {
    return this.#deadline
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#error !== undefined) this.#controller.abort(this.#error)
    }
    return this.#controller.signal
  }

  /** Throws the scope's `CancelledError` if it is cancelled. */
  throwIfCancelled(): void {
    if (this.#error !== undefined) throw this.#error
  }

  /** Cancels everything below. The first reason stays; calling it again does nothing. */
  cancel(reason?: unknown, source: CancelSource = 'explicit'): void {
    if (this.#error === undefined) {
      this.scopeCancelled(CancelledError.is(reason) ? reason : new CancelledError(source, reason))
    }
  }

  /** Moves this scope's own deadline; the nearest one above still wins. `Infinity` takes it away. */
  reschedule(deadline: number): void {
    this.#timer?.cancel()
    this.#timer = undefined
    const above = this.parent === undefined || this.shielded ? Infinity : this.parent.deadline
    if (deadline < above) this.#setDeadline(deadline)
    else this.#deadline = above
  }

  /** Ends the scope: takes it out of the tree and stops its timer. What is still in it is not told. */
  end(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.memberOf?.removeMember(this)
  }

  /** @internal */
  addMember(member: ScopeMember): void {
    member.memberOf = this
    member.previousMember = this.#last
    if (this.#last === undefined) this.#first = member
    else this.#last.nextMember = member
    this.#last = member
  }

  /** @internal */
  removeMember(member: ScopeMember): void {
    const { previousMember, nextMember } = member
    if (previousMember === undefined) this.#first = nextMember
    else previousMember.nextMember = nextMember
    if (nextMember === undefined) this.#last = previousMember
    else nextMember.previousMember = previousMember
    member.memberOf = member.previousMember = member.nextMember = undefined
  }

  /** The scopes and waits directly below, in the order in which they came. */
  *members(): Generator<ScopeMember> {
    for (let member = this.#first; member !== undefined; member = member.nextMember) yield member
  }

  /** @internal */
  scopeCancelled(error: CancelledError): void {
    if (this.#error !== undefined) return
    this.#error = error
    this.#timer?.cancel()
    this.#timer = undefined
    const thrown: unknown[] = []
    this.#abortSignal(error, thrown)
    // A copy: being told may take members out of the list, others than the one told too.
    for (const member of Array.from(this.members())) {
      if (member.memberOf !== this || (member instanceof Scope && member.shielded)) continue
      try {
        member.scopeCancelled(error)
      } catch (failure) {
        thrown.push(failure)
      }
    }
    // Rule 4: a faulty listener stops nothing, and is not hidden either.
    if (thrown.length > 0) queueMicrotask(() => rethrow(thrown))
  }

  #abortSignal(error: CancelledError, thrown: unknown[]): void {
    try {
      this.#controller?.abort(error)
    } catch (failure) {
      thrown.push(failure)
    }
  }

  #setDeadline(deadline: number): void {
    this.#deadline = deadline
    if (this.#error !== undefined) return
    const delay = deadline - clock().now()
    if (delay <= 0) this.cancel(undefined, 'deadline')
    else this.#timer = clock().setTimer(delay, () => this.cancel(undefined, 'deadline'))
  }
}

function rethrow(thrown: unknown[]): never {
  throw thrown.length === 1 ? thrown[0] : new AggregateError(thrown, 'Several listeners failed')
}

/** The scope of all code outside `run()`: no deadline, and nobody cancels it. */
export const rootScope: Scope = new Scope(undefined)

/** The scope that this code runs in. Outside of every scope it is an implicit root without deadline. */
export function currentScope(): Scope {
  return enclosingScope() ?? rootScope
}
