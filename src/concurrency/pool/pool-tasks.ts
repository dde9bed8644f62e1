/**
 * The tasks of one pool, from `submit()` to their end: who is taken in, who is told, what is counted.
 * Which of them runs is the dispatcher's to say.
 */
import { BusyResourceError, ClosedResourceError } from '../errors.ts'
import { checkDuration, checkName, checkOptions } from '../scope/arguments.ts'
import { currentScope, rootScope, Scope } from '../scope/scope.ts'
import { checkCount } from '../sync/count.ts'
import { type LineWaiter, waitInLine, WaitLine } from '../scope/wait-line.ts'
import type { Task, TaskFunction, TaskOwner } from '../tasks/task.ts'
import type { TaskGroupError } from '../tasks/task-group-error.ts'
import { sleep } from '../time/sleep.ts'
import { Admission } from './admission.ts'
import { type AttemptKeeper, inAttempts } from './attempts.ts'
import { Dispatcher } from './dispatcher.ts'
import { type AdaptiveLimit, adaptiveLimit } from './policy/adaptive-limit.ts'
import { KeyLimits } from './policy/key-limits.ts'
import { LostFailures } from './lost-failures.ts'
import { PoolEvents } from './pool-events.ts'
import {
  checkPriority,
  checkSubmitOptions,
  checkWhenFull,
  poolOptionNames,
  type PoolOptions,
  type PoolStatistics,
  type SubmitOptions,
  type WhenFull,
} from './pool-options.ts'
import { PoolTask, type PoolTaskObserver } from './pool-task.ts'
import { RetryPolicy } from './policy/retry-policy.ts'
import { TokenBucket } from './policy/token-bucket.ts'
import type { Turn } from './turn.ts'

let lastId = 0

export class PoolTasks implements TaskOwner, AttemptKeeper {
  readonly name: string
  readonly dispatcher: Dispatcher
  readonly events: PoolEvents = new PoolEvents()
  closed = false
  readonly #maxQueue: number
  readonly #whenFull: WhenFull
  readonly #adaptive: AdaptiveLimit | undefined
  readonly #keys: KeyLimits<Turn> | undefined
  readonly #timeout: number | undefined
  readonly #retry: RetryPolicy | undefined
  /** Around detached tasks, and around waits that nothing cancels. */
  readonly #scope: Scope = new Scope(undefined)
  readonly #admission = new Admission(() => this.#places())
  /** Who throws what nobody has looked at, all of them the same. */
  readonly #joiners: WaitLine<LineWaiter<TaskGroupError | undefined>> = new WaitLine()
  /** Who was cancelled while closing, and throws nothing. */
  readonly #leaving: WaitLine<LineWaiter<void>> = new WaitLine()
  readonly #lost: LostFailures
  #backingOff = 0
  #succeeded = 0
  #failed = 0
  #cancelled = 0
  #dropped = 0
  #retried = 0

  constructor(options: PoolOptions) {
    checkOptions('pool', options, '{ limit: 10 }', poolOptionNames)
    const { maxQueue = 10_000, whenFull = 'wait', keyLimit, rate, timeout, retry } = options
    this.name = checkName('pool', options.name) ?? `pool-${++lastId}`
    this.#maxQueue = checkCount('the maxQueue of a pool', maxQueue, 0, true)
    this.#whenFull = checkWhenFull(whenFull, maxQueue)
    this.#keys = keyLimit === undefined ? undefined : new KeyLimits(keyLimit)
    this.#timeout = timeout === undefined ? undefined : checkTimeout(timeout)
    this.#retry = retry === undefined ? undefined : new RetryPolicy(retry)
    this.#lost = new LostFailures(this.name, currentScope())
    this.#adaptive = adaptiveLimit(options, (limit) => this.#setLimit(limit))
    this.dispatcher = new Dispatcher(
      this.#adaptive?.limit ?? checkLimit(options.limit),
      rate === undefined ? undefined : new TokenBucket(rate),
      whenFull === 'drop-oldest',
      () => this.#queueShrank(),
      this.#adaptive,
    )
    this.dispatcher.onToken = () => this.#letIn()
  }

