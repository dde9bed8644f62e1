/** UDP endpoints: bound to a port of ours, or connected to one of somebody else's. */
import { createSocket, type Socket } from 'node:dgram'
import { isIP } from 'node:net'
import { outsideScopes } from '../../concurrency/scope/context.ts'
import { Waiter } from '../../concurrency/scope/waiter.ts'
import { ConnectError, hostAndPort, ListenError, reasonOf } from '../errors.ts'
import { type Resolver, systemResolver } from '../resolver.ts'
import { checkOptions, show } from '../../concurrency/scope/arguments.ts'
import { checkNames, type Names } from '../../util/known-names.ts'
import { checkSize } from '../streams/check-size.ts'
import { type QueueLimits, UDPSocket } from './udp-socket.ts'

export interface UDPOptions extends Partial<QueueLimits> {
  /** The address to bind. Default: all of them, of IPv4; with an IPv6 address, of that family. */
  host?: string
  /** The local port; 0, the default: a free one. */
  port?: number
  /** Whether several processes may bind the same port, and the system shares out. Default false. */
  reusePort?: boolean
  /** Whether datagrams may be sent to broadcast addresses. Default false. */
  broadcast?: boolean
}

export interface ConnectUDPOptions extends Partial<QueueLimits> {
  /** A name or an IP address. */
  host: string
  port: number
  /** Default: the system's. */
  resolver?: Resolver
}

const limitNames: Names<QueueLimits> = { maxQueue: true, maxQueueBytes: true }
const bindNames: Names<UDPOptions> = {
  ...limitNames,
  host: true,
  port: true,
  reusePort: true,
  broadcast: true,
}
const connectNames: Names<ConnectUDPOptions> = {
  ...limitNames,
  host: true,
  port: true,
  resolver: true,
}

/** An endpoint that receives from everybody and sends to anybody. Made by `bindUDP()`. */
export class UDPEndpoint extends UDPSocket {
  /**
   * Sends a datagram to an IP address. That it was sent does not mean that it arrives.
   *
   * Cancellation: if the scope was cancelled before, nothing is sent.
   *
   * @throws BrokenResourceError if the system refuses it, for its size or its target
   */
  async send(data: Uint8Array | string, to: { address: string; port: number }): Promise<void> {
    // A name would be looked up for each datagram, in one of four threads.
    if (isIP(to.address) === 0) {
      throw new TypeError(`Cannot send to "${to.address}": it must be an IP address`)
    }
    checkPort(to.port)
    await this.sendBy((done) => this.socket.send(data, to.port, to.address, done))
  }

  /** Takes part in a multicast group from now on. */
  joinGroup(address: string, localInterface?: string): void {
    this.socket.addMembership(address, localInterface)
  }

  leaveGroup(address: string, localInterface?: string): void {
    this.socket.dropMembership(address, localInterface)
  }
}

/** An endpoint that has one peer, and hears of it alone. Made by `connectUDP()`. */
export class ConnectedUDPEndpoint extends UDPSocket {
  /**
   * Sends a datagram to the peer. That it was sent does not mean that it arrives.
   *
   * Cancellation: if the scope was cancelled before, nothing is sent.
   *
   * @throws BrokenResourceError if the system refuses it, or the peer was not there for the one before
   */
  send(data: Uint8Array | string): Promise<void> {
    return this.sendBy((done) => this.socket.send(data, done))
  }
}

/**
 * Binds a UDP port.
 *
 * ```ts
 * await using server = await bindUDP({ host: '127.0.0.1' })
 * await using client = await connectUDP({ host: '127.0.0.1', port: server.port })
 * await client.send('ping')
 * const { data, address, port } = await server.receive()
 * await server.send(data, { address, port })
 * console.log(Buffer.from((await client.receive()).data).toString()) // → ping
 * ```
 *
 * Cancellation: nothing is bound.
 *
 * @throws ListenError if the address can't be had
 */
