/**
 * All timers of the machine's clock behind one timer of Node.js. Most timers are time-outs, set for
 * each request and hardly ever fired: here one costs a list link instead of a resource of Node.js
 * with its own asynchronous context, which is five times as much.
 *
 * Timers of the same millisecond share a bucket, in the order in which they were set. A bucket whose
 * timers were all cancelled stays in the heap until its time comes, or until such buckets are the
 * greater part of it.
 */
import { outsideScopes } from '../scope/context.ts'
import { reportLost } from '../scope/lost-errors.ts'
import { Heap } from '../queues/heap.ts'
import type { ClockTimer } from './clock.ts'

// Taken at load, so that the fake timers of a test runner do not stop the timers of all who share us.
const { setTimeout, clearTimeout, setImmediate } = globalThis

/** Milliseconds since the process began, as `performance.now()`. */
export const machineTime: () => number = performance.now.bind(performance)

// setTimeout() takes 32 bits, and fires at once above them.
const longestDelay = 2 ** 31 - 1

// Fewer empty buckets than this are not worth a walk through the heap.
const fewBuckets = 64

interface Bucket {
  readonly due: number
  first: QueuedTimer | undefined
  last: QueuedTimer | undefined
}

class QueuedTimer implements ClockTimer {
  readonly callback: () => void
  readonly #queue: TimerQueue
  /** Where it is; undefined once it has fired or was cancelled. */
  bucket: Bucket | undefined
  previous: QueuedTimer | undefined
  next: QueuedTimer | undefined

  constructor(queue: TimerQueue, bucket: Bucket, callback: () => void) {
    this.#queue = queue
    this.callback = callback
    this.bucket = bucket
    this.previous = bucket.last
    this.next = undefined
    if (bucket.last === undefined) bucket.first = this
    else bucket.last.next = this
    bucket.last = this
  }

  cancel(): void {
    if (this.bucket !== undefined) this.#queue.remove(this, this.bucket)
  }
}

export class TimerQueue {
  // The timers keep the process alive while there are any, or never.
  readonly #background: boolean
  readonly #now: () => number
  readonly #buckets = new Map<number, Bucket>()
  #heap: Heap<Bucket> = new Heap((bucket) => bucket.due)
  #size = 0
  #empty = 0
  #timeout: NodeJS.Timeout | undefined
  // When it fires next; undefined if it does not.
  #armedFor: number | undefined

  constructor(background: boolean, now: () => number = machineTime) {
    this.#background = background
    this.#now = now
  }

  /** How many timers are set. */
  get size(): number {
    return this.#size
  }

  /** How many milliseconds have a bucket, empty ones included. */
  get buckets(): number {
    return this.#heap.size
  }

  /** Sets a timer; `delay` may be `Infinity`. */
  add(delay: number, callback: () => void): ClockTimer {
    // Up, since a timer never fires early.
    const due = Math.ceil(this.#now() + delay)
    let bucket = this.#buckets.get(due)
    if (bucket === undefined) {
      bucket = { due, first: undefined, last: undefined }
      this.#buckets.set(due, bucket)
      this.#heap.add(bucket)
    } else if (bucket.first === undefined) this.#empty--
    const timer = new QueuedTimer(this, bucket, callback)
    if (this.#size++ === 0 && !this.#background) this.#timeout?.ref()
    if (this.#armedFor === undefined || due < this.#armedFor) this.#arm(due)
    return timer
  }

  /** @internal */
  remove(timer: QueuedTimer, bucket: Bucket): void {
    const { previous, next } = timer
    if (previous === undefined) bucket.first = next
    else previous.next = next
    if (next === undefined) bucket.last = previous
    else next.previous = previous
    timer.bucket = timer.previous = timer.next = undefined
    if (--this.#size === 0) this.#timeout?.unref()
    if (bucket.first === undefined && this.#buckets.get(bucket.due) === bucket) {
      this.#empty++
      if (this.#empty > fewBuckets && this.#empty > this.#heap.size / 2) this.#sweep()
    }
  }

  #arm(due: number): void {
    clearTimeout(this.#timeout)
    this.#armedFor = due
    const delay = Math.min(Math.max(Math.ceil(due - this.#now()), 1), longestDelay)
    this.#timeout = outsideScopes(() => setTimeout(this.#fire, delay))
    if (this.#background || this.#size === 0) this.#timeout.unref()
  }

  readonly #fire = (): void => {
    this.#timeout = undefined
    this.#armedFor = undefined
    const bucket = this.#first()
    if (bucket === undefined) return
    // Timers of Node.js may fire up to a millisecond early, and only once in 24.8 days.
    if (bucket.due <= this.#now()) {
      this.#heap.take()
      this.#buckets.delete(bucket.due)
      this.#fireAll(bucket)
    }
    const next = this.#first()
    if (next === undefined) return
    if (this.#armedFor !== undefined && next.due >= this.#armedFor) return
    if (next.due > this.#now()) this.#arm(next.due)
    else {
      // Late already, but not in this turn: what the timers before it woke comes first.
      this.#armedFor = next.due
      clearTimeout(this.#timeout)
      this.#timeout = undefined
      outsideScopes(() => setImmediate(this.#fire))
    }
  }

  #fireAll(bucket: Bucket): void {
    for (let timer = bucket.first; timer !== undefined; timer = bucket.first) {
      this.remove(timer, bucket)
      try {
        timer.callback()
      } catch (error) {
        reportLost(error, undefined, 'a timer')
      }
    }
  }

  /** The earliest bucket with timers in it; drops empty ones before it. */
  #first(): Bucket | undefined {
    let bucket = this.#heap.first()
    while (bucket !== undefined && bucket.first === undefined) {
      this.#heap.take()
      this.#buckets.delete(bucket.due)
      this.#empty--
      bucket = this.#heap.first()
    }
    return bucket
  }

  #sweep(): void {
    this.#heap = new Heap((bucket) => bucket.due)
    this.#empty = 0
    for (const [due, bucket] of this.#buckets) {
      if (bucket.first === undefined) this.#buckets.delete(due)
      else this.#heap.add(bucket)
    }
  }
}
