/**
 * An application while it is served: its lifespans between set-up and clean-up, and the tasks that
 * outlive the requests that started them.
 */
import { ClosedResourceError } from '../concurrency/errors.ts'
import { show } from '../concurrency/scope/arguments.ts'
import { isCancellation } from '../concurrency/scope/cancellation.ts'
import { runInScope } from '../concurrency/scope/context.ts'
import { Scope } from '../concurrency/scope/scope.ts'
import type { Task, TaskFunction, TaskOptions } from '../concurrency/tasks/task.ts'
import { TaskGroup } from '../concurrency/tasks/task-group.ts'
import { TaskGroupError } from '../concurrency/tasks/task-group-error.ts'

/** What is set up, and how it is cleaned up: by going on. */
export type Stages = AsyncGenerator<void, void, void>

export class ApplicationRun {
  /** Of lifespans, and around that of each task. */
  readonly scope: Scope
  /** Called after the end of each task, once somebody wants to know. */
  onTaskEnded: (() => void) | undefined = undefined
  readonly #report: (error: unknown) => void
  readonly #onOver: () => void
  readonly #started: Stages[] = []
  readonly #tasks = new Set<Promise<void>>()
  #closed = false

  /** `report` hears of errors that have nobody else to go to; `onOver` of the end. */
  constructor(
    parent: Scope,
    report: (error: unknown) => void,
    onOver: () => void = () => undefined,
  ) {
    // Shielded: requests may need what is set up until the very end.
    this.scope = new Scope(parent, Infinity, true)
    this.#report = report
    this.#onOver = onOver
  }

  /**
   * Runs each lifespan up to its `yield`. If one fails, those before are cleaned up.
   *
   * Throws what the lifespan threw, or TypeError for one that never yields or is no generator.
   */
  async start(lifespans: readonly (() => Stages)[]): Promise<void> {
    for (const lifespan of lifespans) {
      try {
        const stages = runInScope(this.scope, lifespan)
        if (typeof (stages as Partial<Stages> | undefined)?.next !== 'function') {
          throw new TypeError(
            `Cannot use ${show(stages)} as a lifespan: expected an async generator, as of async function* () { yield }`,
          )
        }
        const { done } = await runInScope(this.scope, () => stages.next())
        if (done === true) throw new TypeError('A lifespan ended without a yield')
        this.#started.push(stages)
      } catch (error) {
        await this.cleanUp().catch(this.#report)
        throw error
      }
    }
  }

  /** Starts a task that no request waits for. It fails alone: its error is reported. */
  spawn<T>(fn: TaskFunction<T>, options?: TaskOptions): Task<T> {
    if (this.#closed) {
      throw new ClosedResourceError('Cannot spawn a task: the application is not served any more')
    }
    const group = runInScope(this.scope, () => new TaskGroup({ name: 'application' }))
    const task = group.spawn(fn, options)
    const watching = this.#watch(group).finally(() => {
      this.#tasks.delete(watching)
      this.onTaskEnded?.()
    })
    this.#tasks.add(watching)
    return task
  }

  /** How many tasks run. */
  get tasks(): number {
    return this.#tasks.size
  }

  /** Resolves when no task runs. */
  async whenIdle(): Promise<void> {
    while (this.#tasks.size > 0) await Promise.all(this.#tasks)
  }

  /** Stops the tasks, and whatever waits in a lifespan. */
  cancel(reason: string): void {
    this.#closed = true
    this.scope.cancel(reason, 'shutdown')
  }

  /** Lets the lifespans go on, the last first. Throws what failed, after all are done. */
  async cleanUp(): Promise<void> {
    this.#closed = true
    const failures: unknown[] = []
    for (const stages of this.#started.splice(0).toReversed()) {
      try {
        const { done } = await runInScope(this.scope, () => stages.next())
        if (done !== true) {
          await runInScope(this.scope, () => stages.return())
          throw new TypeError('A lifespan yielded twice')
        }
      } catch (error) {
        failures.push(error)
      }
    }
    await this.scope.close()
    this.#onOver()
    if (failures.length === 1) throw failures[0]
    if (failures.length > 1)
      throw new AggregateError(failures, 'Several lifespans failed to clean up')
  }

  async #watch(group: TaskGroup): Promise<void> {
    try {
      await group.join()
    } catch (error) {
      const errors = error instanceof TaskGroupError ? error.errors : [error]
      for (const one of errors) if (!isCancellation(one)) this.#report(one)
    }
    await group.finish()
  }
}