  /** Whether another task would find neither a slot nor a place in the queue. */
  get full(): boolean {
    return this.#places() <= 0
  }

  submit<T>(
    main: TaskFunction<T>,
    options?: SubmitOptions,
    observer?: PoolTaskObserver,
  ): PoolTask<T> {
    if (this.closed) throw this.#closedError('submit a task')
    checkSubmitOptions(options)
    const name = checkName('task', options?.name)
    const priority = checkPriority(options?.priority)
    const fn = this.#inAttempts(main, options)
    // Those who have an observer have waited for room, whatever the policy.
    if (observer === undefined && this.full) this.#makeRoom()
    this.#admission.placeUsed()
    const key = options?.key
    const slots = key === undefined ? undefined : this.#keys?.enter(key)
    const around = options?.detached === true ? this.#scope : currentScope()
    const task = new PoolTask<T>(fn, this, around, name, priority, slots, observer)
    if (task.scope.cancelled) task.discard()
    else if (this.dispatcher.startNow(task)) task.start()
    else this.dispatcher.enqueue(task)
    this.#expectToken()
    return task
  }

  async ready(): Promise<void> {
    if (this.closed) throw this.#closedError('wait for room')
    const entered = this.#admission.enter(currentScope(), `room in "${this.name}"`)
    this.#expectToken()
    await entered
  }

  async join(): Promise<void> {
    this.#refuseInside()
    const scope = currentScope()
    scope.throwIfCancelled()
    const failure = this.#idle ? this.#lost.take() : await waitInLine(this.#joiners, scope, this)
    if (failure !== undefined) throw failure
  }

  async close(): Promise<void> {
    this.#refuseInside()
    this.#refuseMore()
    this.resume()
    const scope = currentScope()
    let failure: TaskGroupError | undefined
    if (!this.#idle && !scope.cancelled) {
      // All that can be thrown here is the cancellation, and then tasks are left.
      failure = await waitInLine(this.#joiners, scope, this).catch(ignore)
    }
    if (!this.#idle) {
      this.cancel(scope.error)
      // Where all of them were waiting, none is left now.
      if (!this.#idle) await waitInLine(this.#leaving, this.#scope, this)
    }
    if (!scope.cancelled) failure ??= this.#lost.take()
    if (failure !== undefined) throw failure
  }

  cancel(reason: unknown): void {
    this.#refuseMore()
    // A copy: a task that was waiting is gone at once.
    const { begun } = this.dispatcher
    const waiting = [...this.dispatcher.inLine(), ...(this.#keys?.aside() ?? [])]
    for (const { task } of [...begun.members(), ...waiting]) task.scope.cancel(reason, 'group')
  }

  hold(): void {
    if (this.closed) throw this.#closedError('pause')
    this.dispatcher.pause()
  }

  resume(): void {
    this.dispatcher.resume()
    this.#letIn()
  }

  resize(limit: number): void {
    if (this.#adaptive !== undefined) {
      throw new TypeError(`Cannot resize the pool "${this.name}": its limit is adaptive`)
    }
    this.#setLimit(checkLimit(limit))
  }

  /** @internal Between two attempts a task has no slot, so that those who fail do not hold up others. */
  async pause(task: PoolTask, delay: number, error: unknown): Promise<void> {
    this.#adaptive?.failed(task, error)
    this.dispatcher.release(task)
    this.#letIn()
    this.#retried++
    this.#backingOff++
    try {
      await sleep(delay)
    } finally {
      this.#backingOff--
    }
    await this.dispatcher.waitAgain(task, `a slot of "${this.name}"`)
  }

  /** @internal */
  taskEnded(ended: Task): void {
    const task = ended as PoolTask
    task.line?.remove(task)
    this.#count(task)
    // First, so that a failure cancels the siblings before one of them gets the slot.
    task.observer?.taskOver(task)
    if (task.holdsSlot) this.dispatcher.release(task)
    if (task.slots !== undefined) this.#keys?.leave(task.slots)
    this.#letIn()
    if (this.#idle) this.#becameIdle()
  }

  /** @internal What `join()` waits for, for the task tree. */
  describe(): string {
    return `the tasks of "${this.name}"`
  }

  statistics(): PoolStatistics {
    const { limit, running, waiting } = this.dispatcher
    return {
      limit,
      running,
      waiting,
      backingOff: this.#backingOff,
      succeeded: this.#succeeded,
      failed: this.#failed,
      cancelled: this.#cancelled,
      dropped: this.#dropped,
      retried: this.#retried,
    }
  }

  #setLimit(limit: number): void {
    this.dispatcher.resize(limit)
    this.#letIn()
  }

  get #idle(): boolean {
    return this.dispatcher.begun.size === 0 && this.dispatcher.waiting === 0
  }

  #count(task: PoolTask): void {
    const { state } = task
    if (state === 'succeeded') {
      this.#succeeded++
      this.#adaptive?.succeeded(task, this.dispatcher.running)
    } else if (state === 'cancelled') this.#cancelled++
    else {
      this.#failed++
      if (task.observer === undefined && !task.observed) this.#keepFailure(task)
      this.#adaptive?.failed(task, task.failure)
    }
  }

  #keepFailure(task: PoolTask): void {
    const around = task.scope.parent as Scope
    // Nothing tells of the end of a detached task's scope.
    this.#lost.add(task, around === this.#scope ? rootScope : around)
  }

  #inAttempts<T>(main: TaskFunction<T>, options: SubmitOptions | undefined): TaskFunction<T> {
    const limit = options?.timeout === undefined ? this.#timeout : checkTimeout(options.timeout)
    const retry = options?.retry === undefined ? this.#retry : new RetryPolicy(options.retry)
    return limit === undefined && retry === undefined ? main : inAttempts(main, limit, retry, this)
  }

