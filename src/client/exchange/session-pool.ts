/** The pool of a session with its I/O: opens what the policy asks for, and closes what it gives up. */
import { runInScope } from '../../concurrency/scope/context.ts'
import { Scope } from '../../concurrency/scope/scope.ts'
import { clock } from '../../concurrency/time/current-clock.ts'
import type { ClockTimer } from '../../concurrency/time/clock.ts'
import { connect, type ConnectOptions } from '../../io/connect.ts'
import type { Transport } from '../../io/transport.ts'
import { ClientConnection, type ConnectionKeeper } from '../connection/client-connection.ts'
import type { HostEntry } from '../connection/host-entry.ts'
import { ConnectionPool, type PoolOptions, type PoolStatistics } from '../pool/pool.ts'
import type { Exchange } from './exchange.ts'
import { PhaseTimers } from './phase-timer.ts'

/** A connection on its way. */
export interface Opening {
  cancel(): void
}

/** How connections are opened; tests put others in the place of sockets. */
export type Open = (host: HostEntry) => Promise<Transport>

export class SessionPool implements ConnectionKeeper {
  readonly timers: PhaseTimers = new PhaseTimers()
  readonly #open: Open
  readonly #policy: ConnectionPool<ClientConnection, Exchange>
  readonly #connections = new Set<ClientConnection>()
  readonly #openings = new Set<Exchange>()
  #expiry: ClockTimer | undefined = undefined
  #onEmpty: (() => void) | undefined = undefined

  constructor(options: PoolOptions, open: Open) {
    this.#open = open
    this.#policy = new ConnectionPool(options, {
      assign: (exchange, connection) => exchange.assign(connection),
      open: (exchange) => this.#connect(exchange),
      close: (connection) => {
        this.#connections.delete(connection)
        connection.close()
        this.#look()
      },
    })
  }

  statistics(): PoolStatistics {
    return this.#policy.statistics()
  }

  /** The exchanges that have a connection, or are getting one. */
  *exchanges(): Generator<Exchange> {
    for (const { exchange } of this.#connections) if (exchange !== undefined) yield exchange
    yield* this.#openings
  }

  request(exchange: Exchange, now: number): void {
    this.#policy.request(exchange, now)
  }

  withdraw(exchange: Exchange): void {
    this.#policy.withdraw(exchange)
  }

  /** Stops connecting for an exchange that wants it no more. */
  giveUp(exchange: Exchange): void {
    exchange.opening?.cancel()
    exchange.opening = undefined
    this.#openings.delete(exchange)
    this.#policy.openFailed(exchange.host)
    this.#look()
  }

  released(connection: ClientConnection): void {
    this.#policy.release(connection, clock().now())
    if (connection.idle && this.#expiry === undefined) this.#expire()
    this.#look()
  }

  discarded(connection: ClientConnection): void {
    this.#connections.delete(connection)
    this.#policy.discard(connection)
    this.#look()
  }

  lost(connection: ClientConnection): void {
    this.#connections.delete(connection)
    this.#policy.lost(connection)
    this.#look()
  }

  closeIdle(): void {
    this.#policy.closeIdle()
    this.#expiry?.cancel()
    this.#expiry = undefined
  }

  /** Calls back once, when no exchange is left. */
  whenEmpty(callback: () => void): void {
    this.#onEmpty = callback
    this.#look()
  }

  #look(): void {
    const onEmpty = this.#onEmpty
    if (onEmpty === undefined) return
    const { active, connecting, waiting } = this.statistics()
    if (active + connecting + waiting > 0) return
    this.#onEmpty = undefined
    onEmpty()
  }

  #connect(exchange: Exchange): void {
    const { host } = exchange
    const scope = new Scope(undefined)
    const opening: Opening = { cancel: () => scope.cancel() }
    exchange.opening = opening
    this.#openings.add(exchange)
    exchange.connecting(clock().now())
    const opened = (transport: Transport): void => {
      if (exchange.opening !== opening) {
        transport.destroy()
        return
      }
      exchange.opening = undefined
      this.#openings.delete(exchange)
      const connection = new ClientConnection(host, transport, this, this.timers)
      this.#connections.add(connection)
      this.#policy.opened()
      exchange.assign(connection)
    }
    const failed = (error: unknown): void => {
      if (exchange.opening !== opening) return
      exchange.opening = undefined
      this.#openings.delete(exchange)
      this.#policy.openFailed(host)
      exchange.unconnected(error)
      this.#look()
    }
    void runInScope(scope, () => this.#open(host)).then(opened, failed)
  }

  // One timer for all idle connections, set to the one that is the oldest.
  #expire(): void {
    const now = clock().now()
    const next = this.#policy.expire(now)
    this.#expiry?.cancel()
    this.#expiry =
      next === Infinity
        ? undefined
        : clock().setTimer(
            next - now,
            () => {
              this.#expiry = undefined
              this.#expire()
            },
            { background: true },
          )
  }
}

/** Opens real sockets. */
export function openSockets(options: Omit<ConnectOptions, 'host' | 'port' | 'path'>): Open {
  const { tls = {}, ...others } = options
  const secure = { alpn: ['http/1.1'], ...tls }
  // One buffer for all: a response is taken out of it before the next one is read.
  const readBuffer = Buffer.allocUnsafeSlow(65_536)
  return ({ origin }) =>
    connect({
      ...others,
      host: origin.hostname,
      port: origin.port,
      readBuffer,
      ...(origin.secure ? { tls: secure } : {}),
    })
}
