import { BusyResourceError } from '../errors.ts'
import { watching } from '../observe/instrument.ts'
import { captureSite, siteOf } from '../observe/spawn-site.ts'
import { isCancellation } from '../scope/cancellation.ts'
import { enclosingScope, enterScope } from '../scope/context.ts'
import type { ScopeTask } from '../scope/owners.ts'
import { Scope, type ScopeView, variableScope } from '../scope/scope.ts'
import { forgetTime, keepTime, timeOfStep } from '../time/current-clock.ts'
import { checkFunction, checkName, checkOptional } from '../scope/arguments.ts'
import { Outcome, type OutcomeEnd } from './outcome.ts'

/** What a task runs. It gets the task's scope, for code that wants a signal. */
export type TaskFunction<T> = (scope: ScopeView) => T | PromiseLike<T>

export interface TaskOptions {
  /** For messages and the task tree. Default `task-1`, `task-2`, … */
  name?: string
}

/** `waiting` for its turn in a pool, or `running`, until it has come to one of its ends. */
export type TaskState = 'waiting' | 'running' | OutcomeEnd

/** Who started a task and has to learn how it ended. @internal */
export interface TaskOwner {
  /** Called once, when the task is over and before its scope ends. */
  taskEnded(task: Task): void
}

const microtask = Promise.resolve()
let lastId = 0

/**
 * An async function that runs beside the one that started it. `await task` gives its result.
 *
 * Its owner (a group, a pool, `run()`) waits for it and already has its error: a handle that is
 * ignored loses nothing. Made by `group.spawn()`, `createTask()` and `pool.submit()`.
 */
export class Task<T = unknown> extends Outcome<T> implements ScopeTask {
  /** Counts up from 1 in this process. */
  readonly id: number
  /** When it was started, on the clock of `now()`. */
  readonly startedAt: number
  /** @internal */
  readonly scope: Scope
  /** @internal */
  readonly owner: TaskOwner
  readonly #stack: Error | undefined
  #name: string | undefined
  #main: TaskFunction<T> | undefined
  #started = false

  /** @internal */
  constructor(main: TaskFunction<T>, owner: TaskOwner, scope: Scope, name?: string) {
    super()
    this.id = ++lastId
    this.startedAt = timeOfStep()
    this.scope = scope
    this.owner = owner
    this.#stack = captureSite()
    this.#name = name
    this.#main = main
    this.scope.task = this
    // A task sees the variables of whoever starts it, and what it sets is its own.
    this.scope.variableScope = this.scope
    this.scope.variables = variableScope().variables
    watching?.taskSpawned(this)
  }

  /**
   * @internal Makes a task whose scope is below `around`. It runs once `start()` is called, and must
   * be started or given up by `discard()`.
   */
  static create<T>(
    main: TaskFunction<T>,
    owner: TaskOwner,
    around: Scope,
    options?: TaskOptions,
  ): Task<T> {
    checkFunction('start a task', main)
    // Before the scope is made, which is in the tree from then on.
    const name = checkTaskName(options)
    return new Task(main, owner, new Scope(around), name)
  }

  get state(): TaskState {
    const { end } = this
    if (end !== 'pending') return end
    return this.#started ? 'running' : 'waiting'
  }

  /** Where it was spawned, if `captureSpawnSites()` was in force then. */
  get site(): string | undefined {
    return this.#stack === undefined ? undefined : siteOf(this.#stack)
  }

  get name(): string {
    return this.#name ?? `task-${this.id}`
  }

  set name(name: string) {
    this.#name = checkName('task', name)
  }

  /**
   * Asks the task to stop: from now on whatever it waits for throws `CancelledError`. Await the task
   * to know that it has. False if it was over already.
   */
  cancel(reason?: unknown): boolean {
    if (this.done) return false
    this.scope.cancel(reason)
    return true
  }

  /** @internal Starts the task in a later microtask, in the context of the caller. */
  start(): void {
    this.#started = true
    keepTime(this.startedAt)
    // The first step never runs inside spawn(): the handle exists before anything can fail.
    void microtask.then(() => this.#firstStep())
  }

  #firstStep(): void {
    forgetTime()
    this.run()
  }

  /** @internal */
  protected override isToldWith(scope: Scope): boolean {
    return this.scope.parent === scope && !this.scope.cancelled
  }

  /** @internal */
  stopWaiting(): void {
    if (!this.awaitedAround) return
    const around = this.scope.parent as Scope
    if (around.error !== undefined) this.aroundCancelled(around.error)
    // It was cancelled itself, and a scope is not told twice.
    else this.noLongerTold(around)
  }

  /** @internal Ends a task that was never started. */
  discard(): void {
    this.scope.cancel(undefined, 'ended')
    this.#end('cancelled', this.scope.error)
  }

  /** @internal Runs it now, and the rest of this step with it: whoever calls it has to be done. */
  run(): void {
    const { scope } = this
    enterScope(scope)
    this.#started = true
    watching?.taskStarted(this)
    const main = this.#main as TaskFunction<T>
    // What it captured can be collected while the handle lives on.
    this.#main = undefined
    // Not an async function, whose promise and whose frame are an eighth of what a task costs. The end is
    // a later microtask, whatever it is: a pool starts the next task there, and must not get deeper.
    let result: Promise<T>
    try {
      result = Promise.resolve(main(scope))
    } catch (error) {
      // As it was thrown: a value that is no Error too.
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors
      result = Promise.reject(error)
    }
    result.then(
      (value) => this.#ended('succeeded', value),
      (error: unknown) => this.#failed(error),
    )
  }

  #failed(error: unknown): void {
    const { scope } = this
    if (scope.cancelled && isCancellation(error)) this.#ended('cancelled', scope.error)
    else this.#ended('failed', error)
  }

  #ended(state: OutcomeEnd, value: unknown): void {
    const { scope } = this
    const emptied = scope.empty ? undefined : scope.close()
    if (emptied === undefined) this.#end(state, value)
    else void emptied.then(() => this.#end(state, value))
  }

  #end(state: OutcomeEnd, value: unknown): void {
    this.settle(state, value)
    watching?.taskEnded(this)
    this.owner.taskEnded(this)
    this.scope.end()
  }

  /** @internal */
  override refusal(scope: Scope): Error | undefined {
    const inner = scope.task
    let task = inner
    // A task is in a scope, always.
    while (task !== undefined && task !== this) ({ task } = task.scope.parent as Scope)
    if (task === undefined) return undefined
    const where = inner === this ? 'itself' : `its task "${(inner as ScopeTask).name}"`
    return new BusyResourceError(
      `Cannot await task "${this.name}" inside ${where}: it would wait for itself`,
    )
  }

  /** @internal */
  override describe(): string {
    return `task "${this.name}"`
  }
}

/** @internal The name that `options` give, if there are any. */
export function checkTaskName(options: TaskOptions | undefined): string | undefined {
  return checkName(
    'task',
    checkOptional('task', options, "{ name: 'page 3' }", { name: true })?.name,
  )
}

/** The task that this code runs in, or undefined outside of all of them. */
export function currentTask(): Task | undefined {
  return enclosingScope()?.task as Task | undefined
}
