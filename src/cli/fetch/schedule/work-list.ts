/** The backlog with the waiting put in: the list fills it, the pool empties it, retries come back. */
import { AsyncEvent, moveOnAfter, now } from '../../../index.ts'
import { Backlog, type BacklogOptions } from './backlog.ts'
import type { Job } from './job.ts'

export class WorkList implements AsyncIterable<Job> {
  readonly #backlog: Backlog
  /** Set whenever there may be something to take, or nothing any more. */
  readonly #changed: AsyncEvent = new AsyncEvent()
  /** Set whenever there may be room for more. */
  readonly #room: AsyncEvent = new AsyncEvent()
  #ended = false

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

  /**
   * Adds a URL, as soon as there is room for it.
   *
   * Cancellation: the URL is not added.
   */
  async put(job: Job): Promise<void> {
    while (this.#backlog.full) {
      this.#room.clear()
      await this.#room.wait()
    }
    this.#backlog.add(job)
    this.#changed.set()
  }

  /** Says that no more URLs will be added. */
  end(): void {
    this.#ended = true
    this.#changed.set()
  }

  /** Gives the place back of a URL that needs no further attempt. */
  finish(job: Job): void {
    this.#backlog.finish(job)
    this.#changed.set()
  }

  /** Gives the place back of a URL that is to be tried again after `delay` milliseconds. */
  postpone(job: Job, delay: number): void {
    this.#backlog.postpone(job, now() + delay)
    this.#changed.set()
  }

  /**
   * The URLs to be fetched, each when its host has room for it. Ends when the list has ended and all
   * of it is finished. For one consumer, which asks when it has a place free.
   *
   * Cancellation: nothing is taken.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Job> {
    for (;;) {
      this.#changed.clear()
      this.#backlog.wake(now())
      const job = this.#backlog.take()
      if (job !== undefined) {
        this.#room.set()
        yield job
      } else if (this.#ended && this.#backlog.empty) return
      else await this.#change()
    }
  }

  async #change(): Promise<void> {
    const { nextDue } = this.#backlog
    if (nextDue === Infinity) await this.#changed.wait()
    else await moveOnAfter(Math.max(0, nextDue - now()), () => this.#changed.wait())
  }
}
