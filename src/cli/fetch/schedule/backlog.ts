/**
 * What was read from the list and is not finished: who is fetched next.
 *
 * Rules that keep it right:
 * 1. At most `limit` URLs are in work, and at most `perHost` of one host. A host that is full is passed over, so that
 *    a slow one holds up itself alone. Hosts that have room take turns.
 * 2. At most `capacity` URLs are held here, queued or waiting for their retry; reading the list
 *    stops at that, and long before as long as hosts have room. So the look-ahead past a slow host is bounded: when `capacity` URLs of hosts
 *    that are full stand in a row, the rest of the list waits behind them.
 * 3. A URL that waits for its retry is in no queue and holds no place of its host.
 *
 * Synchronous and without a clock: who calls `wake()` says what time it is.
 */
import type { Job } from './job.ts'

interface Host {
  readonly name: string
  first: Job | undefined
  last: Job | undefined
  /** In work. */
  active: number
  /** Whether it stands in the row of those that have something to do and room for it. */
  ready: boolean
  next: Host | undefined
}

export interface BacklogOptions {
  /** How many URLs may be in work at once. */
  limit: number
  /** How many URLs of one host may be in work at once. */
  perHost: number
  /** How many URLs may be queued or wait for their retry. */
  capacity: number
}

export class Backlog {
  readonly #limit: number
  readonly #perHost: number
  readonly #capacity: number
  readonly #enough: number
  readonly #hosts = new Map<string, Host>()
  #firstReady: Host | undefined = undefined
  #lastReady: Host | undefined = undefined
  #queued = 0
  #active = 0
  // The one that is due first is at the end.
  readonly #waiting: Job[] = []

  constructor({ limit, perHost, capacity }: BacklogOptions) {
    this.#limit = limit
    this.#perHost = perHost
    this.#capacity = capacity
    // As long as hosts have room for what is queued, there is no reason to read further ahead.
    this.#enough = 2 * limit
  }

  /** How many are ready to be taken, or will be when their host has room. */
  get queued(): number {
    return this.#queued
  }

  /** How many wait for the time of their retry. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** How many were taken and neither finished nor put off. */
  get active(): number {
    return this.#active
  }

  /** Whether nothing more should be added for now: there is no room, or enough that can be taken. */
  get full(): boolean {
    if (this.#queued + this.#waiting.length >= this.#capacity) return true
    return this.#queued >= this.#enough && this.#firstReady !== undefined
  }

  /** Whether nothing is queued, waiting or in work. */
  get empty(): boolean {
    return this.#queued + this.#waiting.length + this.#active === 0
  }

  /** When the next retry is due, on the clock of `wake()`; `Infinity` without one. */
  get nextDue(): number {
    return this.#waiting.at(-1)?.due ?? Infinity
  }

  /** Puts a URL at the end of its host's queue. */
  add(job: Job): void {
    const host = this.#hostOf(job)
    if (host.last === undefined) host.first = job
    else host.last.next = job
    host.last = job
    this.#queued++
    this.#makeReady(host)
  }

  /** The next URL of a host that has room; undefined if there is none, or no place is free. Its place is taken until `finish()` or `postpone()`. */
  take(): Job | undefined {
    const host = this.#firstReady
    if (host?.first === undefined || this.#active >= this.#limit) return undefined
    this.#firstReady = host.next
    if (host.next === undefined) this.#lastReady = undefined
    host.next = undefined
    host.ready = false
    const job = host.first
    host.first = job.next
    if (job.next === undefined) host.last = undefined
    job.next = undefined
    this.#queued--
    this.#active++
    host.active++
    this.#makeReady(host)
    return job
  }

  /** Gives the place back of a URL that needs no further attempt. */
  finish(job: Job): void {
    const host = this.#hostOf(job)
    host.active--
    this.#active--
    // A list may name a million hosts.
    if (host.active === 0 && host.first === undefined) this.#hosts.delete(host.name)
    else this.#makeReady(host)
  }

  /** Gives the place back of a URL that is to be tried again at `due`. */
  postpone(job: Job, due: number): void {
    job.due = due
    // Sorted, the earliest at the end; of those due together the first to come is nearer to it.
    let low = 0
    let high = this.#waiting.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#waiting[middle]?.due ?? 0) > due) low = middle + 1
      else high = middle
    }
    this.#waiting.splice(low, 0, job)
    this.finish(job)
  }

  /** Puts those whose retry is due before the others of their hosts. */
  wake(now: number): void {
    while (this.nextDue <= now) {
      const job = this.#waiting.pop()
      if (job === undefined) return
      const host = this.#hostOf(job)
      job.next = host.first
      host.first = job
      host.last ??= job
      this.#queued++
      this.#makeReady(host)
    }
  }

  #hostOf({ host: name }: Job): Host {
    let host = this.#hosts.get(name)
    if (host === undefined) {
      host = {
        name,
        first: undefined,
        last: undefined,
        active: 0,
        ready: false,
        next: undefined,
      }
      this.#hosts.set(name, host)
    }
    return host
  }

  #makeReady(host: Host): void {
    if (host.ready || host.first === undefined || host.active >= this.#perHost) return
    host.ready = true
    if (this.#lastReady === undefined) this.#firstReady = host
    else this.#lastReady.next = host
    this.#lastReady = host
  }
}
