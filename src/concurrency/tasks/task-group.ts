import { ClosedResourceError, TimeoutError } from '../errors.ts'
import { isCancellation } from '../scope/cancellation.ts'
import { callInScope } from '../scope/context.ts'
import { reportLost } from '../scope/lost-errors.ts'
import type { ScopeGroup } from '../scope/owners.ts'
import { currentScope, Scope, type ScopeView } from '../scope/scope.ts'
import { WaiterSet } from '../scope/waiter-set.ts'
import { clock } from '../time/current-clock.ts'
import { checkDeadline, checkFunction, checkName } from '../scope/arguments.ts'
import { type Ready, StartingTask } from './starting-task.ts'
import { Task, type TaskFunction, type TaskOptions, type TaskOwner } from './task.ts'
import { type TaskFailure, TaskGroupError } from './task-group-error.ts'

export interface TaskGroupOptions {
  /** For messages and the task tree. Default `group-1`, `group-2`, … */
  name?: string
  /** When the group is cancelled and fails with a `TimeoutError`, on the clock of `now()`. */
  deadline?: number
}

/** Tells the group that nobody may be left who ends it. */
class GroupScope extends Scope {
  readonly #owner: TaskGroup

  constructor(owner: TaskGroup, around: Scope, deadline: number) {
    super(around, deadline)
    this.#owner = owner
  }

  override leftBehind(): void {
    this.#owner.leftBehind()
  }
}

let lastId = 0

/**
 * Tasks that end together. If one fails, the others are cancelled; nobody goes on before all are over.
 *
 * Programs use `taskGroup()`, which waits and throws by itself. The class is for owners that live in
 * a field, such as a server and its connections: whoever makes one has to `await using` it, or to
 * dispose of it, which cancels what still runs.
 */
export class TaskGroup implements TaskOwner, ScopeGroup, AsyncDisposable {
  readonly #id: number
  readonly #name: string | undefined
  /** @internal */
  readonly scope: Scope
  /** @internal */
  readonly outer: ScopeGroup | undefined
  readonly #createdAt: number
  #open = true
  // Whether all is over, what was left behind too.
  #over = false
  #abandoned = false
  // Whether somebody waits for the end, and will end the scope.
  #awaited = false
  #running = 0
  #failures: TaskFailure[] | undefined = undefined
  // Whether the body or a task was stopped by a cancellation of the whole group.
  #interrupted = false
  #idle: (() => void) | undefined = undefined
  #joining: WaiterSet<void> | undefined = undefined

  constructor(options?: TaskGroupOptions) {
    const deadline = options?.deadline
    this.#name = checkName('task group', options?.name)
    this.#id = ++lastId
    const around = currentScope()
    this.outer = around.group
    this.#createdAt = deadline === undefined ? 0 : clock().now()
    this.scope = new GroupScope(
      this,
      around,
      deadline === undefined ? Infinity : checkDeadline('deadline of a task group', deadline),
    )
    this.scope.group = this
  }

  get name(): string {
    return this.#name ?? `group-${this.#id}`
  }

  /** Whether tasks can still be spawned. */
  get open(): boolean {
    return this.#open
  }

  /** @internal */
  get taskGroup(): TaskGroup {
    return this
  }

  /** How many tasks are not over. */
  get size(): number {
    return this.#running
  }

  /** The tasks that are not over, in the order in which they were started. */
  get tasks(): Task[] {
    const tasks: Task[] = []
    for (const member of this.scope.members()) {
      if (member instanceof Scope && member.task instanceof Task && member.task.scope === member) {
        tasks.push(member.task)
      }
    }
    return tasks
  }

  /**
   * Starts `fn` as a task of this group, in a later microtask: it never runs inside `spawn()`. In a
   * group that is cancelled it still runs, up to its first wait.
   *
   * @throws {ClosedResourceError} if the group is over.
   */
  spawn<T>(fn: TaskFunction<T>, options?: TaskOptions): Task<T> {
    return this.#begin(fn, this, options)
  }

  /**
   * Starts `fn` as a task, and waits until it calls `ready(value)`: for a server that listens, or a
   * consumer that has subscribed. Returns the value; the task goes on as one of this group.
   *
   * What the task throws before it is ready is thrown here, and does not fail the group.
   *
   * Cancellation: cancels the task, and waits until it is over.
   *
   * @throws {ClosedResourceError} if the group is over.
   * @throws {SpoolError} with code `SPOOL_INVALID_STATE` if the task ends without calling `ready()`.
   */
  async start<R = void>(
    fn: (ready: Ready<R>, scope: ScopeView) => unknown,
    options?: TaskOptions,
  ): Promise<R> {
    checkFunction('start a task', fn)
    const starting = new StartingTask<R>(this)
    starting.watch(this.#begin((scope) => fn(starting.ready, scope), starting, options))
    return starting.promise
  }

  #begin<T>(fn: TaskFunction<T>, owner: TaskOwner, options?: TaskOptions): Task<T> {
    if (!this.#open) {
      throw new ClosedResourceError(`Cannot start a task: the task group "${this.name}" is over`)
    }
    const task = Task.create(fn, owner, this.scope, options)
    this.#running++
    task.start()
    return task
  }

