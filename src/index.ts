import { currentScope as innermostScope, type ScopeView } from './concurrency/scope/scope.ts'

export {
  BrokenResourceError,
  BusyResourceError,
  CancelledError,
  type CancelSource,
  ClosedResourceError,
  NoScopeError,
  TimeoutError,
  type TimeoutPhase,
} from './concurrency/errors.ts'
export type { ItemFunction, Items } from './concurrency/pool/batch.ts'
export type { AdaptiveOptions } from './concurrency/pool/policy/adaptive-limit.ts'
export type { KeyLimit } from './concurrency/pool/policy/key-limits.ts'
export { Pool } from './concurrency/pool/pool.ts'
export type { PoolEvent } from './concurrency/pool/pool-events.ts'
export type {
  BatchOptions,
  PoolOptions,
  PoolStatistics,
  SubmitOptions,
  WhenFull,
} from './concurrency/pool/pool-options.ts'
export type { RetryOptions } from './concurrency/pool/policy/retry-policy.ts'
export type { RateOptions } from './concurrency/pool/policy/token-bucket.ts'
export { LifoQueue } from './concurrency/queues/lifo-queue.ts'
export { PriorityQueue, type PriorityQueueOptions } from './concurrency/queues/priority-queue.ts'
export type { Producer } from './concurrency/queues/producer.ts'
export { Queue, type QueueOptions, type QueueStatistics } from './concurrency/queues/queue.ts'
export { AsyncEvent, type AsyncEventStatistics } from './concurrency/sync/async-event.ts'
export { Barrier, type BarrierStatistics } from './concurrency/sync/barrier.ts'
export { BoundedSemaphore } from './concurrency/sync/bounded-semaphore.ts'
export {
  CapacityLimiter,
  type CapacityLimiterStatistics,
} from './concurrency/sync/capacity-limiter.ts'
export { Condition, type ConditionStatistics } from './concurrency/sync/condition.ts'
export { Lock, type LockStatistics } from './concurrency/sync/lock.ts'
export type { Permit } from './concurrency/sync/permit.ts'
export { Semaphore, type SemaphoreStatistics } from './concurrency/sync/semaphore.ts'
export { addInstrument, type Instrument } from './concurrency/observe/instrument.ts'
export {
  reportSlowCallbacks,
  type SlowCallback,
  type SlowCallbackOptions,
} from './concurrency/observe/slow-callbacks.ts'
export { captureSpawnSites } from './concurrency/observe/spawn-site.ts'
export { allTasks, TaskTree, taskTree, type TaskTreeNode } from './concurrency/observe/task-tree.ts'
export {
  reportUnresponsiveTasks,
  type UnresponsiveTask,
  type UnresponsiveTaskOptions,
} from './concurrency/observe/unresponsive-tasks.ts'
export { ContextVar, type ContextVarToken } from './concurrency/scope/context-var.ts'
export type { ScopeView } from './concurrency/scope/scope.ts'
export { abortable } from './concurrency/tasks/abortable.ts'
export { asCompleted } from './concurrency/tasks/as-completed.ts'
export { createTask } from './concurrency/tasks/create-task.ts'
export { Future, type FutureOptions } from './concurrency/tasks/future.ts'
export { gather, type Gathered, type GatheredSettled } from './concurrency/tasks/gather.ts'
export { Outcome, type OutcomeEnd, type OutcomeState } from './concurrency/tasks/outcome.ts'
export { race } from './concurrency/tasks/race.ts'
export { run, type RunOptions } from './concurrency/tasks/run.ts'
export { shield, type ShieldOptions } from './concurrency/tasks/shield.ts'
export type { Ready } from './concurrency/tasks/starting-task.ts'
export {
  currentTask,
  Task,
  type TaskFunction,
  type TaskOptions,
  type TaskState,
} from './concurrency/tasks/task.ts'
export { type TaskFailure, TaskGroupError } from './concurrency/tasks/task-group-error.ts'
export { TaskGroup, taskGroup, type TaskGroupOptions } from './concurrency/tasks/task-group.ts'
export {
  moveOnAfter,
  type MoveOnResult,
  timeout,
  timeoutAt,
  type TimeoutScope,
} from './concurrency/time/timeout.ts'
export { wait, type WaitOptions, type WaitResult } from './concurrency/tasks/wait.ts'
export { callLater, type LaterCall } from './concurrency/time/call-later.ts'
export { now } from './concurrency/time/current-clock.ts'
export { periodic, type PeriodicOptions } from './concurrency/time/periodic.ts'
export { checkpoint, sleep, sleepUntil } from './concurrency/time/sleep.ts'
export { SpoolError } from './util/error.ts'

/**
 * The scope that this code runs in: `signal`, `deadline`, `cancelled` and `cancel()`, for code that
 * knows nothing of Spool. Outside of every scope it is an implicit root that is never cancelled.
 */
export const currentScope: () => ScopeView = innermostScope
