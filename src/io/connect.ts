/** Makes connections: looks the name up, races the addresses, and leaves nothing behind but the winner. */
import { isIP, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Names } from '../util/known-names.ts'
import { SpoolError } from '../util/error.ts'
import { TimeoutError } from '../concurrency/errors.ts'
import { outsideContexts } from '../concurrency/scope/context.ts'
import { Waiter } from '../concurrency/scope/waiter.ts'
import type { ClockTimer } from '../concurrency/time/clock.ts'
import { clock } from '../concurrency/time/current-clock.ts'
import {
  type ConnectAttempt,
  ConnectError,
  type ConnectPhase,
  hostAndPort,
  reasonOf,
} from './errors.ts'
import { type AttemptEvents, ConnectionRace, interleave } from './socket/happy-eyeballs.ts'
import { checkLocalAddress } from './socket/local-address.ts'
import { openSocket, type Target } from './socket/open-socket.ts'
import { type Resolver, systemResolver } from './resolver.ts'
import { SocketTransport, type SocketTransportOptions } from './socket/socket-transport.ts'
import { clientContextOf } from './socket/tls-options.ts'
import { onceSecured, tlsFailureOf } from './socket/tls-peer.ts'
import type { TLSSessions } from './socket/tls-sessions.ts'
import type { TLSOptions, Transport } from './transport.ts'

export interface ConnectOptions {
  /** A name or an IP address; an IPv6 address may stand in brackets. */
  host?: string
  port?: number
  /** A Unix socket, instead of host and port. With TLS, `host` is the name of its certificate. */
  path?: string
  tls?: TLSOptions
  /** Default: the system's. */
  resolver?: Resolver
  /** How long all of it may take, in milliseconds. Default: as long as the scope. */
  timeout?: number
  /** What to connect from: an IP address of this machine, or the name of a network interface. */
  localAddress?: string
  /**
   * A buffer to read into, which any number of connections may share: their sinks get views of it,
   * `shared`. It saves an allocation for each read.
   */
  readBuffer?: Uint8Array
  /** Where the TLS sessions are kept that the next connections resume. */
  tlsSessions?: TLSSessions
  /** Told when looking up, TCP and TLS have succeeded, each as it is done; outside every scope. */
  onPhase?: (phase: ConnectPhase) => void
  /** The first TCP keep-alive probe comes after so many milliseconds without a byte. Default: none. */
  tcpKeepAlive?: number
}

export const connectNames: Names<ConnectOptions> = {
  host: true,
  port: true,
  path: true,
  tls: true,
  resolver: true,
  timeout: true,
  localAddress: true,
  readBuffer: true,
  tlsSessions: true,
  onPhase: true,
  tcpKeepAlive: true,
}

/**
 * Connects, and resolves with a transport that has not started to read.
 *
 * Cancellation: what was opened is destroyed. A name lookup goes on in the system, and its answer is
 * thrown away.
 *
 * @throws ConnectError with the phase and every address that was tried
 * @throws TimeoutError of phase `connect`
 */
export async function connect(options: ConnectOptions): Promise<Transport> {
  return new Connecting(options).start()
}

class Connecting {
  readonly #options: ConnectOptions
  readonly #host: string
  readonly #port: number
  readonly #waiter: Waiter<Transport>
  #race: ConnectionRace<Target, Socket> | undefined = undefined
  /** The winner of the race, while it shakes hands. */
  #winner: TLSSocket | undefined = undefined
  #timer: ClockTimer | undefined = undefined

  constructor(options: ConnectOptions) {
    check(options)
    const { host = 'localhost', port = 0, tls } = options
    // Before anything is opened: bad certificates are the caller's fault and not the peer's.
    if (tls !== undefined) clientContextOf(tls)
    this.#options = options
    this.#host = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
    this.#port = port
    this.#waiter = new Waiter(() => this.#stop())
  }

