import { SpoolError } from '../../util/error.ts'
import { currentScope } from '../scope/scope.ts'
import { ScopeMember } from '../scope/scope-member.ts'
import type { Task, TaskOwner } from './task.ts'

/** What a function that `group.start()` runs calls once it is ready. */
export type Ready<R> = (value: R) => void

/**
 * A task that has not said yet that it is ready. Until then whoever started it waits for it: a failure
 * is thrown there, and a cancellation there stops the task.
 */
export class StartingTask<R> extends ScopeMember implements TaskOwner {
  readonly #owner: TaskOwner & { taskLeft(): void }
  readonly #resolve: (value: R) => void
  readonly #reject: (error: unknown) => void
  readonly promise: Promise<R>
  #task: Task | undefined = undefined
  #starting = true

  /** `owner`: the group that gets the task once it is ready. */
  constructor(owner: TaskOwner & { taskLeft(): void }) {
    super()
    this.#owner = owner
    const { promise, resolve, reject } = Promise.withResolvers<R>()
    this.promise = promise
    this.#resolve = resolve
    this.#reject = reject
  }

  /** Watches over `task` for whoever runs now. */
  watch(task: Task): void {
    const scope = currentScope()
    this.#task = task
    if (scope.error === undefined) scope.addMember(this)
    else task.scope.cancel(scope.error)
  }

  readonly ready: Ready<R> = (value) => {
    if (!this.#starting) {
      throw new SpoolError('SPOOL_INVALID_STATE', 'Cannot say ready: it was said already')
    }
    this.#end()
    this.#resolve(value)
  }

  scopeCancelled(error: Parameters<ScopeMember['scopeCancelled']>[0]): void {
    this.#task?.scope.cancel(error)
  }

  taskEnded(task: Task): void {
    if (!this.#starting) {
      this.#owner.taskEnded(task)
      return
    }
    this.#end()
    this.#owner.taskLeft()
    if (task.state === 'succeeded') {
      this.#reject(
        new SpoolError(
          'SPOOL_INVALID_STATE',
          `Cannot start task "${task.name}": it ended before it called ready()`,
        ),
      )
    } else this.#reject(task.state === 'failed' ? task.exception() : task.scope.error)
  }

  #end(): void {
    this.#starting = false
    this.memberOf?.removeMember(this)
  }
}