  /**
   * Stops everything in the group early; this is no failure. The group still waits for its tasks, and
   * `taskGroup()` then returns what its body returned, or undefined if that was interrupted.
   */
  cancel(reason?: unknown): void {
    this.scope.cancel(reason)
  }

  /**
   * Waits until no task runs. The group stays open.
   *
   * Cancellation: only stops waiting; the tasks are the group's.
   *
   * @throws {TaskGroupError} if tasks failed since the last time it was thrown.
   */
  async join(): Promise<void> {
    if (this.#running > 0 || currentScope().cancelled) {
      await (this.#joining ??= new WaiterSet()).wait(`the tasks of group "${this.name}"`)
    }
    this.#throwFailures()
  }

  /**
   * Takes no more tasks, waits for those that run, and ends the group.
   *
   * Cancellation: none of the wait, which is over when the tasks are; what cancels the group's scope
   * cancels them.
   *
   * @throws {TaskGroupError} if tasks failed and that was not thrown yet.
   */
  async close(): Promise<void> {
    this.#open = false
    this.#awaited = true
    await this.finish()
    this.#throwFailures()
  }

  /** Cancels the tasks, waits for them, and throws what failed and was not thrown yet. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#running > 0) {
      this.scope.cancel(`the task group "${this.name}" was disposed of`, 'group')
    }
    await this.close()
  }

  /** @internal Runs the body of `taskGroup()`. */
  async runBody<T>(body: (group: TaskGroup) => T | PromiseLike<T>): Promise<T> {
    const { scope } = this
    this.#awaited = true
    let value: T | undefined
    try {
      value = await callInScope(scope, body, this)
    } catch (error) {
      if (scope.cancelled && isCancellation(error)) this.#interrupted = true
      else this.#fail('the body', error)
    }
    await this.finish()
    this.#throwFailures()
    // What came to its end in spite of a cancellation is not lost to it.
    if (this.#interrupted) this.#throwCancellation()
    return value as T
  }

  /** @internal Waits for the tasks, however long they take, and ends the scope. */
  async finish(): Promise<void> {
    // In between, tasks may start others.
    while (this.#running > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve
      })
    }
    await this.#endScope()
  }

  /** @internal */
  taskEnded(task: Task): void {
    if (task.state === 'failed') this.#fail(task.name, task.exception())
    else if (task.state === 'cancelled' && task.scope.error === this.scope.error) {
      this.#interrupted = true
    }
    this.taskLeft()
  }

  /** @internal */
  taskLeft(): void {
    if (--this.#running > 0) return
    this.#idle?.()
    this.#joining?.wake()
    if (this.#abandoned) this.#endAbandoned()
  }

  /** @internal The scope around is over: the group ends by itself, unless somebody ends it. */
  leftBehind(): void {
    this.#abandoned = true
    if (this.#running === 0) this.#endAbandoned()
  }

  #endAbandoned(): void {
    if (this.#awaited || !this.#open) return
    void this.#endScope()
    const failures = this.#failures
    if (failures === undefined) return
    this.#failures = undefined
    reportLost(new TaskGroupError(this.name, failures), this.outer, this.name)
  }

  /** @internal */
  take(error: unknown, from: string): boolean {
    if (!this.#over) this.#fail(from, error)
    return !this.#over
  }

  async #endScope(): Promise<void> {
    this.#open = false
    const leftovers = this.scope.close()
    if (leftovers !== undefined) await leftovers
    this.#over = true
  }

  #fail(name: string, error: unknown): void {
    ;(this.#failures ??= []).push({ name, error })
    this.scope.cancel(error, 'group')
  }

  #throwCancellation(): void {
    const { error, parent } = this.scope
    // Whoever is further out and is cancelled too has the say.
    parent?.throwIfCancelled()
    if (error?.source === 'deadline') {
      throw new TimeoutError('scope', Math.round(this.scope.deadline - this.#createdAt))
    }
    // Else it was `group.cancel()`: the end that was asked for.
  }

  #throwFailures(): void {
    const failures = this.#failures
    if (failures === undefined) return
    this.#failures = undefined
    throw new TaskGroupError(this.name, failures)
  }
}

/**
 * Runs `body`, which starts tasks with `group.spawn()`, and waits until all of them are over. If the
 * body or a task fails, everything else in the group is cancelled and awaited.
 *
 * ```ts
 * const slept: number[] = []
 * await taskGroup(async (group) => {
 *   for (const delay of [3, 1]) {
 *     group.spawn(async () => {
 *       await sleep(delay)
 *       slept.push(delay)
 *     }, { name: `sleep ${delay}` })
 *   }
 * })
 * console.log(slept.length) // → 2
 * ```
 *
 * Cancellation: cancels the body and all tasks, waits until they are over, and throws then.
 *
 * @throws {TaskGroupError} if anything failed, even for one failure; it lists what failed by name.
 * @throws {TimeoutError} if the group's deadline passed.
 */
export async function taskGroup<T>(
  body: (group: TaskGroup) => T | PromiseLike<T>,
  options?: TaskGroupOptions,
): Promise<T> {
  checkFunction('run a task group', body)
  return new TaskGroup(options).runBody(body)
}
