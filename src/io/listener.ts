/**
 * Accepts connections. The connections belong to whoever is given them; the listener counts them,
 * and refuses those over its limit.
 */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { outsideScopes } from '../concurrency/scope/context.ts'
import { Waiter } from '../concurrency/scope/waiter.ts'
import { hostAndPort, ListenError } from './errors.ts'
import { SocketTransport } from './socket-transport.ts'
import type { TLSOptions, Transport } from './transport.ts'

/** Where to listen: a port, or the path of a Unix socket. */
export interface ListenOptions {
  /** The address to bind; by default every address of the machine, IPv6 and IPv4. */
  host?: string
  /** 0, the default: a free one, see `listener.port`. */
  port?: number
  /** A Unix socket, instead of host and port. */
  path?: string
  tls?: TLSOptions
  /** How many connections the system keeps until they are accepted. Default 511. */
  backlog?: number
  /** Connections over this limit are closed at once, and counted. Default 10,000. */
  maxConnections?: number
}

export interface ListenerStatistics {
  /** Open now, handshakes in progress included. */
  readonly connections: number
  /** Accepted since the start. */
  readonly accepted: number
  /** Closed at once since the start, because `maxConnections` were open. */
  readonly refused: number
  /** Failures to accept since the start: no file descriptors left, mostly. */
  readonly failed: number
}

export class Listener {
  /** The port that is listened on; undefined for a Unix socket. */
  readonly port: number | undefined
  /** `host:port`, `[host]:port`, or the path of the Unix socket. */
  readonly address: string
  readonly #server: Server
  readonly #counts: Counts

  /** @internal Made by `listen()`. */
  constructor(server: Server, counts: Counts) {
    this.#server = server
    this.#counts = counts
    const address = server.address() as AddressInfo | string
    this.port = typeof address === 'string' ? undefined : address.port
    this.address =
      typeof address === 'string' ? address : hostAndPort(address.address, address.port)
  }

  get closed(): boolean {
    return !this.#server.listening
  }

  /**
   * Stops accepting; the address is free when it resolves. Connections that are open stay so.
   *
   * Cancellation: has none, it waits for nobody.
   */
  close(): Promise<void> {
    if (this.#server.listening) this.#server.close()
    return Promise.resolve()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  statistics(): ListenerStatistics {
    return { ...this.#counts }
  }
}

interface Counts {
  connections: number
  accepted: number
  refused: number
  failed: number
}

/**
 * Listens, and gives each connection to `onConnection`, which runs outside of every scope and starts
 * the transport.
 *
 * Cancellation: nothing is listened on.
 *
 * @throws ListenError if the address can't be had
 */
export function listen(
  options: ListenOptions,
  onConnection: (transport: Transport) => void,
): Promise<Listener> {
  const { backlog = 511 } = options
  let server: Server | undefined
  const waiter = new Waiter<Listener>(() => server?.close())
  if (waiter.settled) return waiter.promise
  outsideScopes(() => {
    const counts: Counts = { connections: 0, accepted: 0, refused: 0, failed: 0 }
    server = makeServer(options, counts, onConnection)
    const failed = (error: Error): void => {
      waiter.reject(new ListenError(addressOf(options), error))
    }
    server.once('error', failed)
    server.once('listening', () => {
      if (server === undefined || waiter.settled) return
      server.off('error', failed)
      server.on('error', () => counts.failed++)
      waiter.resolve(new Listener(server, counts))
    })
    server.listen(
      options.path === undefined
        ? { host: options.host, port: options.port ?? 0, backlog }
        : { path: options.path, backlog },
    )
  })
  return waiter.promise
}

function makeServer(
  options: ListenOptions,
  counts: Counts,
  onConnection: (transport: Transport) => void,
): Server {
  const left = (): void => {
    counts.connections--
  }
  const tcp = options.path === undefined
  const server = createServer({ allowHalfOpen: true, noDelay: true })
  server.maxConnections = options.maxConnections ?? 10_000
  server.on('drop', () => counts.refused++)
  server.on('connection', (socket: Socket) => {
    counts.connections++
    counts.accepted++
    onConnection(new SocketTransport(socket, { resettable: tcp, onClosed: left }))
  })
  return server
}

function addressOf({ host = '*', port = 0, path }: ListenOptions): string {
  return path ?? hostAndPort(host, port)
}