export async function bindUDP(options: UDPOptions = {}): Promise<UDPEndpoint> {
  checkNames(options, bindNames, 'bindUDP()')
  const { host = '0.0.0.0', port = 0, reusePort = false, broadcast = false } = options
  if (isIP(host) === 0) {
    throw new TypeError(`Cannot bind "${host}": it must be an IP address`)
  }
  if (port !== 0) checkPort(port)
  const limits = limitsOf(options)
  const type = isIP(host) === 6 ? 'udp6' : 'udp4'
  const socket = outsideScopes(() => createSocket({ type, reusePort }))
  const opened = await settled(socket, () => socket.bind(port, host), 'listening')
  if (opened !== undefined) throw new ListenError(hostAndPort(host, port), opened)
  if (broadcast) socket.setBroadcast(true)
  return new UDPEndpoint(socket, limits)
}

/**
 * Opens a UDP endpoint whose only peer is `host` and `port`.
 *
 * Cancellation: nothing is left open.
 *
 * @throws ConnectError of phase `dns` if the name is not known
 */
export async function connectUDP(options: ConnectUDPOptions): Promise<ConnectedUDPEndpoint> {
  checkOptions('UDP endpoint', options, "{ host: '127.0.0.1', port: 53 }")
  checkNames(options, connectNames, 'connectUDP()')
  const { host, port, resolver = systemResolver } = options
  if (typeof host !== 'string' || host === '') {
    throw new TypeError(`Cannot connect to host ${show(host)}: expected a name or an address`)
  }
  checkPort(port)
  const limits = limitsOf(options)
  const { address, family } = await addressOf(host, port, resolver)
  const socket = outsideScopes(() => createSocket(family === 6 ? 'udp6' : 'udp4'))
  const opened = await settled(socket, () => socket.connect(port, address), 'connect')
  if (opened !== undefined) {
    const message = `Connecting to "${hostAndPort(host, port)}" failed: ${reasonOf(opened)}`
    throw new ConnectError('tcp', message, [], { cause: opened })
  }
  return new ConnectedUDPEndpoint(socket, limits)
}

async function addressOf(
  host: string,
  port: number,
  resolver: Resolver,
): Promise<{ address: string; family: 4 | 6 }> {
  const family = isIP(host)
  if (family !== 0) return { address: host, family: family === 6 ? 6 : 4 }
  try {
    const [first] = await resolver.resolve(host)
    if (first !== undefined) return first
    throw new Error('the name has no addresses')
  } catch (error) {
    const message = `Connecting to "${hostAndPort(host, port)}" failed: ${reasonOf(error as Error)}`
    throw new ConnectError('dns', message, [], { cause: error })
  }
}

/** Waits for the event; what failed instead. A socket that came to nothing is closed. */
async function settled(
  socket: Socket,
  begin: () => void,
  event: 'connect' | 'listening',
): Promise<Error | undefined> {
  const waiter = new Waiter<Error | undefined>(() => socket.close(), undefined, `"${event}"`)
  if (!waiter.settled) {
    outsideScopes(() => {
      const failed = (error: Error): void => {
        if (waiter.resolve(error)) socket.close()
      }
      socket.once('error', failed)
      socket.once(event, () => {
        socket.off('error', failed)
        waiter.resolve(undefined)
      })
      begin()
    })
  }
  return waiter.promise
}

function limitsOf({
  maxQueue = 1000,
  maxQueueBytes = 4_194_304,
}: Partial<QueueLimits>): QueueLimits {
  checkSize('maxQueueBytes', maxQueueBytes, 1)
  if (!(maxQueue >= 1)) throw new RangeError(`Invalid maxQueue ${maxQueue}: expected 1 or more`)
  return { maxQueue, maxQueueBytes }
}

function checkPort(port: number): void {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new RangeError(`Invalid port "${port}": it must be between 1 and 65535`)
  }
}
