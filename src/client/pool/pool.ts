/**
 * Who gets which connection: the policy of a session, and no I/O. Everything here is synchronous: each
 * event updates the books and says through `PoolActions` what is to be assigned, opened and closed.
 *
 * 1. `limit` counts every socket: those being opened, those in use and those that are idle. A host
 *    that needs a place takes it from the connection that has been idle for longest, whosever it is.
 * 2. Of the idle connections of a host the one used last is used next, so that a pool that was too
 *    large for its load shrinks by itself.
 * 3. Whoever has to wait is served in order of arrival. One thing comes before it: a connection that
 *    falls free may serve a younger request of its own host while the oldest request's host has
 *    connections of its own that will fall free too, since replacing a warm connection costs more than
 *    the wait. Nobody is passed over more than `limit` times.
 * 4. Nothing is searched: an event costs the same with ten requests waiting as with ten thousand (but
 *    for a heap of the hosts that have requests waiting).
 *
 * The books are right before an action is called, so an action may call back.
 */
import { BusyResourceError } from '../../concurrency/errors.ts'
import { IdleConnections } from './idle-connections.ts'
import type { PooledConnection, PoolHost, PoolRequest } from './pool-host.ts'
import { WaitingHosts } from './waiting-hosts.ts'

export interface PoolOptions {
  /** Sockets at most, over all hosts; `Infinity` for no limit. */
  readonly limit: number
  readonly limitPerHost: number
  /** Requests that may wait for a place. */
  readonly maxWaiting: number
  /** How long an idle connection is kept, in milliseconds; 0 keeps none. */
  readonly keepAlive: number
}

/** What the owner of the pool does on its behalf. */
export interface PoolActions<Connection, Request> {
  /** Sends the request on this connection, which was used before. */
  assign(request: Request, connection: Connection): void
  /** Opens a connection for the request, and then calls `opened()` or `openFailed()`. */
  open(request: Request): void
  /** Closes a connection, which the pool has forgotten already. */
  close(connection: Connection): void
}

export interface PoolStatistics {
  /** Sockets in all: `active + idle + connecting`. */
  readonly open: number
  readonly active: number
  readonly idle: number
  readonly connecting: number
  /** Requests that wait for a place. */
  readonly waiting: number
  readonly limit: number
  readonly limitPerHost: number
}

export class ConnectionPool<
  Connection extends PooledConnection<Connection, Request>,
  Request extends PoolRequest<Connection, Request>,