  start(): Promise<Transport> {
    const { path, timeout } = this.#options
    if (this.#waiter.settled) return this.#waiter.promise
    if (timeout !== undefined) {
      this.#timer = clock().setTimer(timeout, () => this.#fail(this.#timedOut(timeout)))
    }
    const family = isIP(this.#host)
    try {
      if (path !== undefined) this.#open([{ path }])
      else if (family !== 0) this.#open([{ address: this.#host, family: family === 6 ? 6 : 4 }])
      else void this.#lookUp()
    } catch (error) {
      this.#fail(asError(error))
    }
    return this.#waiter.promise
  }

  async #lookUp(): Promise<void> {
    try {
      const { resolver = systemResolver } = this.#options
      const addresses = await resolver.resolve(this.#host)
      if (this.#waiter.settled) return
      if (addresses.length === 0) throw new Error('the name has no addresses')
      this.#passed('dns')
      this.#open(interleave(addresses))
    } catch (error) {
      // What a resolver of ours says is said already: too many wait, or the address is refused.
      this.#fail(SpoolError.is(error) ? error : this.#failure('dns', asError(error)))
    }
  }

  #open(targets: readonly Target[]): void {
    outsideContexts(() => {
      this.#race = new ConnectionRace<Target, Socket>(
        targets,
        (target, events) => this.#attempt(target, events),
        {
          won: (socket, target) => this.#connected(socket, target),
          lost: (failures) => {
            const attempts = failures.map(({ target, error }) => this.#attemptOf(target, error))
            const cause = attempts[0]?.cause ?? new Error('there is no address')
            this.#fail(this.#failure('tcp', cause, attempts))
          },
        },
      )
      this.#race.start()
    })
  }

  #attempt(target: Target, events: AttemptEvents<Socket>): Socket {
    const socket = openSocket(target, { ...this.#options, host: this.#host, port: this.#port })
    socket.once('connect', () => events.connected(socket))
    // Stays when the race is over: an error that comes late must not be fatal.
    socket.on('error', (error) => events.failed(socket, error))
    return socket
  }

  #connected(socket: Socket, target: Target): void {
    this.#passed('tcp')
    if (!(socket instanceof TLSSocket)) {
      this.#succeed(socket)
      return
    }
    this.#winner = socket
    const { tls = {}, tlsSessions } = this.#options
    onceSecured(socket, tls, (error) => {
      if (error === undefined) {
        this.#passed('tls')
        tlsSessions?.keep(socket, tls, this.#host)
        this.#succeed(socket, socket.alpnProtocol)
        return
      }
      tlsSessions?.forget(tls, this.#host)
      this.#fail(this.#failure('tls', error, [this.#attemptOf(target, error)]))
    })
  }

  #passed(phase: ConnectPhase): void {
    const { onPhase } = this.#options
    if (onPhase !== undefined) outsideContexts(() => onPhase(phase))
  }

  #succeed(socket: Socket, alpn: string | false | null = null): void {
    this.#winner = undefined
    this.#timer?.cancel()
    // The transport has a listener of its own. The one of the race would hold all that led here, for as long
    // as the connection lives; TLS has some that it needs.
    if (!(socket instanceof TLSSocket)) {
      // One by one: `removeAllListeners()` makes a dictionary of all others, which takes 350 bytes more.
      for (const listener of socket.listeners('error')) socket.off('error', listener as () => void)
    }
    const options = sharedOptions({
      host: this.#host,
      alpn,
      resettable: this.#options.path === undefined && this.#options.tls === undefined,
      shared: this.#options.readBuffer !== undefined,
      sessions: this.#options.tlsSessions,
    })
    this.#waiter.resolve(new SocketTransport(socket, options))
  }

  #fail(error: Error): void {
    this.#stop()
    this.#waiter.reject(error)
  }

  #stop(): void {
    this.#timer?.cancel()
    this.#race?.stop()
    this.#winner?.destroy()
    this.#winner = undefined
  }

  #attemptOf(target: Target, cause: Error): ConnectAttempt {
    return {
      address: 'path' in target ? target.path : hostAndPort(target.address, this.#port),
      cause,
    }
  }

  #timedOut(timeout: number): TimeoutError {
    return new TimeoutError('connect', timeout, `${this.#action} timed out after ${timeout} ms`)
  }

  #failure(
    phase: ConnectPhase,
    cause: Error,
    attempts: readonly ConnectAttempt[] = [],
  ): ConnectError {
    const more = attempts.length > 1 ? `; ${attempts.length} addresses tried` : ''
    const message = `${this.#action} failed: ${reasonOf(cause)}${more}`
    const why = phase === 'tls' ? tlsFailureOf(cause) : undefined
    return new ConnectError(phase, message, attempts, { cause, why })
  }

  get #action(): string {
    return `Connecting to "${this.#options.path ?? hostAndPort(this.#host, this.#port)}"`
  }
}

// The last ones of each session: mostly those of the next transport too, which then need none of its own.
const lastOptions = new WeakMap<TLSSessions, SocketTransportOptions>()

function sharedOptions(options: SocketTransportOptions): SocketTransportOptions {
  const { host, alpn, resettable, shared, sessions } = options
  if (sessions === undefined) return options
  const last = lastOptions.get(sessions)
  const same =
    last?.host === host &&
    last?.alpn === alpn &&
    last?.resettable === resettable &&
    last?.shared === shared
  if (last !== undefined && same) return last
  lastOptions.set(sessions, options)
  return options
}

function check({ host, port, path, localAddress, timeout }: ConnectOptions): void {
  if (path === undefined) {
    if (host === undefined || host === '') {
      throw new TypeError('Connecting needs "host" and "port", or "path"')
    }
    if (port === undefined || !Number.isInteger(port) || port < 1 || port > 65_535) {
      throw new RangeError(`Cannot connect to port "${port}": it must be between 1 and 65535`)
    }
  } else if (path === '') throw new TypeError('Cannot connect to path "": it must not be empty')
  if (localAddress !== undefined) checkLocalAddress(localAddress)
  if (timeout !== undefined && !(timeout >= 0)) {
    throw new RangeError(`Cannot connect within "${timeout}" ms: it must be 0 or more`)
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
