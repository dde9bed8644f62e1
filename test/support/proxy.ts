/** Proxies for tests: they pass on what they are asked to, and tell what they were told. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTLSServer, type TlsOptions } from 'node:tls'

export interface TestProxyOptions {
  tls?: TlsOptions
  /** Names that it can connect to, besides addresses. */
  names?: Readonly<Record<string, string>>
  /** What an HTTP proxy answers in the place of passing on. */
  refusal?: string
  /** Bytes that an HTTP proxy sends right behind its answer to CONNECT. */
  behind?: string
  /** For SOCKS: wants these. */
  credentials?: { username: string; password: string }
  /** For SOCKS: the reply to a request for this host. */
  reply?: (host: string) => number
}

export class TestProxy implements AsyncDisposable {
  readonly port: number
  /** The heads that an HTTP proxy was sent; hosts and ports that a SOCKS proxy was asked for. */
  readonly asked: string[] = []
  /** How many connections there have been. */
  connections = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  constructor(server: Server, talk: (socket: Socket, proxy: TestProxy) => Promise<void>) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
    const secure = 'setSecureContext' in server
    server.on('connection', (socket: Socket) => this.keep(socket))
    server.on(secure ? 'secureConnection' : 'connection', (socket: Socket) => {
      this.connections++
      this.keep(socket)
      talk(socket, this).catch(() => socket.destroy())
    })
  }

  keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => this.#sockets.delete(socket))
  }

  /** Sockets that are open, to clients and to servers. */
  get open(): number {
    return this.#sockets.size
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }
}

export function httpProxy(options: TestProxyOptions = {}): Promise<TestProxy> {
  return listen(options, async (socket, proxy) => {
    const head = await readUntil(socket, '\r\n\r\n')
    proxy.asked.push(head)
    if (options.refusal !== undefined) {
      socket.end(options.refusal)
      return
    }
    const [method = '', target = ''] = head.split(' ')
    const url = new URL(method === 'CONNECT' ? `http://${target}` : target)
    const server = await dial(proxy, addressOf(url.hostname, options), Number(url.port || 80))
    if (method === 'CONNECT') {
      socket.write(`HTTP/1.1 200 Connection established\r\n\r\n${options.behind ?? ''}`)
    } else server.write(head.replace(target, url.pathname + url.search), 'latin1')
    socket.pipe(server).pipe(socket)
  })
}

export function socksProxy(options: TestProxyOptions = {}): Promise<TestProxy> {
  const { credentials, reply = () => 0 } = options
  return listen(options, async (socket, proxy) => {
    const [, count = 0] = await read(socket, 2)
    const methods = await read(socket, count)
    const method = credentials === undefined ? 0 : 2
    socket.write(Uint8Array.of(5, methods.includes(method) ? method : 255))
    if (!methods.includes(method)) return
    if (credentials !== undefined) {
      await read(socket, 1)
      const username = String(await read(socket, (await read(socket, 1))[0] ?? 0))
      const password = String(await read(socket, (await read(socket, 1))[0] ?? 0))
      const known = username === credentials.username && password === credentials.password
      socket.write(Uint8Array.of(1, known ? 0 : 1))
      if (!known) return
    }
    const [, , , type] = await read(socket, 4)
    let host: string
    if (type === 1) host = Array.from(await read(socket, 4)).join('.')
    else if (type === 4) host = (await read(socket, 16)).toString('hex')
    else host = String(await read(socket, (await read(socket, 1))[0] ?? 0))
    const port = (await read(socket, 2)).readUInt16BE()
    proxy.asked.push(`${host}:${port}`)
    const code = reply(host)
    if (code !== 0) {
      socket.end(Uint8Array.of(5, code, 0, 1, 0, 0, 0, 0, 0, 0))
      return
    }
    const server = await dial(proxy, addressOf(host, options), port)
    socket.write(Uint8Array.of(5, 0, 0, 1, 127, 0, 0, 1, 0, 80))
    socket.pipe(server).pipe(socket)
  })
}

function addressOf(host: string, { names = {} }: TestProxyOptions): string {
  if (/^[\d.]+$/.test(host)) return host
  const address = names[host]
  if (address === undefined) throw new Error(`The proxy does not know "${host}"`)
  return address
}

async function listen(
  { tls }: TestProxyOptions,
  talk: (socket: Socket, proxy: TestProxy) => Promise<void>,
): Promise<TestProxy> {
  const server = tls === undefined ? createServer() : createTLSServer(tls)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return new TestProxy(server, talk)
}

function dial(proxy: TestProxy, host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port })
    proxy.keep(socket)
    socket.once('connect', () => resolve(socket))
    socket.once('error', reject)
  })
}

async function readUntil(socket: Socket, mark: string): Promise<string> {
  let text = ''
  while (!text.endsWith(mark)) text += (await read(socket, 1)).toString('latin1')
  return text
}

async function read(socket: Socket, length: number): Promise<Buffer> {
  for (;;) {
    const bytes = socket.read(length) as Buffer | null
    if (bytes !== null) return bytes
    if (socket.destroyed || socket.readableEnded) throw new Error('The client has left')
    await new Promise<void>((resolve) => {
      const ready = (): void => {
        socket.off('readable', ready).off('end', ready).off('close', ready)
        resolve()
      }
      socket.on('readable', ready).on('end', ready).on('close', ready)
    })
  }
}
