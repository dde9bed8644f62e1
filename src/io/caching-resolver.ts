/**
 * Remembers what a resolver answered, and asks it no more at once than it can bear. `getaddrinfo()` runs on
 * the few threads of the platform, and a call that was begun can't be cancelled there: whoever gives up leaves
 * its wait, and the answer is kept for the next one.
 */
import { checkNames, type Names } from '../util/known-names.ts'
import { BusyResourceError } from '../concurrency/errors.ts'
import { outsideContexts } from '../concurrency/scope/context.ts'
import { Waiter } from '../concurrency/scope/waiter.ts'
import type { ClockTimer } from '../concurrency/time/clock.ts'
import { clock } from '../concurrency/time/current-clock.ts'
import { errnoOf } from './errors.ts'
import { type ResolvedAddress, type Resolver, systemResolver } from './resolver.ts'

export interface CachingResolverOptions {
  /** Who is asked. Default: the system's. */
  resolver?: Resolver | undefined
  /**
   * How long an answer is used, in milliseconds. Default 10,000; 0: only while it is waited for. The system
   * does not tell how long a record lives, so this is how late a change of it is seen.
   */
  ttl?: number | undefined
  /** How long it is known that there is no such host, in milliseconds. Default 5,000. */
  negativeTTL?: number | undefined
  /** Names that are kept. Default 1,000; the one that was asked for longest ago goes first. */
  maxEntries?: number | undefined
  /** Look-ups at once. Default 4, as many as the platform has threads for them. */
  limit?: number | undefined
  /** Names that may wait for a look-up. Default 10,000; one more is a `BusyResourceError`. */
  maxQueue?: number | undefined
}

export interface ResolverStatistics {
  /** Names that are known, or known not to be. */
  readonly entries: number
  /** Look-ups under way. */
  readonly active: number
  /** Names that wait for a look-up. */
  readonly queued: number
  /** Callers that wait for an answer. */
  readonly waiting: number
  /** Answers from memory, and look-ups that were begun, since it was made. */
  readonly hits: number
  readonly lookups: number
}

const names: Names<CachingResolverOptions> = {
  resolver: true,
  ttl: true,
  negativeTTL: true,
  maxEntries: true,
  limit: true,
  maxQueue: true,
}

type Answer = readonly ResolvedAddress[]

interface Entry {
  readonly answer: Answer | Error
  readonly until: number
}

interface Preference {
  readonly address: string
  readonly until: number
}

class Lookup {
  readonly host: string
  readonly waiters = new Set<Waiter<Answer>>()
  begun = false
  timer: ClockTimer | undefined = undefined

  constructor(host: string) {
    this.host = host
  }
}

// Longer than any resolver tries: one that never answers must not hold its place for ever.
const patience = 60_000
// RFC 8305 §4 has clients remember which addresses worked; a network changes in minutes.
const preferenceTime = 600_000

export class CachingResolver implements Resolver {
  readonly #resolver: Resolver
  readonly #ttl: number
  readonly #negativeTTL: number
  readonly #maxEntries: number
  readonly #limit: number
  readonly #maxQueue: number
  // In the order in which they were asked for last.
  readonly #entries = new Map<string, Entry>()
  readonly #preferences = new Map<string, Preference>()
  readonly #lookups = new Map<string, Lookup>()
  // Those of them that were not begun, in order of arrival.
  readonly #queue = new Set<Lookup>()
  #active = 0
  #waiting = 0
  #hits = 0
  #begun = 0

  /** @throws RangeError for a number that makes no sense */
  constructor(options: CachingResolverOptions = {}) {
    checkNames(options, names, 'a resolver')
    const { resolver = systemResolver, ttl = 10_000, negativeTTL = 5_000 } = options
    const { maxEntries = 1_000, limit = 4, maxQueue = 10_000 } = options
    this.#resolver = resolver
    this.#ttl = atLeast(0, 'ttl', ttl)
    this.#negativeTTL = atLeast(0, 'negativeTTL', negativeTTL)
    this.#maxEntries = atLeast(0, 'maxEntries', maxEntries)
    this.#limit = atLeast(1, 'limit', limit)
    this.#maxQueue = atLeast(0, 'maxQueue', maxQueue)
  }

