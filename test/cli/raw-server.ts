import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'

/** A server that answers a path with bytes that need not be HTTP. */
export class RawServer implements AsyncDisposable {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly requests: string[] = []

  private constructor(answer: (path: string, socket: Socket) => void) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => this.#sockets.delete(socket))
      socket.on('data', (bytes) => {
        const path = /^\S+ (\S+)/.exec(bytes.toString('latin1'))?.[1] ?? ''
        this.requests.push(path)
        answer(path, socket)
      })
    })
  }

  static async listen(answer: (path: string, socket: Socket) => void): Promise<RawServer> {
    const server = new RawServer(answer)
    server.#server.listen(0, '127.0.0.1')
    await once(server.#server, 'listening')
    return server
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get base(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** How many connections are open. */
  get open(): number {
    return this.#sockets.size
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

/** A port on which nobody listens. */
export async function freePort(): Promise<number> {
  await using server = await RawServer.listen(() => {})
  return server.port
}
