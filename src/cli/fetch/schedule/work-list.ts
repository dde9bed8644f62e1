/** The backlog with the waiting put in: the list fills it, workers empty it, retries come back. */
import { AsyncEvent, moveOnAfter, now, Queue } from '../../../index.ts'
import { Backlog, type BacklogOptions } from './backlog.ts'
import type { Job } from './job.ts'

export class WorkList implements AsyncIterable<Job> {
  readonly #backlog: Backlog
  /** What was taken from the backlog for the next worker that is free. Never more than there are workers. */
  readonly #taken: Queue<Job> = new Queue({ capacity: 0 })
  /** Set whenever there may be room for more. */
  readonly #room: AsyncEvent = new AsyncEvent()
  /** Set whenever the next retry may be due earlier than was thought. */
  readonly #postponed: AsyncEvent = new AsyncEvent()
  #ended = false

  /** `limit` is the number of workers. */
  constructor(options: BacklogOptions) {
    this.#backlog = new Backlog(options)
  }

  /** How many were taken and neither finished nor put off. */
  get active(): number {
    return this.#backlog.active
  }

  /** How many are queued or wait for their retry. */
  get queued(): number {
    return this.#backlog.queued + this.#backlog.waiting
  }

  /** Whether `put()` would wait. */
  get full(): boolean {
    return this.#backlog.full
  }

  /**
   * Waits until there is room for another URL.
   *
   * Cancellation: only stops waiting.
   */
  async ready(): Promise<void> {
    while (this.#backlog.full) {
      this.#room.clear()
      await this.#room.wait()
    }
  }

  /** Adds a URL. */
  add(job: Job): void {
    this.#backlog.add(job)
    this.#handOut()
  }

  /** Says that no more URLs will be added. */
  end(): void {
    this.#ended = true
    this.#handOut()
  }

  /** Gives the place back of a URL that needs no further attempt. */
  finish(job: Job): void {
    this.#backlog.finish(job)
    this.#handOut()
  }

  /** Gives the place back of a URL that is to be tried again after `delay` milliseconds. */
  postpone(job: Job, delay: number): void {
    this.#backlog.postpone(job, now() + delay)
    this.#postponed.set()
    this.#handOut()
  }

  /**
   * The URLs to be fetched, each when its host has room for it, for any number of workers. Ends when
   * the list has ended and all of it is finished.
   *
   * Cancellation: nothing is taken.
   */
  [Symbol.asyncIterator](): AsyncIterator<Job, undefined> {
    return this.#taken[Symbol.asyncIterator]()
  }

  /**
   * Puts those back whose retry is due, until it is cancelled.
   *
   * Cancellation: they stay where they are.
   */
  async watchRetries(): Promise<never> {
    for (;;) {
      this.#postponed.clear()
      const { nextDue } = this.#backlog
      if (nextDue === Infinity) await this.#postponed.wait()
      else await moveOnAfter(Math.max(0, nextDue - now()), () => this.#postponed.wait())
      this.#backlog.wake(now())
      this.#handOut()
    }
  }

  #handOut(): void {
    for (let job = this.#backlog.take(); job !== undefined; job = this.#backlog.take()) {
      this.#taken.tryPut(job)
    }
    if (!this.#backlog.full) this.#room.set()
    if (this.#ended && this.#backlog.empty) this.#taken.close()
  }
}