> {
  readonly #options: PoolOptions
  readonly #actions: PoolActions<Connection, Request>
  #limit: number
  #limitPerHost: number
  readonly #idle = new IdleConnections<Connection>()
  readonly #ready = new WaitingHosts<Connection, Request>()
  #open = 0
  #connecting = 0
  #waiting = 0
  #arrivals = 0
  // Rule 3: how often the request that is the oldest was passed over.
  #passed: Request | undefined = undefined
  #passes = 0

  constructor(options: PoolOptions, actions: PoolActions<Connection, Request>) {
    this.#options = options
    this.#limit = options.limit
    this.#limitPerHost = options.limitPerHost
    this.#actions = actions
  }

  statistics(): PoolStatistics {
    return {
      open: this.#open,
      active: this.#open - this.#idle.size - this.#connecting,
      idle: this.#idle.size,
      connecting: this.#connecting,
      waiting: this.#waiting,
      limit: this.#limit,
      limitPerHost: this.#limitPerHost,
    }
  }

  toString(): string {
    const { open, active, idle, connecting, waiting } = this.statistics()
    return `ConnectionPool(${open} open of ${this.#limit}: ${active} active, ${idle} idle, ${connecting} connecting; ${waiting} waiting)`
  }

  /**
   * Other limits, from now on. What is idle and too much is closed, what is in use when it falls free;
   * who waits and need not any more is served. `hosts`: all that have connections or requests waiting.
   */
  setLimits(
    limit: number,
    limitPerHost: number,
    hosts: Iterable<PoolHost<Connection, Request>>,
  ): void {
    this.#limit = limit
    this.#limitPerHost = limitPerHost
    for (const host of hosts) {
      while (host.open > limitPerHost && host.newestIdle !== undefined) this.#evict(host.newestIdle)
      if (host.firstWaiting !== undefined) this.#place(host)
    }
    let idle = this.#idle.oldest
    while (idle !== undefined && (this.#open > limit || this.#ready.first !== undefined)) {
      this.#evict(idle)
      this.#serve()
      idle = this.#idle.oldest
    }
    this.#serve()
  }

  /** Assigns, opens, or lets wait. Throws `BusyResourceError` if `maxWaiting` do so already. */
  request(request: Request, now: number): void {
    const { host } = request
    while (!request.fresh && host.newestIdle !== undefined) {
      const connection = host.newestIdle
      this.#idle.remove(connection)
      if (now < connection.expires) {
        this.#actions.assign(request, connection)
        return
      }
      this.#forget(host)
      this.#actions.close(connection)
    }
    if (host.open >= this.#limitPerHost) this.#replace(request, host.newestIdle)
    else if (this.#open >= this.#limit) this.#replace(request, this.#idle.oldest)
    else this.#openFor(request)
  }

  /** A request that waits gives up. */
  withdraw(request: Request): void {
    this.#leaveQueue(request)
  }

  /** What `open()` asked for is there, and the request that it was opened for uses it. */
  opened(): void {
    this.#connecting--
  }

  /** What `open()` asked for failed, or was given up. */
  openFailed(host: PoolHost<Connection, Request>): void {
    this.#connecting--
    this.#freed(host)
  }

  /** A connection whose exchange is over may be used again. */
  release(connection: Connection, now: number): void {
    const { host } = connection
    // More than the limits are there only since these were lowered.
    const tooMany = this.#open > this.#limit || host.open > this.#limitPerHost
    if (tooMany || this.#options.keepAlive === 0) {
      this.#freed(host)
      this.#actions.close(connection)
      return
    }
    const own = host.firstWaiting
    const oldest = this.#ready.first?.firstWaiting
    if (own !== undefined && (oldest === undefined || this.#mayServe(own, oldest))) {
      this.#leaveQueue(own)
      this.#actions.assign(own, connection)
    } else if (oldest !== undefined) {
      this.#forget(host)
      this.#leaveQueue(oldest)
      this.#count(oldest.host)
      this.#actions.close(connection)
      this.#actions.open(oldest)
    } else {
      const kept = Math.min(this.#options.keepAlive, connection.keepAlive)
      this.#idle.add(connection, now + kept)
    }
  }

  /** A connection in use is closed, or is going to be: its place is free. */
  discard(host: PoolHost<Connection, Request>): void {
    this.#freed(host)
  }

  /** An idle connection was closed by the peer. */
  lost(connection: Connection): void {
    this.#idle.remove(connection)
    this.#freed(connection.host)
  }

  /** Closes what was idle for too long; returns when to look again, `Infinity` if nothing is idle. */
  expire(now: number): number {
    for (let oldest = this.#idle.oldest; oldest !== undefined; oldest = this.#idle.oldest) {
      if (oldest.expires > now) return oldest.expires
      this.#evict(oldest)
    }
    return Infinity
  }

  /** Closes all that is idle. */
  closeIdle(): void {
    for (let oldest = this.#idle.oldest; oldest !== undefined; oldest = this.#idle.oldest) {
      this.#evict(oldest)
    }
  }

  #mayServe(own: Request, oldest: Request): boolean {
    if (own.arrival <= oldest.arrival) return true
    if (oldest.host.open === 0) return false
    if (this.#passed !== oldest) {
      this.#passed = oldest
      this.#passes = 0
    }
    return this.#passes++ < this.#limit
  }

  // Opens a connection in the place of one that is idle, or lets the request wait.
  #replace(request: Request, idle: Connection | undefined): void {
    if (idle === undefined) {
      this.#enqueue(request)
      return
    }
    this.#idle.remove(idle)
    this.#forget(idle.host)
    this.#count(request.host)
    this.#actions.close(idle)
    this.#actions.open(request)
  }

  #openFor(request: Request): void {
    this.#count(request.host)
    this.#actions.open(request)
  }

  #count(host: PoolHost<Connection, Request>): void {
    this.#open++
    this.#connecting++
    host.open++
    if (host.firstWaiting !== undefined) this.#place(host)
  }

  #forget(host: PoolHost<Connection, Request>): void {
    this.#open--
    host.open--
    if (host.firstWaiting !== undefined) this.#place(host)
  }

  // There is a place more than before.
  #freed(host: PoolHost<Connection, Request>): void {
    this.#forget(host)
    this.#serve()
  }

  // Usually one that waits at most; more where limits were raised.
  #serve(): void {
    while (this.#open < this.#limit) {
      const next = this.#ready.first?.firstWaiting
      if (next === undefined) return
      this.#leaveQueue(next)
      this.#openFor(next)
    }
  }

  #evict(connection: Connection): void {
    this.#idle.remove(connection)
    this.#forget(connection.host)
    this.#actions.close(connection)
  }

  #enqueue(request: Request): void {
    const { maxWaiting } = this.#options
    if (this.#waiting >= maxWaiting) {
      throw new BusyResourceError(
        `Cannot wait for a connection to ${request.host.name}: ${maxWaiting} requests wait, which is the limit`,
      )
    }
    this.#waiting++
    const { host } = request
    const last = host.lastWaiting
    request.arrival = this.#arrivals++
    request.waiting = true
    request.previousWaiting = last
    host.lastWaiting = request
    if (last === undefined) {
      host.firstWaiting = request
      this.#place(host)
    } else {
      last.nextWaiting = request
    }
  }

  #leaveQueue(request: Request): void {
    const { host, previousWaiting, nextWaiting } = request
    request.waiting = false
    request.previousWaiting = request.nextWaiting = undefined
    this.#waiting--
    if (this.#passed === request) this.#passed = undefined
    if (nextWaiting === undefined) host.lastWaiting = previousWaiting
    else nextWaiting.previousWaiting = previousWaiting
    if (previousWaiting === undefined) {
      host.firstWaiting = nextWaiting
      this.#place(host)
    } else {
      previousWaiting.nextWaiting = nextWaiting
    }
  }

  #place(host: PoolHost<Connection, Request>): void {
    if (host.firstWaiting === undefined || host.open >= this.#limitPerHost) {
      this.#ready.remove(host)
    } else {
      this.#ready.put(host)
    }
  }
}
