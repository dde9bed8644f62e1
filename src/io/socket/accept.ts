/**
 * The accepting half of a listener: sockets of Node.js in, transports out, everything counted.
 *
 * With TLS a connection is the listener's own until its handshake is done: only then somebody else
 * can close it. Node.js does not say which accepted socket a secured one was, so they are matched by
 * their two addresses, of which no two open connections have the same. (Unix sockets have none: there
 * an unfinished handshake ends by its time-out.)
 */
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTLSServer, Server as TLSServer, type TLSSocket } from 'node:tls'
import { ServerNames } from './server-names.ts'
import { SocketTransport } from './socket-transport.ts'
import { serverOptions } from './tls-options.ts'
import type { ServerTLSOptions, Transport } from '../transport.ts'

export interface ListenerStatistics {
  /** Open now, those in their TLS handshake included. */
  readonly connections: number
  /** In their TLS handshake now. */
  readonly handshakes: number
  /** Accepted since the start. */
  readonly accepted: number
  /** Closed at once since the start, because `maxConnections` were open. */
  readonly refused: number
  /** Failures to accept, and failed TLS handshakes, since the start. */
  readonly failed: number
}

// RFC 9293 §3.8.4 allows keep-alives that can be turned off; a minute finds dead peers before most
// gateways forget a silent connection.
const keepAliveDelay = 60_000

const socketOptions = {
  // RFC 9293 §3.6: each direction is closed by its own end; we may answer after the peer's FIN.
  allowHalfOpen: true,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: keepAliveDelay,
}

export class Acceptor {
  readonly server: Server
  /** Accepted, not yet through the handshake, by their addresses. */
  readonly #unfinished = new Map<string, Socket>()
  readonly #onConnection: (transport: Transport) => void
  readonly #tls: ServerTLSOptions | undefined
  readonly #names: ServerNames = new ServerNames()
  #connections = 0
  #handshakes = 0
  #accepted = 0
  #refused = 0
  #failed = 0
  #closed = false

  /** `tcp`: whether its sockets can be reset. */
  constructor(
    tcp: boolean,
    tls: ServerTLSOptions | undefined,
    maxConnections: number,
    onConnection: (transport: Transport) => void,
  ) {
    this.#onConnection = onConnection
    this.#tls = tls
    this.server = tls === undefined ? this.#plainServer(tcp) : this.#secureServer(tls)
    this.server.maxConnections = maxConnections
    this.server.on('drop', () => this.#refused++)
  }

  statistics(): ListenerStatistics {
    return {
      connections: this.#connections,
      handshakes: this.#handshakes,
      accepted: this.#accepted,
      refused: this.#refused,
      failed: this.#failed,
    }
  }

  /** Counts what goes wrong from now on, instead of failing by it. */
  listening(): void {
    this.server.on('error', () => this.#failed++)
  }

  /** False if there is no TLS. */
  replaceCertificates(options: ServerTLSOptions): boolean {
    if (this.#tls === undefined || !(this.server instanceof TLSServer)) return false
    const all = { ...this.#tls, ...options }
    const secured = serverOptions(all)
    this.#names.replace(all)
    this.server.setSecureContext(secured)
    return true
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.server.close()
    for (const socket of this.#unfinished.values()) socket.destroy()
  }

  #plainServer(tcp: boolean): Server {
    const onClosed = (): void => {
      this.#connections--
    }
    const options = { resettable: tcp, onClosed }
    return createServer(socketOptions, (socket) => {
      this.#connections++
      this.#accepted++
      this.#onConnection(new SocketTransport(socket, options))
    })
  }

  #secureServer(tls: ServerTLSOptions): Server {
    // Half open only once they are secured: who leaves in the middle of the handshake has left.
    this.#names.replace(tls)
    const server = createTLSServer({
      ...serverOptions(tls),
      SNICallback: (name, done) => done(null, this.#names.find(name)),
      ...socketOptions,
      allowHalfOpen: false,
    })
    server.on('connection', (socket: Socket) => this.#handshakeBegins(socket))
    server.on('tlsClientError', (_error, socket) => {
      this.#handshakes--
      if (!this.#closed) this.#failed++
      // After a time-out Node.js leaves it open.
      socket.destroy()
    })
    server.on('secureConnection', (socket) => this.#handshakeDone(socket))
    return server
  }

  #handshakeBegins(socket: Socket): void {
    const key = endpointsOf(socket)
    this.#connections++
    this.#accepted++
    this.#handshakes++
    if (key !== undefined) this.#unfinished.set(key, socket)
    // Node.js destroys the one with the other, so this tells of both.
    socket.once('close', () => {
      this.#connections--
      if (key !== undefined && this.#unfinished.get(key) === socket) this.#unfinished.delete(key)
    })
  }

  #handshakeDone(socket: TLSSocket): void {
    const key = endpointsOf(socket)
    if (key !== undefined) this.#unfinished.delete(key)
    this.#handshakes--
    socket.allowHalfOpen = true
    if (this.#closed) socket.destroy()
    else this.#onConnection(new SocketTransport(socket, { alpn: socket.alpnProtocol }))
  }
}

function endpointsOf({ remoteAddress, remotePort, localAddress }: Socket): string | undefined {
  return remotePort === undefined ? undefined : `${remoteAddress} ${remotePort} ${localAddress}`
}
