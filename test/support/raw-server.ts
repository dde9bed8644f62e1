import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTLSServer, type TlsOptions } from 'node:tls'
import { PeerLeftError, RawConnection } from './raw-connection.ts'

/** What the server does with one connection; `index` counts them from 0. */
export type RawScript = (connection: RawConnection, index: number) => Promise<void> | void

export interface RawServerOptions {
  host?: string
  /** A Unix socket instead of a port. */
  path?: string
  tls?: TlsOptions
}

/** A server that speaks by script: it breaks every rule that a test wants broken. */
export class RawServer implements AsyncDisposable {
  /** All there have been, in the order in which they came. */
  readonly connections: RawConnection[] = []
  readonly port: number
  /** `http://127.0.0.1:port`. */
  readonly origin: string
  readonly #server: Server
  /** Those in their TLS handshake too. */
  readonly #sockets = new Set<Socket>()
  readonly #failures: unknown[] = []
  readonly #waiting = new Set<() => void>()

  /** Made by `rawServer()`. */
  constructor(server: Server, script: RawScript, secure: boolean) {
    const address = server.address() as AddressInfo | string
    this.#server = server
    this.port = typeof address === 'string' ? 0 : address.port
    this.origin = `${secure ? 'https' : 'http'}://127.0.0.1:${this.port}`
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    server.on(secure ? 'secureConnection' : 'connection', (socket: Socket) => {
      const connection = new RawConnection(socket)
      const index = this.connections.push(connection) - 1
      void this.#play(script, connection, index)
      for (const look of Array.from(this.#waiting)) look()
    })
  }

  /** How many are open now. */
  get open(): number {
    return this.connections.filter(({ closed }) => !closed).length
  }

  /** Resolves with connection number `index`, counted from 0, when it is there. */
  connection(index = 0): Promise<RawConnection> {
    return new Promise((resolve) => {
      const look = (): void => {
        const connection = this.connections[index]
        if (connection === undefined) return
        this.#waiting.delete(look)
        resolve(connection)
      }
      this.#waiting.add(look)
      look()
    })
  }

  /**
   * Closes the port and every connection.
   *
   * @throws AggregateError if scripts failed, other than by their peer's leaving
   */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const connection of this.connections) connection.destroy()
    for (const socket of this.#sockets) socket.destroy()
    await closed
    const failures = this.#failures.splice(0)
    if (failures.length > 0) throw new AggregateError(failures, `${failures.length} scripts failed`)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #play(script: RawScript, connection: RawConnection, index: number): Promise<void> {
    try {
      await script(connection, index)
    } catch (error) {
      if (error instanceof PeerLeftError) return
      this.#failures.push(error)
      connection.destroy()
    }
  }
}

/** Listens on a free port of 127.0.0.1 and plays `script` with each who connects. */
export async function rawServer(
  script: RawScript,
  options: RawServerOptions = {},
): Promise<RawServer> {
  const { host = '127.0.0.1', path, tls } = options
  const how = { allowHalfOpen: true, noDelay: true }
  const server = tls === undefined ? createServer(how) : createTLSServer({ ...tls, ...how })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path === undefined ? { host, port: 0 } : { path }, resolve)
  })
  return new RawServer(server, script, tls !== undefined)
}

/** A script that takes one request after the other and answers each with the same bytes. */
export function answering(response: string | Uint8Array): RawScript {
  return async (connection) => {
    for (;;) {
      await connection.message()
      await connection.send(response)
    }
  }
}

/** A whole response with a right length, for scripts. */
export function rawResponse(
  body: string,
  options: { status?: string; fields?: string } = {},
): string {
  const { status = '200 OK', fields = '' } = options
  return `HTTP/1.1 ${status}\r\nContent-Length: ${Buffer.byteLength(body, 'latin1')}\r\n${fields}\r\n${body}`
}
