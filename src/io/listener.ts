/**
 * Listens on a port or a path. When the process runs out of file descriptors, libuv itself accepts
 * and closes what waits, with a descriptor that it keeps for that: clients are told at once, and the
 * loop does not spin. So there is no back-off here.
 */
import { chmodSync, lstatSync, unlinkSync } from 'node:fs'
import { type AddressInfo, connect as openSocket, type Server } from 'node:net'
import { outsideScopes } from '../concurrency/scope/context.ts'
import { Waiter } from '../concurrency/scope/waiter.ts'
import type { Names } from '../util/known-names.ts'
import { SpoolError } from '../util/error.ts'
import { Acceptor, type ListenerStatistics } from './socket/accept.ts'
import { errnoOf, hostAndPort, ListenError } from './errors.ts'
import type { ServerTLSOptions, Transport } from './transport.ts'

/** Where to listen: a port, or the path of a Unix socket. */
export interface ListenOptions {
  /** The address to bind; by default every address of the machine, IPv6 and IPv4. */
  host?: string
  /** 0, the default: a free one, see `listener.port`. */
  port?: number
  /** A Unix socket, instead of host and port. One that a dead process has left behind is replaced. */
  path?: string
  /** Who may connect to the Unix socket: the mode of its file, such as `0o660`. Default: by the umask. */
  mode?: number
  tls?: ServerTLSOptions
  /** How many connections the system keeps until they are accepted. Default 511. */
  backlog?: number
  /** Connections over this limit are closed at once, and counted. Default 10,000. */
  maxConnections?: number
  /** Whether several processes may listen on the same port, and the system shares out. Default false. */
  reusePort?: boolean
}

export const listenNames: Names<ListenOptions> = {
  host: true,
  port: true,
  path: true,
  mode: true,
  tls: true,
  backlog: true,
  maxConnections: true,
  reusePort: true,
}

/** What `listen()` gives. */
export class Listener {
  /** The port that is listened on; undefined for a Unix socket. */
  readonly port: number | undefined
  /** `host:port`, `[host]:port`, or the path of the Unix socket. */
  readonly address: string
  readonly #acceptor: Acceptor

  /** @internal Made by `listen()`. */
  constructor(acceptor: Acceptor) {
    this.#acceptor = acceptor
    const address = acceptor.server.address() as AddressInfo | string
    this.port = typeof address === 'string' ? undefined : address.port
    this.address =
      typeof address === 'string' ? address : hostAndPort(address.address, address.port)
  }

  get closed(): boolean {
    return !this.#acceptor.server.listening
  }

  /**
   * Takes other certificates for the connections to come.
   *
   * @throws TypeError if it listens without TLS, or they can't be read; the old ones stay in force
   */
  replaceCertificates(
    options: Pick<ServerTLSOptions, 'ca' | 'cert' | 'key' | 'passphrase' | 'names'>,
  ): void {
    if (!this.#acceptor.replaceCertificates(options)) {
      throw new TypeError(`Cannot replace certificates: "${this.address}" listens without TLS`)
    }
  }

  /**
   * Stops accepting, and gives up TLS handshakes in progress. The address is free when it resolves.
   * Connections that were given out stay open. Calling it again does nothing.
   *
   * Cancellation: has none, it waits for nobody.
   */
  close(): Promise<void> {
    this.#acceptor.close()
    return Promise.resolve()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  statistics(): ListenerStatistics {
    return this.#acceptor.statistics()
  }
}

/**
 * Listens, and gives each connection to `onConnection`, which is called outside of every scope, must
 * not throw, and starts the transport. With TLS, the handshake is done by then.
 *
 * Cancellation: nothing is listened on.
 *
 * @throws ListenError if the address can't be had
 */
export async function listen(
  options: ListenOptions,
  onConnection: (transport: Transport) => void,
): Promise<Listener> {
  check(options)
  const { path, tls, maxConnections = 10_000 } = options
  const acceptor = outsideScopes(
    () => new Acceptor(path === undefined, tls, maxConnections, onConnection),
  )
  try {
    await bind(acceptor.server, options)
  } catch (error) {
    const inUse = path !== undefined && errnoOf(error as Error) === 'EADDRINUSE'
    if (!inUse || (await answers(path))) throw refusal(options, error)
    await bindAgain(acceptor.server, options, path)
  }
  if (path !== undefined && options.mode !== undefined) setMode(acceptor.server, path, options.mode)
  acceptor.listening()
  return new Listener(acceptor)
}

function setMode(server: Server, path: string, mode: number): void {
  try {
    chmodSync(path, mode)
  } catch (error) {
    server.close()
    throw new ListenError(path, error as Error)
  }
}

/** Removes the file of a Unix socket that nobody listens on any more; any other file is left alone. */
export async function removeStaleSocket(path: string): Promise<void> {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return
  if (!(await answers(path))) unlinkSync(path)
}

async function bindAgain(server: Server, options: ListenOptions, path: string): Promise<void> {
  try {
    unlinkSync(path)
    await bind(server, options)
  } catch (error) {
    throw refusal(options, error)
  }
}

function bind(server: Server, options: ListenOptions): Promise<void> {
  const { host, port = 0, path, backlog = 511, reusePort = false } = options
  const waiter = new Waiter<void>(() => server.close())
  if (waiter.settled) return waiter.promise
  outsideScopes(() => {
    const listening = (): void => {
      server.off('error', failed)
      // A name as host is looked up first, and that can't be taken back.
      if (!waiter.resolve()) server.close()
    }
    const failed = (error: Error): void => {
      server.off('listening', listening)
      waiter.reject(error)
    }
    server.once('listening', listening)
    server.once('error', failed)
    server.listen(path === undefined ? { host, port, backlog, reusePort } : { path, backlog })
  })
  return waiter.promise
}

/** Whether somebody accepts connections at `path`, or it is no socket at all. */
function answers(path: string): Promise<boolean> {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isSocket()) return Promise.resolve(true)
  const waiter = new Waiter<boolean>(() => probe?.destroy())
  const probe = waiter.settled ? undefined : outsideScopes(() => openSocket({ path }))
  probe?.once('connect', () => {
    probe.destroy()
    waiter.resolve(true)
  })
  probe?.once('error', (error) => waiter.resolve(errnoOf(error) !== 'ECONNREFUSED'))
  return waiter.promise
}

function refusal({ host = '*', port = 0, path }: ListenOptions, error: unknown): Error {
  if (SpoolError.is(error)) return error
  return new ListenError(path ?? hostAndPort(host, port), error as Error)
}

function check({ host, port = 0, path, mode, maxConnections = 1 }: ListenOptions): void {
  if (mode !== undefined && (path === undefined || !(mode >= 0 && mode <= 0o777))) {
    throw new TypeError('Listening takes "mode", 0o000 to 0o777, with "path" alone')
  }
  if (path !== undefined && (host !== undefined || port !== 0)) {
    throw new TypeError('Listening takes "path", or "host" and "port", and not both')
  }
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new RangeError(`Cannot listen on port "${port}": it must be between 0 and 65535`)
  }
  if (!(maxConnections >= 1)) {
    throw new RangeError(`Cannot allow "${maxConnections}" connections: it must be 1 or more`)
  }
}
