/** Makes connections: looks the name up, races the addresses, and leaves nothing behind but the winner. */
import { isIP, connect as openSocket, type Socket } from 'node:net'
import { TimeoutError } from '../concurrency/errors.ts'
import { outsideScopes } from '../concurrency/scope/context.ts'
import { Waiter } from '../concurrency/scope/waiter.ts'
import type { ClockTimer } from '../concurrency/time/clock.ts'
import { clock } from '../concurrency/time/current-clock.ts'
import { ConnectError, type ConnectPhase, hostAndPort, reasonOf } from './errors.ts'
import { type AttemptEvents, ConnectionRace, interleave } from './happy-eyeballs.ts'
import { readInto } from './read-buffer.ts'
import { type ResolvedAddress, type Resolver, systemResolver } from './resolver.ts'
import { SocketTransport } from './socket-transport.ts'
import type { TLSOptions, Transport } from './transport.ts'

export interface ConnectOptions {
  /** A name or an IP address; an IPv6 address may stand in brackets. */
  host?: string
  port?: number
  /** A Unix socket, instead of host and port. */
  path?: string
  tls?: TLSOptions
  /** Default: the system's. */
  resolver?: Resolver
  /** How long all of it may take, in milliseconds. Default: as long as the scope. */
  timeout?: number
  /** The local address to connect from. */
  localAddress?: string
  /**
   * A buffer to read into, which any number of connections may share: their sinks get views of it,
   * `shared`. It saves an allocation for each read.
   */
  readBuffer?: Uint8Array
}

type Target = ResolvedAddress | { readonly path: string }

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
  #timer: ClockTimer | undefined = undefined

  constructor(options: ConnectOptions) {
    this.#options = options
    const { host = '', port = 0, path } = options
    if (path === undefined && host === '') {
      throw new TypeError('Connecting needs "host" and "port", or "path"')
    }
    if (path === undefined && !(Number.isInteger(port) && port > 0 && port < 65_536)) {
      throw new RangeError(`Cannot connect to port "${port}": it must be between 1 and 65535`)
    }
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
    if (path !== undefined) this.#open([{ path }])
    else if (family !== 0) this.#open([{ address: this.#host, family: family === 6 ? 6 : 4 }])
    else void this.#lookUp()
    return this.#waiter.promise
  }

  async #lookUp(): Promise<void> {
    try {
      const { resolver = systemResolver } = this.#options
      const addresses = await resolver.resolve(this.#host)
      if (this.#waiter.settled) return
      if (addresses.length === 0) throw new Error('the name has no addresses')
      this.#open(interleave(addresses))
    } catch (error) {
      this.#fail(this.#error('dns', error as Error))
    }
  }

  #open(targets: readonly Target[]): void {
    outsideScopes(() => {
      this.#race = new ConnectionRace<Target, Socket>(
        targets,
        (target, events) => this.#openSocket(target, events),
        {
          won: (socket) => this.#succeed(socket),
          lost: (failures) => {
            const attempts = failures.map(({ target, error }) => ({
              address: 'path' in target ? target.path : hostAndPort(target.address, this.#port),
              cause: error,
            }))
            const cause = attempts[0]?.cause ?? new Error('there is no address')
            this.#fail(this.#error('tcp', cause, attempts))
          },
        },
      )
      this.#race.start()
    })
  }

  #openSocket(target: Target, events: AttemptEvents<Socket>): Socket {
    const { readBuffer, localAddress } = this.#options
    const socket: Socket = openSocket({
      ...('path' in target
        ? { path: target.path }
        : { host: target.address, port: this.#port, family: target.family }),
      ...(localAddress === undefined ? {} : { localAddress }),
      ...(readBuffer === undefined ? {} : { onread: readInto(readBuffer, () => socket) }),
      allowHalfOpen: true,
      noDelay: true,
      autoSelectFamily: false,
    })
    // The sink says when reading begins.
    socket.pause()
    socket.once('connect', () => events.connected(socket))
    socket.once('error', (error) => events.failed(socket, error))
    return socket
  }

  #succeed(socket: Socket): void {
    this.#timer?.cancel()
    socket.removeAllListeners('connect').removeAllListeners('error')
    const transport = new SocketTransport(socket, {
      resettable: this.#options.path === undefined,
      shared: this.#options.readBuffer !== undefined,
    })
    if (!this.#waiter.resolve(transport)) transport.destroy()
  }

  #fail(error: Error): void {
    this.#stop()
    this.#waiter.reject(error)
  }

  #stop(): void {
    this.#timer?.cancel()
    this.#race?.stop()
  }

  #timedOut(timeout: number): TimeoutError {
    return new TimeoutError('connect', timeout, `${this.#action} timed out after ${timeout} ms`)
  }

  #error(phase: ConnectPhase, cause: Error, attempts: ConnectError['attempts'] = []): ConnectError {
    const more = attempts.length > 1 ? `; ${attempts.length} addresses tried` : ''
    return new ConnectError(phase, `${this.#action} failed: ${reasonOf(cause)}${more}`, attempts, {
      cause,
    })
  }

  get #action(): string {
    const { path = hostAndPort(this.#host, this.#port) } = this.#options
    return `Connecting to "${path}"`
  }
}
