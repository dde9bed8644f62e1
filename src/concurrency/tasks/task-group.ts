import { TimeoutError } from '../errors.ts'
import { isCancellation } from '../scope/cancellation.ts'
import { callInScope } from '../scope/context.ts'
import { reportLost } from '../scope/lost-errors.ts'
import type { ScopeGroup } from '../scope/owners.ts'
import { currentScope, Scope } from '../scope/scope.ts'
import { WaiterSet } from '../scope/waiter-set.ts'
import { clock } from '../time/current-clock.ts'
import { checkDeadline, checkFunction, checkName, checkOptional } from '../scope/arguments.ts'
import { GroupTasks } from './group-tasks.ts'
import { Hurry } from '../scope/hurry.ts'
import type { Task } from './task.ts'
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

/** What all have in common who wait for the tasks of a group at the same time. */
interface GroupWait {
  /** What one of them threw already. */
  thrown: TaskGroupError | undefined
}

let lastId = 0

/**
 * Tasks that end together. If one fails, the others are cancelled; nobody goes on before all are over.
 *
 * Programs use `taskGroup()`, which waits and throws by itself. The class is for owners that live in
 * a field, such as a server and its connections: whoever makes one has to `await using` it, or to
 * dispose of it, which cancels what still runs.
 */
export class TaskGroup extends GroupTasks implements ScopeGroup, AsyncDisposable {
  readonly #id: number
  readonly #name: string | undefined
  /** @internal */
  override readonly scope: Scope
  /** @internal */
  readonly outer: ScopeGroup | undefined
  readonly #createdAt: number
  // Whether all is over, what was left behind too.
  #over = false
  #abandoned = false
  // Whether somebody waits for the end, and will end the scope.
  #awaited = false
  #failures: TaskFailure[] | undefined = undefined
  // Whether the body or a task was stopped by a cancellation of the whole group.
  #interrupted = false
  #joining: WaiterSet<void> | undefined = undefined
  #wait: GroupWait | undefined = undefined
  // One for all who wait for the end.
  #ending: Promise<void> | undefined = undefined

  constructor(options?: TaskGroupOptions) {
    super()
    checkOptional('task group', options, "{ name: 'crawl' }", { name: true, deadline: true })
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

  override get name(): string {
    return this.#name ?? `group-${this.#id}`
  }

  /** @internal */
  get taskGroup(): TaskGroup {
    return this
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
   * @throws {BusyResourceError} inside a task of this group, which would wait for itself.
   */
  async join(): Promise<void> {
    this.refuseInside('join')
    const wait = this.#openWait()
    if (this.size > 0 || currentScope().cancelled) {
      await (this.#joining ??= new WaiterSet()).wait(`the tasks of group "${this.name}"`)
    }
    this.#throwFailures(wait)
  }

  /**
   * Takes no more tasks, waits for those that run, and ends the group.
   *
   * Cancellation: cancels the tasks, and waits until they are over; does not throw for it.
   *
   * @throws {TaskGroupError} if tasks failed and that was not thrown yet.
   * @throws {BusyResourceError} inside a task of this group, which would wait for itself; `cancel()` ends the
   * group from there.
   */
  async close(): Promise<void> {
    this.refuseInside('close')
    this.shut()
    this.#awaited = true
    const hurry = new Hurry(this.scope)
    const wait = this.#openWait()
    await this.finish()
    hurry.end()
    this.#throwFailures(wait)
  }

  /**
   * Cancels the tasks, waits for them, and throws what failed and was not thrown yet.
   *
   * Cancellation: still waits until they are over; does not throw for it.
   *
   * @throws {TaskGroupError} if tasks failed and that was not thrown yet.
   * @throws {BusyResourceError} inside a task of this group.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.refuseInside('close')
    if (this.size > 0) {
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
    const ending = this.finish()
    if (ending === undefined) this.#throwFailures()
    else {
      const wait = this.#openWait()
      await ending
      this.#throwFailures(wait)
    }
    // What came to its end in spite of a cancellation is not lost to it.
    if (this.#interrupted) this.#throwCancellation()
    return value as T
  }

  /** @internal Waits for the tasks, however long they take, and ends the scope. */
  finish(): Promise<void> | undefined {
    return (this.#ending ??=
      this.size === 0 ? this.#endScope() : this.whenIdle().then(() => this.#endScope()))
  }

  /** @internal Ends the group for whoever owns it, with what has failed, whatever still runs. */
  giveUp(): void {
    this.shut()
    this.#over = true
    this.#throwFailures()
  }

  /** @internal */
  override taskEnded(task: Task): void {
    if (task.state === 'failed') this.#fail(task.name, task.exception())
    else if (task.state === 'cancelled' && task.scope.error === this.scope.error) {
      this.#interrupted = true
    }
    this.taskLeft()
  }

  /** @internal */
  protected override allOver(): void {
    this.#joining?.wake()
    if (this.#abandoned) this.#endAbandoned()
  }

  /** @internal The scope around is over: the group ends by itself, unless somebody ends it. */
  leftBehind(): void {
    this.#abandoned = true
    if (this.size === 0) this.#endAbandoned()
  }

  #endAbandoned(): void {
    if (this.#awaited || !this.open) return
    void this.finish()
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

  #endScope(): Promise<void> | undefined {
    this.shut()
    const leftovers = this.scope.close()
    if (leftovers !== undefined) return this.#overAfter(leftovers)
    this.#over = true
    return undefined
  }

  async #overAfter(leftovers: Promise<void>): Promise<void> {
    await leftovers
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

  #openWait(): GroupWait {
    return (this.#wait ??= { thrown: undefined })
  }

  // Those who wait at the same time throw the same error.
  #throwFailures(wait?: GroupWait): void {
    if (wait?.thrown !== undefined) throw wait.thrown
    const failures = this.#failures
    if (failures === undefined) return
    this.#failures = undefined
    const error = new TaskGroupError(this.name, failures)
    if (this.#wait !== undefined) this.#wait.thrown = error
    this.#wait = undefined
    throw error
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
 * Returns what the body returned. If `group.cancel()` stopped the body before that, it is undefined, which the type
 * leaves out: who stops the body gives its value up, and all others would have to ask for nothing.
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