  /**
   * The addresses of a host, from memory or from the resolver. Those who ask for the same name at the
   * same time share one look-up.
   *
   * Cancellation: the wait ends. A look-up that was begun goes on, and its answer is kept; one that
   * nobody waits for any more is not begun.
   *
   * @throws what the resolver throws
   * @throws BusyResourceError if too many names wait for a look-up
   */
  resolve(host: string): Promise<Answer> {
    const name = host.toLowerCase()
    const known = this.#known(name)
    if (known !== undefined) {
      return known instanceof Error ? Promise.reject(known) : Promise.resolve(known)
    }
    let lookup = this.#lookups.get(name)
    if (lookup === undefined && this.#active >= this.#limit && this.#queue.size >= this.#maxQueue) {
      const message = `Cannot look up "${host}": ${this.#maxQueue} names wait, which is the limit`
      return Promise.reject(new BusyResourceError(message))
    }
    const waiter: Waiter<Answer> = new Waiter(() => this.#leave(lookup, waiter))
    if (waiter.settled) return waiter.promise
    lookup ??= this.#ask(name)
    lookup.waiters.add(waiter)
    this.#waiting++
    return waiter.promise
  }

  /** Whether it knows several addresses of a name, so that it counts which of them can be reached. */
  chooses(host: string): boolean {
    const answer = this.#entries.get(host.toLowerCase())?.answer
    return answer !== undefined && !(answer instanceof Error) && answer.length > 1
  }

  /** A connection to this address came about: it is tried first from now on, for ten minutes. */
  succeeded(host: string, address: string): void {
    const name = host.toLowerCase()
    const entry = this.#entries.get(name)
    if (entry === undefined || entry.answer instanceof Error) return
    // The first is the first by itself; preferring it would hold on to it when the name server turns them.
    if (entry.answer[0]?.address === address) return
    if (this.#preferences.size >= this.#maxEntries) this.#preferences.clear()
    this.#preferences.set(name, { address, until: clock().now() + preferenceTime })
    this.#entries.set(name, { ...entry, answer: this.#ordered(name, entry.answer) })
  }

  /** Forgets what is known of a host, because it did not hold; without one, all that is known. */
  forget(host?: string): void {
    if (host === undefined) {
      this.#entries.clear()
      this.#preferences.clear()
    } else {
      this.#entries.delete(host.toLowerCase())
      this.#preferences.delete(host.toLowerCase())
    }
  }

  /** What it holds, now. */
  statistics(): ResolverStatistics {
    return {
      entries: this.#entries.size,
      active: this.#active,
      queued: this.#queue.size,
      waiting: this.#waiting,
      hits: this.#hits,
      lookups: this.#begun,
    }
  }

  toString(): string {
    const { entries, active, queued, waiting } = this.statistics()
    return `CachingResolver(${entries} names known; ${active} look-ups under way, ${queued} queued, for ${waiting} callers)`
  }

  #known(name: string): Answer | Error | undefined {
    const entry = this.#entries.get(name)
    if (entry === undefined) return undefined
    this.#entries.delete(name)
    if (clock().now() >= entry.until) return undefined
    this.#entries.set(name, entry)
    this.#hits++
    return entry.answer
  }

  #leave(lookup: Lookup | undefined, waiter: Waiter<Answer>): void {
    if (lookup?.waiters.delete(waiter) !== true) return
    this.#waiting--
    if (lookup.begun || lookup.waiters.size > 0) return
    this.#queue.delete(lookup)
    this.#lookups.delete(lookup.host)
  }

  #ask(name: string): Lookup {
    const lookup = new Lookup(name)
    this.#lookups.set(name, lookup)
    if (this.#active < this.#limit) this.#begin(lookup)
    else this.#queue.add(lookup)
    return lookup
  }

  #begin(lookup: Lookup): void {
    const { host } = lookup
    lookup.begun = true
    this.#active++
    this.#begun++
    const failed = (error: unknown): void =>
      this.#answered(lookup, error instanceof Error ? error : new Error(String(error)))
    outsideContexts(() => {
      const late = (): void => failed(new Error(`no answer in ${patience} ms`))
      lookup.timer = clock().setTimer(patience, late, { background: true })
      // It may throw at once.
      const asked = Promise.resolve().then(() => this.#resolver.resolve(host))
      asked.then((answer) => this.#answered(lookup, answer), failed)
    })
  }

  #answered(lookup: Lookup, answer: Answer | Error): void {
    const { host, waiters } = lookup
    // It was given up, and has been answered for.
    if (this.#lookups.get(host) !== lookup) return
    this.#lookups.delete(host)
    lookup.timer?.cancel()
    this.#active--
    this.#waiting -= waiters.size
    const result = answer instanceof Error ? answer : this.#ordered(host, answer)
    this.#keep(host, result)
    for (const waiter of waiters) {
      if (result instanceof Error) waiter.reject(result)
      else waiter.resolve(result)
    }
    for (const next of this.#queue) {
      this.#queue.delete(next)
      this.#begin(next)
      break
    }
  }

  #keep(host: string, answer: Answer | Error): void {
    let time = this.#ttl
    if (answer instanceof Error) {
      // RFC 2308 §2: that there is no such name is an answer. That nobody answered is none.
      const code = errnoOf(answer)
      time = code === 'ENOTFOUND' || code === 'ENODATA' ? this.#negativeTTL : 0
    }
    if (time === 0 || this.#maxEntries === 0) return
    this.#entries.set(host, { answer, until: clock().now() + time })
    if (this.#entries.size <= this.#maxEntries) return
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest)
      break
    }
  }

  #ordered(host: string, addresses: Answer): Answer {
    const preference = this.#preferences.get(host)
    if (preference === undefined) return addresses
    if (clock().now() >= preference.until) {
      this.#preferences.delete(host)
      return addresses
    }
    const first = addresses.find(({ address }) => address === preference.address)
    if (first === undefined) return addresses
    return [first, ...addresses.filter((address) => address !== first)]
  }
}

function atLeast(least: number, name: string, value: number): number {
  if (typeof value === 'number' && value >= least) return value
  throw new RangeError(`Cannot use ${String(value)} as "${name}": expected ${least} or more`)
}
