export { CancelledError, TimeoutError } from './concurrency/errors.ts'
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
export { SpoolError } from './util/error.ts'
