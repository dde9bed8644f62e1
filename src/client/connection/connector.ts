/** The I/O below the pool: opens what the policy asks for, and closes what it gives up. */
import { outsideContexts, runInScope } from '../../concurrency/scope/context.ts'
import { Scope } from '../../concurrency/scope/scope.ts'
import { clock } from '../../concurrency/time/current-clock.ts'
import { nextTurn } from '../../concurrency/time/turn-queue.ts'
import type { Transport } from '../../io/transport.ts'
import type { HTTP1Limits } from '../../wire/http1/limits.ts'
import type { Exchange } from '../exchange/exchange.ts'
import { isIdempotent } from '../exchange/exchange-failures.ts'
import { ConnectionPool, type PoolOptions, type PoolStatistics } from '../pool/pool.ts'
import { ClientConnection } from './client-connection.ts'
import type { ClientHost } from './client-host.ts'
import {
  traceOpen,
  traceOpenError,
  traceOpening,
  traceReuse,
} from '../../http/tracing/connection-channels.ts'
import type { OpenTransport } from './opener.ts'
import { OpeningTimes } from './opening-times.ts'
import { PhaseTimer, PhaseTimers } from './phase-timer.ts'

// A connection that rested for less, in milliseconds, is not looked at twice: servers close later.
const trusted = 1000

export interface ConnectorOptions extends PoolOptions {
  /** Requests that one connection carries at most. */
  readonly maxConnectionRequests: number
  /** How long one connection is used, in milliseconds. */
  readonly maxConnectionAge: number
  /** How much of a response is read before it is refused. */
  readonly limits: Partial<HTTP1Limits> | undefined
}

export class Connector {
  readonly timers: PhaseTimers = new PhaseTimers()
  readonly limits: Partial<HTTP1Limits> | undefined
  readonly #open: OpenTransport
  readonly #pool: ConnectionPool<ClientConnection, Exchange>
  readonly #expiry: PhaseTimer
  readonly #maxRequests: number
  // Those that are looked at before something is sent on them.
  readonly #checked = new Map<ClientConnection, Exchange>()
  readonly #maxAge: number
  #expiryIsSet = false
  #opened = 0
  // The time of what is happening: the pool passes none on.
  #now = 0

  constructor(options: ConnectorOptions, open: OpenTransport) {
    this.#maxRequests = options.maxConnectionRequests
    this.#maxAge = options.maxConnectionAge
    this.limits = options.limits
    this.#open = open
    this.#pool = new ConnectionPool<ClientConnection, Exchange>(options, {
      assign: (exchange, connection) => {
        traceReuse(exchange, connection.exchanges)
        const rested = this.#now - connection.idleSince > trusted
        if (rested && !isIdempotent(exchange.method)) this.#check(exchange, connection)
        else exchange.assign(connection, this.#now)
      },
      open: (exchange) => this.#connect(exchange),
      close: (connection) => connection.close(),
    })
    this.#expiry = new PhaseTimer(this.timers, { timeUp: (now) => this.#expire(now) })
  }

  /** How many connections there have been. */
  get opened(): number {
    return this.#opened
  }

  statistics(): PoolStatistics {
    return this.#pool.statistics()
  }

  /** Gives the exchange a connection, now or later. Throws `BusyResourceError`. */
  request(exchange: Exchange, now: number): void {
    this.#now = now
    this.#pool.request(exchange, now)
  }

  /** The exchange no longer waits in the queue. */
  withdraw(exchange: Exchange): void {
    this.#pool.withdraw(exchange)
  }

  /** Stops to open the connection of an exchange. */
  stopOpening(exchange: Exchange): void {
    const { opening } = exchange
    exchange.opening = undefined
    opening?.cancel()
    this.#pool.openFailed(exchange.host)
  }

  /** The exchange on it is over, and it may be used again. */
  release(connection: ClientConnection, now: number): void {
    this.#now = now
    const left = connection.openedAt + this.#maxAge - now
    if (left <= 0 || connection.exchanges >= this.#maxRequests) {
      connection.close()
      this.#pool.discard(connection.host)
      return
    }
    if (left < connection.keepAlive) connection.keepAlive = left
    connection.idleSince = now
    this.#pool.release(connection, now)
    if (!this.#expiryIsSet && connection.idle) {
      this.#expiryIsSet = true
      this.#expiry.set(connection.expires, now)
    }
  }

  /** One to this host was in use, and is closed. */
  discard(host: ClientHost): void {
    this.#pool.discard(host)
  }

  /** It was idle, and is closed. */
  lost(connection: ClientConnection): void {
    const exchange = this.#checked.get(connection)
    if (exchange !== undefined) {
      this.#checked.delete(connection)
      this.#pool.discard(connection.host)
      if (!exchange.over) exchange.askAgain()
      return
    }
    this.#pool.lost(connection)
  }

  /** Other limits, from now on. */
  setLimits(limit: number, limitPerHost: number, hosts: Iterable<ClientHost>): void {
    this.#now = clock().now()
    this.#pool.setLimits(limit, limitPerHost, hosts)
  }

  closeIdle(): void {
    this.#pool.closeIdle()
  }

  /** Stops the timers; to be called once nothing is left. */
  close(): void {
    this.#pool.closeIdle()
    // Of requests that were given up.
    for (const connection of this.#checked.keys()) {
      this.#checked.delete(connection)
      connection.close()
      this.#pool.discard(connection.host)
    }
    this.timers.close()
  }

  /**
   * The server may have closed the connection while we were busy with something else, and we have not been
   * told yet. A request that can't be repeated is not risked: it is sent after the next look at the sockets.
   */
  #check(exchange: Exchange, connection: ClientConnection): void {
    this.#checked.set(connection, exchange)
    const sound = (): void => {
      if (!this.#checked.delete(connection)) return
      if (exchange.over) this.release(connection, clock().now())
      else exchange.assign(connection, clock().now())
    }
    // The first turn may be the rest of this one, in which nobody looks.
    outsideContexts(() => nextTurn(() => nextTurn(sound)))
  }

  #expire(now: number): void {
    const next = this.#pool.expire(now)
    this.#expiryIsSet = next !== Infinity
    if (this.#expiryIsSet) this.#expiry.set(next, now)
  }

  #connect(exchange: Exchange): void {
    const { host } = exchange
    // The request's own scope is left by the exchange, which then says `stopOpening()`.
    const scope = new Scope(undefined)
    const now = clock().now()
    const times = new OpeningTimes(now)
    exchange.connecting(scope, now)
    const trace = traceOpening(exchange, times)
    const opened = (transport: Transport): void => {
      if (exchange.opening !== scope) {
        transport.destroy()
        if (trace !== undefined) traceOpenError(trace, scope.error)
        return
      }
      exchange.opening = undefined
      this.#opened++
      exchange.openingTimes = times
      if (trace !== undefined) traceOpen(trace, transport.remoteAddress)
      this.#pool.opened()
      const now = clock().now()
      exchange.assign(new ClientConnection(host, transport, this, now), now)
    }
    const failed = (error: unknown): void => {
      if (trace !== undefined) traceOpenError(trace, error)
      if (exchange.opening !== scope) return
      exchange.opening = undefined
      this.#pool.openFailed(host)
      exchange.notConnected(error)
    }
    runInScope(scope, async () => this.#open(host, times)).then(opened, failed)
  }
}
