import { BusyResourceError, ClosedResourceError } from '../errors.ts'
import { checkFunction } from '../scope/arguments.ts'
import { currentScope, Scope, type ScopeView } from '../scope/scope.ts'
import { type Ready, StartingTask } from './starting-task.ts'
import { Task, type TaskFunction, type TaskOptions, type TaskOwner } from './task.ts'

/** The half of a group that starts tasks, knows which of them run, and when none does. */
export abstract class GroupTasks implements TaskOwner {
  /** @internal */
  abstract readonly scope: Scope
  #open = true
  #running = 0
  #idle: (() => void) | undefined = undefined
  /** Tasks of this group that wait for all others of it, and are waited for by none of these. */
  #insiders: Set<Task> | undefined = undefined
  #fewer: (() => void) | undefined = undefined

  abstract get name(): string

  /** Whether tasks can still be spawned. */
  get open(): boolean {
    return this.#open
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

  /** @internal */
  abstract taskEnded(task: Task): void

  /** @internal The task of this group that runs here, itself or in what it waits for. */
  get taskAround(): Task | undefined {
    const scope = this.#scopeAround()
    const task = scope?.task
    return task instanceof Task && task.scope === scope ? task : undefined
  }

  /**
   * @internal For an owner of the group that one of its own tasks closes: waits until the others are over,
   * but for those that wait here as well. Looks at no scope.
   */
  async othersOver(own: Task): Promise<void> {
    const insiders = (this.#insiders ??= new Set())
    insiders.add(own)
    // One who waits here already may wait for this one.
    this.#tellFewer()
    while (this.tasks.some((task) => !task.done && !insiders.has(task))) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const before = this.#fewer
      this.#fewer = () => {
        before?.()
        resolve()
      }
      await promise
    }
  }

  /** @internal */
  taskLeft(): void {
    this.#running--
    if (this.#fewer !== undefined) this.#tellFewer()
    if (this.#running > 0) return
    this.#idle?.()
    this.allOver()
  }

  /** @internal The last task is over, for now. */
  protected abstract allOver(): void

  /** @internal Takes no more tasks. */
  protected shut(): void {
    this.#open = false
  }

  /** @internal Resolves when no task runs. Looks at no scope, and throws nothing. */
  async whenIdle(): Promise<void> {
    // In between, tasks may start others.
    while (this.#running > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve
      })
    }
  }

  /** @internal Refuses to wait for the tasks in one of them, and for the end anywhere inside. */
  protected refuseInside(action: 'join' | 'close'): void {
    const scope = this.#scopeAround()
    if (scope === undefined) return
    const task = this.taskAround
    if (task === undefined && action === 'join') return
    const where =
      task === undefined ? 'inside a part of its body' : `inside its task "${task.name}"`
    throw new BusyResourceError(
      `Cannot ${action} the task group "${this.name}" ${where}: it would wait for itself`,
    )
  }

  /** The scope directly in that of this group which the code that runs now is in. */
  #scopeAround(): Scope | undefined {
    let scope = currentScope()
    if (scope === this.scope) return undefined
    for (let { parent } = scope; parent !== undefined; { parent } = parent) {
      if (parent === this.scope) return scope
      scope = parent
    }
    return undefined
  }

  #tellFewer(): void {
    const fewer = this.#fewer
    this.#fewer = undefined
    fewer?.()
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
}
