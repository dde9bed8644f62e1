/** A server over sockets that fails in the way that each request asks for. */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'

export const behaviours = [
  'plain',
  'chunked',
  'closing',
  'delayed',
  'status 503',
  'reset before',
  'reset in head',
  'reset in body',
  'truncated head',
  'truncated body',
  'truncated chunk',
  'garbage',
  'silent',
] as const
export type Behaviour = (typeof behaviours)[number]

export class FailingServer implements AsyncDisposable {
  readonly origin: string
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(server: Server) {
    this.#server = server
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    server.on('connection', (socket) => this.#serve(socket))
  }

  static async start(): Promise<FailingServer> {
    const server = createServer({ noDelay: true })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new FailingServer(server)
  }

  /** Connections that are open. */
  get open(): number {
    return this.#sockets.size
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    socket.on('error', () => undefined)
    let pending = ''
    socket.setEncoding('latin1').on('data', (text: string) => {
      pending += text
      for (;;) {
        const end = pending.indexOf('\r\n\r\n')
        if (end < 0) return
        const [, number = '', behaviour = ''] = /^GET \/(\d+)\/([\w-]+) /.exec(pending) ?? []
        pending = pending.slice(end + 4)
        answer(socket, number, behaviour.replaceAll('-', ' ') as Behaviour)
      }
    })
  }
}

/** What the body of a whole answer is. */
export function bodyOf(number: number | string): string {
  return `answer ${number} `.repeat(20)
}

function answer(socket: Socket, number: string, behaviour: Behaviour): void {
  const body = bodyOf(number)
  const head = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`
  const chunked = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n`
  switch (behaviour) {
    case 'plain':
      socket.write(head + body)
      break
    case 'chunked':
      socket.write(`${chunked}${body}\r\n0\r\n\r\n`)
      break
    case 'closing':
      socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${body}`)
      break
    case 'delayed':
      setTimeout(() => socket.write(head + body), 3)
      break
    case 'status 503':
      socket.write('HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy')
      break
    case 'reset before':
      socket.resetAndDestroy()
      break
    case 'reset in head':
      socket.write(head.slice(0, 20), () => socket.resetAndDestroy())
      break
    case 'reset in body':
      socket.write(head + body.slice(0, 30), () => socket.resetAndDestroy())
      break
    case 'truncated head':
      socket.end(head.slice(0, 20))
      break
    case 'truncated body':
      socket.end(head + body.slice(0, 30))
      break
    case 'truncated chunk':
      socket.end(chunked + body.slice(0, 30))
      break
    case 'garbage':
      socket.end('SMTP is spoken here\r\n')
      break
    case 'silent':
      break
  }
}
