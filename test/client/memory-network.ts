/** Servers without sockets: each connection that a session opens is in the hands of the test. */
import { ClientSession, type ClientSessionOptions } from '../../src/client/index.ts'
import type { ClientHost } from '../../src/client/connection/client-host.ts'
import { memoryPair, type MemoryTransport } from '../../src/io/memory-transport.ts'
import type { Transport } from '../../src/io/transport.ts'
import { Waiter } from '../../src/concurrency/scope/waiter.ts'

/** The server's end of one connection. */
export class MemoryPeer {
  readonly host: ClientHost
  ended = false
  isClosed = false
  error: Error | undefined = undefined
  readonly #transport: MemoryTransport
  #pending = ''
  readonly #waiting = new Set<() => void>()

  constructor(host: ClientHost, transport: MemoryTransport) {
    this.host = host
    this.#transport = transport
    transport.start({
      data: (bytes) => {
        this.#pending += Buffer.from(bytes).toString('latin1')
        this.#look()
      },
      end: () => {
        this.ended = true
        this.#look()
      },
      drain: () => undefined,
      closed: (error) => {
        this.isClosed = true
        this.error = error
        this.#look()
      },
    })
  }

  /** What came and was not taken, as latin1. */
  get pending(): string {
    return this.#pending
  }

  /** Takes one request: its head, and the body that its length tells of. */
  async request(): Promise<{ line: string; fields: string[]; body: string }> {
    await this.#until(() => this.#pending.includes('\r\n\r\n') || this.isClosed)
    const end = this.#pending.indexOf('\r\n\r\n')
    if (end < 0) throw new Error('The client has gone')
    const [line = '', ...fields] = this.#pending.slice(0, end).split('\r\n')
    this.#pending = this.#pending.slice(end + 4)
    const length = Number(/content-length: (\d+)/i.exec(fields.join('\r\n'))?.[1] ?? 0)
    await this.#until(() => this.#pending.length >= length || this.isClosed)
    const body = this.#pending.slice(0, length)
    this.#pending = this.#pending.slice(length)
    return { line, fields, body }
  }

  /** Takes what comes until `mark`, which is taken too. */
  async readUntil(mark: string): Promise<string> {
    await this.#until(() => this.#pending.includes(mark) || this.isClosed)
    const end = this.#pending.indexOf(mark) + mark.length
    const read = this.#pending.slice(0, end)
    this.#pending = this.#pending.slice(end)
    return read
  }

  send(bytes: string | Uint8Array): void {
    this.#transport.write(bytes)
  }

  /** Takes a request, and answers it with a body of that text. */
  async answer(body: string, fields = ''): Promise<void> {
    await this.request()
    this.send(response(body, fields))
  }

  end(): void {
    this.#transport.end()
  }

  reset(): void {
    this.#transport.reset()
  }

  pause(): void {
    this.#transport.pause()
  }

  resume(): void {
    this.#transport.resume()
  }

  /** Resolves when the client has closed its end. */
  untilLeft(): Promise<void> {
    return this.#until(() => this.isClosed || this.ended)
  }

  #look(): void {
    for (const look of Array.from(this.#waiting)) look()
  }

  #until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return
        this.#waiting.delete(look)
        resolve()
      }
      this.#waiting.add(look)
      look()
    })
  }
}

export class MemoryNetwork {
  /** All connections, in the order in which they were opened. */
  readonly peers: MemoryPeer[] = []
  /** What opening does, in the place of succeeding. */
  failure: Error | 'never' | undefined = undefined
  highWaterMark = 65_536
  readonly #waiting = new Set<() => void>()

  session(options?: ClientSessionOptions): ClientSession {
    return new ClientSession(options, (host) => this.#open(host))
  }

  /** Resolves with connection number `index`, counted from 0, when it is there. */
  peer(index = 0): Promise<MemoryPeer> {
    return new Promise((resolve) => {
      const look = (): void => {
        const peer = this.peers[index]
        if (peer === undefined) return
        this.#waiting.delete(look)
        resolve(peer)
      }
      this.#waiting.add(look)
      look()
    })
  }

  /** How many connections the client has not closed. */
  get open(): number {
    return this.peers.filter(({ isClosed, ended }) => !isClosed && !ended).length
  }

  #open(host: ClientHost): Promise<Transport> {
    if (this.failure === 'never') return new Waiter<Transport>().promise
    if (this.failure !== undefined) return Promise.reject(this.failure)
    const [client, server] = memoryPair({ shared: true, highWaterMark: this.highWaterMark })
    this.peers.push(new MemoryPeer(host, server))
    for (const look of Array.from(this.#waiting)) look()
    return Promise.resolve(client)
  }
}

/** A whole response with a right length. */
export function response(body: string, fields = '', status = '200 OK'): string {
  const bytes = Buffer.from(body)
  const head = `HTTP/1.1 ${status}\r\nContent-Length: ${bytes.length}\r\n${fields}\r\n`
  return head + bytes.toString('latin1')
}
