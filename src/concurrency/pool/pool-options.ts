import type { Names } from '../../util/known-names.ts'
import { checkFlag, checkOptional, checkOptions, show } from '../scope/arguments.ts'
import type { AdaptiveOptions } from './policy/adaptive-limit.ts'
import type { KeyLimit } from './policy/key-limits.ts'
import type { RetryOptions } from './policy/retry-policy.ts'
import type { RateOptions } from './policy/token-bucket.ts'

/**
 * What happens to a task that is submitted while the waiting queue is full. The tasks of `map()` and
 * `asCompleted()` are submitted once there is room, and are not dropped.
 */
export type WhenFull =
  | 'wait' // it is taken; whoever submits is expected to `await pool.ready()` first
  | 'reject' // `submit()` throws a `BusyResourceError`
  | 'drop-oldest' // it is taken, and the one that has waited longest is cancelled

export interface PoolOptions {
  /**
   * How many tasks run at a time; `Infinity` for as many as come. `'adaptive'` finds out how many, from
   * how long they take, from failures that tell of too much load, and from how late the event loop is.
   */
  limit: number | 'adaptive'
  /** The least that `limit: 'adaptive'` comes to. Default 1. */
  min?: number
  /** The most that `limit: 'adaptive'` comes to. Default 1,000. */
  max?: number
  /** How `limit: 'adaptive'` is found. */
  adaptive?: AdaptiveOptions
  /** How many tasks may wait for a slot. Default 10,000. */
  maxQueue?: number
  /** Default `wait`. */
  whenFull?: WhenFull
  /** How many tasks of one key run at a time. Default: as many as there are slots. */
  keyLimit?: KeyLimit
  /** How many tasks may start in a time. Default: as many as there are slots. */
  rate?: RateOptions
  /** How long one attempt of a task may take, in milliseconds. Default: as long as it takes. */
  timeout?: number
  /** How often a task is tried, and how. Default: once. */
  retry?: RetryOptions | number
  /** For messages and the task tree. Default `pool-1`, `pool-2`, … */
  name?: string
}

export interface SubmitOptions {
  /** Tasks of a higher priority go first, whenever they came. Default 0. */
  priority?: number
  /** What the task uses, for `keyLimit`: a host, a user. */
  key?: unknown
  /** How long one attempt may take, in milliseconds. Default: the pool's. */
  timeout?: number
  /** How often it is tried, and how. Default: the pool's. */
  retry?: RetryOptions | number
  /** For messages and the task tree. Default `task-1`, `task-2`, … */
  name?: string
  /** Whether the task outlives the scope that submits it: then the pool alone can cancel it. */
  detached?: boolean
}

/** How `map()` and `asCompleted()` submit each of their tasks, which belong to the loop. */
export type BatchOptions = Omit<SubmitOptions, 'detached'>

/** What `pool.statistics()` returns. */
export interface PoolStatistics {
  /** How many tasks may run at a time. */
  readonly limit: number
  /** How many hold a slot. */
  readonly running: number
  /** How many wait for a slot. */
  readonly waiting: number
  /** How many wait, without a slot, until they are tried again. */
  readonly backingOff: number
  /** How many have succeeded since the pool was made. */
  readonly succeeded: number
  /** How many have failed, after all their attempts. */
  readonly failed: number
  /** How many were cancelled, before they ran or while they did. */
  readonly cancelled: number
  /** How many of those were dropped from a full queue. */
  readonly dropped: number
  /** How often a task was tried again. */
  readonly retried: number
}

/** @internal */
export const poolOptionNames: Names<PoolOptions> = {
  limit: true,
  min: true,
  max: true,
  adaptive: true,
  maxQueue: true,
  whenFull: true,
  keyLimit: true,
  rate: true,
  timeout: true,
  retry: true,
  name: true,
}

const batchOptionNames: Names<BatchOptions> = {
  priority: true,
  key: true,
  timeout: true,
  retry: true,
  name: true,
}

const submitOptionNames: Names<SubmitOptions> = { ...batchOptionNames, detached: true }

/** @internal */
export function checkWhenFull(whenFull: WhenFull, maxQueue: number): WhenFull {
  if (whenFull === 'drop-oldest' && maxQueue === 0) {
    throw new RangeError(
      'Cannot use 0 as the maxQueue of a pool that drops the oldest: expected an integer of at least 1',
    )
  }
  if (whenFull === 'wait' || whenFull === 'reject' || whenFull === 'drop-oldest') return whenFull
  throw new TypeError(
    `Cannot use ${show(whenFull)} as whenFull: expected "wait", "reject" or "drop-oldest"`,
  )
}

/** @internal */
export function checkPriority(priority = 0): number {
  if (typeof priority === 'number' && !Number.isNaN(priority)) return priority
  const message = `Cannot use ${show(priority)} as a priority: expected a number`
  throw typeof priority === 'number' ? new RangeError(message) : new TypeError(message)
}

/** @internal */
export function checkSubmitOptions(options: SubmitOptions | undefined): void {
  if (options === undefined) return
  checkOptions('task', options, '{ priority: 1 }', submitOptionNames)
  checkFlag('detached', options.detached)
}

/** @internal */
export function checkBatchOptions(options: BatchOptions | undefined): void {
  checkOptional('batch', options, '{ priority: 1 }', batchOptionNames)
}
