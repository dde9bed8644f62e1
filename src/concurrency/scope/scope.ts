/**
 * The scope tree: who is told of a cancellation, and when the time is up.
 *
 * Rules that keep it right:
 * 1. A scope that is cancelled stays so. What waits in it is woken once, and whatever begins to wait
 *    in it later throws at once: cancellation is a level and not an edge.
 * 2. Cancelling goes down the tree eagerly, so that asking "am I cancelled?" is one field. It stops
 *    at a shielded scope.
 * 3. The nearest deadline above wins. A scope without a deadline of its own has no timer. When a
 *    timer fires, the outermost scope whose time is up is the one that is cancelled.
 * 4. Members are told in the order in which they came. All are told, whatever one of them throws.
 * 5. A region (`timeout()`, `shield()`) that ends hands what is left in it to the scope around it. A
 *    task or a group that ends cancels what is left in its scope, and waits for it.
 * 6. Code that runs on in a scope that has ended belongs to the nearest scope around that has not.
 *
 * It knows nothing of tasks and groups: those put themselves into `task` and `group` for whoever
 * looks for the nearest.
 */
import { CancelledError, type CancelSource, NoScopeError } from '../errors.ts'
import type { ClockTimer } from '../time/clock.ts'
import { clock } from '../time/current-clock.ts'
import { enclosingScope } from './context.ts'
import { reportLost } from './lost-errors.ts'
import type { ScopeGroup, ScopeTask } from './owners.ts'
import { append, membersOf, unlink } from './member-list.ts'
import { ScopeMember } from './scope-member.ts'

export { ScopeMember }

/** What code outside Spool needs to stop with the scope that it runs in. */
export interface ScopeView {
  /** Aborted with the `CancelledError` when the scope is cancelled. Made on first use. */
  readonly signal: AbortSignal
  /** On the clock of `now()`, in milliseconds; `Infinity` if there is none. */
  readonly deadline: number
  readonly cancelled: boolean
  /** Cancels everything below the scope. The first reason stays. Needs no `this`. */
  readonly cancel: (reason?: unknown) => void
}

/** Made once for each task and each request: it has no class above it, which makes that a third cheaper. */
export class Scope implements ScopeView, ScopeMember {
  /** @internal */
  previousMember: ScopeMember | undefined
  /** @internal */
  nextMember: ScopeMember | undefined
  /** @internal */
  memberOf: Scope | undefined
  /** @internal */
  firstMember: ScopeMember | undefined
  /** @internal */
  lastMember: ScopeMember | undefined
  /** Whether a cancellation of the parent stops here. */
  readonly shielded: boolean
  /** @internal The task that runs in this scope; inherited. */
  task: ScopeTask | undefined
  /** @internal The group that `createTask()` here spawns into; inherited. */
  group: ScopeGroup | undefined
  /** @internal The scope that holds the values of `ContextVar`s: the task's, or the root. */
  variableScope: Scope
  /** @internal In a `variableScope`: the values; copied on write, and shared with tasks spawned here. */
  variables: ReadonlyMap<object, unknown> | undefined

  #parent: Scope | undefined
  #error: CancelledError | undefined
  #over: boolean
  // Undefined for none: a field of numbers with fractions holds a copy of each, `Infinity` too.
  #deadline: number | undefined
  #timer: ClockTimer | undefined
  #controller: AbortController | undefined
  #emptied: (() => void) | undefined

  /** `parent` undefined makes a root. A root is in no list, and nobody but its maker cancels it. */
  constructor(parent: Scope | undefined, deadline: number = Infinity, shielded = false) {
    this.previousMember = undefined
    this.nextMember = undefined
    this.memberOf = undefined
    this.firstMember = undefined
    this.lastMember = undefined
    this.shielded = shielded
    this.task = undefined
    this.group = undefined
    this.variableScope = this
    this.variables = undefined
    this.#parent = parent
    this.#error = undefined
    this.#over = false
    this.#deadline = deadline === Infinity ? undefined : deadline
    this.#timer = undefined
    this.#controller = undefined
    this.#emptied = undefined
    if (parent !== undefined) {
      this.task = parent.task
      this.group = parent.group
      this.variableScope = parent.variableScope
      parent.addMember(this)
      if (!shielded) this.#error = parent.#error
    }
    if (deadline !== Infinity) this.#arm()
  }