  #makeRoom(): void {
    if (this.#whenFull === 'wait') return
    const full = `${this.#maxQueue} wait already in the pool "${this.name}"`
    if (this.#whenFull === 'reject') {
      throw new BusyResourceError(`Cannot submit another task: ${full}`)
    }
    // There is none where a batch fills the queue. Then this one is taken, and is the next to go.
    const oldest = this.dispatcher.oldest()
    if (oldest === undefined) return
    this.#dropped++
    const dropped = `Cannot run the task "${oldest.name}": it was dropped for a newer one, since ${full}`
    oldest.scope.cancel(new BusyResourceError(dropped), 'group')
  }

  /** How many more tasks it could take. */
  #places(): number {
    const { waiting } = this.dispatcher
    const places = this.#maxQueue - waiting
    return waiting === 0 ? places + this.dispatcher.room : places
  }

  #letIn(): void {
    this.#admission.letIn()
    this.#expectToken()
  }

  // Nobody wakes those who wait for room if all that is missing is a token, for which no task waits.
  #expectToken(): void {
    if (this.#admission.waiting > 0) this.dispatcher.expectToken()
  }

  #queueShrank(): void {
    this.#letIn()
    if (this.dispatcher.waiting === 0) this.events.emit('drain')
  }

  #becameIdle(): void {
    this.#adaptive?.rest()
    if (this.#joiners.size > 0) {
      const failure = this.#lost.take()
      while (this.#joiners.size > 0) this.#joiners.shift()?.resolve(failure)
    }
    while (this.#leaving.size > 0) this.#leaving.shift()?.resolve()
    this.events.emit('idle')
  }

  #refuseMore(): void {
    this.closed = true
    this.#admission.refuse(() => this.#closedError('wait for room'))
  }

  #closedError(action: string): ClosedResourceError {
    return new ClosedResourceError(`Cannot ${action}: the pool "${this.name}" is closed`)
  }

  #refuseInside(): void {
    let scope: Scope | undefined = currentScope()
    for (; scope !== undefined; scope = scope.parent) {
      if (scope.task instanceof PoolTask && scope.task.owner === this) {
        throw new BusyResourceError(
          `Cannot wait for the pool "${this.name}" inside its task "${scope.task.name}": it would wait for itself`,
        )
      }
    }
  }
}

function checkLimit(limit: number | 'adaptive'): number {
  return checkCount('the limit of a pool', limit as number, 1, true)
}

function checkTimeout(timeout: number): number {
  return checkDuration('timeout', timeout)
}

function ignore(): undefined {}
