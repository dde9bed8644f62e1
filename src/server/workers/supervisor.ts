/**
 * The worker processes of one server: as many as were asked for, started anew when they die, replaced
 * one by one, and ended together. Each has its place; who dies again and again waits longer and longer
 * before the next is started in its place.
 */
import { clock } from '../../concurrency/time/current-clock.ts'
import type { ClockTimer } from '../../concurrency/time/clock.ts'
import { BrokenResourceError } from '../../concurrency/errors.ts'
import type { ServerStatistics } from '../server.ts'
import { Living, type WorkerAddress } from './living-worker.ts'
import type { WorkerBrief } from './messages.ts'

export interface SupervisorOptions {
  readonly count: number
  /** Told each time that a worker dies. */
  report(error: Error): void
  /** How long a worker has after the last request may run, until it is killed, in milliseconds. */
  readonly patience: number
  /** For the workers, from the first. */
  readonly brief: WorkerBrief
}

// The first time at once: most crashes are one request's doing. Then twice as long each time.
const firstDelay = 100
const longestDelay = 30_000
// Who has lived for so long did not die of how it began.
const soundAfter = 10_000

export class Supervisor {
  readonly #places: readonly Place[]
  #closing = false

  constructor(options: SupervisorOptions) {
    this.#places = Array.from({ length: options.count }, () => new Place(options))
  }

  /** Resolves when all of them listen; if one fails to, all are ended, and it throws. */
  async start(): Promise<WorkerAddress> {
    try {
      const [first] = await Promise.all(this.#places.map((place) => place.start()))
      return first as WorkerAddress
    } catch (error) {
      this.#closing = true
      await Promise.all(this.#places.map((place) => place.kill()))
      throw error
    }
  }

  /** Puts a new process in each place, one after the other; the old one ends when the new one listens. */
  async replace(left: () => number): Promise<void> {
    for (const place of this.#places) {
      if (this.#closing) return
      await place.replace(left)
    }
  }

  /** Resolves when all have ended. `left`: how long requests still may run, in milliseconds. */
  async close(left: () => number): Promise<void> {
    this.#closing = true
    await Promise.all(this.#places.map((place) => place.close(left)))
  }

  /** Tells workers that are closing that there is less time than they were told. */
  hurry(left: number): void {
    for (const place of this.#places) place.hurry(left)
  }

  get processes(): readonly number[] {
    return this.#places.flatMap(({ pid }) => pid ?? [])
  }

  get restarts(): number {
    return this.#places.reduce((sum, { restarts }) => sum + restarts, 0)
  }

  get statistics(): readonly ServerStatistics[] {
    return this.#places.flatMap(({ statistics }) => statistics ?? [])
  }
}

/** Where one worker is at a time. */
class Place {
  restarts = 0
  readonly #options: SupervisorOptions
  #current: Living | undefined = undefined
  // On its way to take the place.
  #next: Living | undefined = undefined
  #failures = 0
  #timer: ClockTimer | undefined = undefined
  #closing = false

  constructor(options: SupervisorOptions) {
    this.#options = options
  }

  get pid(): number | undefined {
    return this.#current?.process.pid
  }

  get statistics(): ServerStatistics | undefined {
    return this.#current?.statistics
  }

  async start(): Promise<WorkerAddress> {
    const living = new Living(this.#options.brief)
    this.#current = living
    const address = await living.ready
    this.#watch(living)
    return address
  }

  async replace(left: () => number): Promise<void> {
    const next = new Living(this.#options.brief)
    this.#next = next
    try {
      await next.ready
    } finally {
      this.#next = undefined
    }
    if (this.#closing) {
      await next.end(left, this.#options.patience)
      return
    }
    const old = this.#current
    this.#timer?.cancel()
    this.#timer = undefined
    this.#current = next
    this.#failures = 0
    this.#watch(next)
    await old?.end(left, this.#options.patience)
  }

  async close(left: () => number): Promise<void> {
    this.#closing = true
    this.#timer?.cancel()
    const { patience } = this.#options
    await Promise.all([this.#current?.end(left, patience), this.#next?.end(left, patience)])
  }

  async kill(): Promise<void> {
    this.#closing = true
    this.#current?.process.kill()
    await this.#current?.exited
  }

  hurry(left: number): void {
    this.#current?.hurry(left, this.#options.patience)
  }

  #watch(living: Living): void {
    void living.exited.then((how) => this.#ended(living, how))
  }

  #ended(living: Living, how: string): void {
    if (living.ending || this.#current !== living || this.#closing) return
    if (clock().now() - living.began >= soundAfter) this.#failures = 0
    const delay =
      this.#failures === 0 ? 0 : Math.min(longestDelay, firstDelay * 2 ** (this.#failures - 1))
    this.#failures++
    this.#current = undefined
    const then = delay === 0 ? 'at once' : `in ${delay} ms`
    this.#options.report(
      new BrokenResourceError(
        `Worker ${living.process.pid} ${how}; another one is started ${then}`,
      ),
    )
    // It keeps the program: without a worker nothing else might.
    this.#timer = clock().setTimer(delay, () => this.#restart())
  }

  #restart(): void {
    this.#timer = undefined
    if (this.#closing) return
    this.restarts++
    const living = new Living(this.#options.brief)
    this.#current = living
    // Whether it begins to listen or dies before: the end is watched either way.
    living.ready.catch(() => undefined)
    this.#watch(living)
  }
}