  get parent(): Scope | undefined {
    return this.#parent
  }

  get cancelled(): boolean {
    return this.#error !== undefined
  }

  /** The error that every wait in this scope throws, once it is cancelled. */
  get error(): CancelledError | undefined {
    return this.#error
  }

  /** Whether it was cancelled itself, and not with the scope around it. */
  get cancelledHere(): boolean {
    return this.#error !== undefined && this.#error !== this.#parent?.error
  }

  /** Whether it has ended. */
  get over(): boolean {
    return this.#over
  }

  get deadline(): number {
    return Scope.#nearestDeadline(this)
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#error !== undefined) this.#controller.abort(this.#error)
    }
    return this.#controller.signal
  }

  /** Whether the task or group whose scope it is has ended, and what is left in it is waited for. */
  get closing(): boolean {
    return this.#emptied !== undefined
  }

  /** Whether nothing is in it. */
  get empty(): boolean {
    return this.firstMember === undefined
  }

  /** The scopes and waits directly below, in the order in which they came. */
  members(): Generator<ScopeMember> {
    return membersOf(this)
  }

  /** @internal */
  addMember(member: ScopeMember): void {
    append(this, member)
  }

  /** @internal */
  removeMember(member: ScopeMember): void {
    unlink(this, member)
    if (this.firstMember === undefined) this.#emptied?.()
  }

  /** Throws the scope's `CancelledError` if it is cancelled. */
  throwIfCancelled(): void {
    if (this.#error !== undefined) throw this.#error
  }

  /** Cancels everything below. The first reason stays; calling it again does nothing. */
  get cancel(): (reason?: unknown, source?: CancelSource) => void {
    // A getter, so that `({ cancel }) => …` works and no scope pays for a function of its own.
    return (reason, source = 'explicit') => this.#cancel(reason, source)
  }

  /** Moves this scope's own deadline; a nearer one above still wins. `Infinity` takes it away. */
  setDeadline(deadline: number): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#deadline = deadline === Infinity ? undefined : deadline
    if (deadline !== Infinity && !this.#over) this.#arm()
  }

  /** Ends a region: stops its timer and hands what is left in it to the scope around it. */
  end(): void {
    this.#over = true
    this.#timer?.cancel()
    this.#timer = undefined
    const parent = this.#parent
    if (!this.empty && parent !== undefined) this.#handOver(parent)
    this.memberOf?.removeMember(this)
  }

  /**
   * Ends the scope of a task or a group: cancels what is left in it, waits until it is gone, and then
   * ends. Returns undefined, and has ended, if nothing has to be waited for.
   */
  close(): Promise<void> | undefined {
    if (!this.empty) {
      this.#emptied = ignore
      this.#cancel('the task or group that it was left behind in is over', 'ended')
      this.#tellTheRest(this.#error as CancelledError)
      if (!this.empty) {
        const emptied = new Promise<void>((resolve) => {
          this.#emptied = resolve
        })
        return emptied.then(() => this.end())
      }
    }
    this.end()
    return undefined
  }

  /** @internal The task or group around is over and waits for this scope; its owner may be gone. */
  leftBehind(): void {}

  /** @internal */
  scopeCancelled(error: CancelledError): void {
    if (this.#error !== undefined) return
    this.#error = error
    this.#timer?.cancel()
    this.#timer = undefined
    if (this.#controller !== undefined) this.#tell(() => this.#controller?.abort(error))
    // A copy: being told may take members out of the list, others than the one told too.
    for (const member of Array.from(this.members())) {
      if (member.memberOf !== this || (member instanceof Scope && member.shielded)) continue
      // A scope stays until what runs in it is over; anything else is done with by being told.
      if (!(member instanceof Scope)) this.removeMember(member)
      this.#tell(() => member.scopeCancelled(error))
    }
    if (this.task?.scope === this) this.task.stopWaiting()
  }

  // Also what came into a scope that was cancelled already, such as an error nobody has come for.
  #tellTheRest(error: CancelledError): void {
    for (const member of Array.from(this.members())) {
      if (member.memberOf !== this) continue
      if (member instanceof Scope) member.leftBehind()
      else {
        this.removeMember(member)
        this.#tell(() => member.scopeCancelled(error))
      }
    }
  }

  // Rule 4: a faulty listener stops nothing, and is not hidden either.
  #tell(listener: () => void): void {
    try {
      listener()
    } catch (failure) {
      reportLost(failure, this.group, 'a listener to the cancellation')
    }
  }

  #cancel(reason: unknown, source: CancelSource): void {
    if (this.#error === undefined && !this.#over) {
      this.scopeCancelled(CancelledError.is(reason) ? reason : new CancelledError(source, reason))
    }
  }

  #arm(): void {
    if (this.#error !== undefined) return
    const delay = this.#ownDeadline - clock().now()
    if (delay <= 0) this.#expire()
    else this.#timer = clock().setTimer(delay, () => this.#expire())
  }

  #expire(): void {
    const expired = Scope.#outermostExpired(this) ?? this
    expired.#cancel(undefined, 'deadline')
  }

  get #ownDeadline(): number {
    return this.#deadline ?? Infinity
  }

  static #nearestDeadline(scope: Scope): number {
    const { parent } = scope
    if (scope.shielded || parent === undefined) return scope.#ownDeadline
    return Math.min(scope.#ownDeadline, Scope.#nearestDeadline(parent))
  }

  static #outermostExpired(scope: Scope): Scope | undefined {
    const { parent } = scope
    const above =
      scope.shielded || parent === undefined ? undefined : Scope.#outermostExpired(parent)
    return above ?? (scope.#ownDeadline <= clock().now() ? scope : undefined)
  }

  #handOver(parent: Scope): void {
    for (const member of Array.from(this.members())) {
      this.removeMember(member)
      const isScope = member instanceof Scope
      if (isScope) member.#parent = parent
      const error = parent.#error
      // Anything but a scope is done with by being told, here too.
      if (isScope || error === undefined) parent.addMember(member)
      if (error === undefined || (isScope && member.shielded)) continue
      this.#tell(() => member.scopeCancelled(error))
    }
  }
}

function ignore(): void {}

class RootScope extends Scope {
  override get cancel(): () => never {
    return refuseToCancel
  }
}

function refuseToCancel(): never {
  throw new NoScopeError(
    'Cannot cancel the scope: this code runs outside of every scope; call cancel() inside run(), taskGroup() or timeout()',
  )
}

/** The scope of all code outside `run()`: no deadline, and nobody cancels it. */
export const rootScope: Scope = new RootScope(undefined)

/**
 * The scope that this code runs in. Outside of every scope it is an implicit root without deadline, and
 * its `cancel()` throws a `NoScopeError`.
 */
export function currentScope(): Scope {
  return livingScope(enclosingScope() ?? rootScope)
}

/** @internal `scope`, or the nearest around it that has not ended. */
export function livingScope(scope: Scope): Scope {
  let nearest = scope
  while (nearest.over && nearest.parent !== undefined) nearest = nearest.parent
  return nearest
}

/** @internal The scope that has the values of `ContextVar`s here; over or not, they stay visible. */
export function variableScope(): Scope {
  return (enclosingScope() ?? rootScope).variableScope
}
