/**
 * The way from a session to a server in memory, which stops where a test tells it to: a name is looked up, a
 * proxy connected to and asked for a tunnel, TLS started in it, and a server answers.
 */
import { ClientSession, type ClientMiddleware } from 'spool/client'
import { Opener } from '../../../src/client/connection/opener.ts'
import { Waiter } from '../../../src/concurrency/scope/waiter.ts'
import type { ConnectOptions } from '../../../src/io/connect.ts'
import { memoryPair, type MemoryTransport } from '../../../src/io/memory-transport.ts'
import type { ResolvedAddress } from '../../../src/io/resolver.ts'
import type { Sink, Transport } from '../../../src/io/transport.ts'
import { MemoryPeer, redirect, response, type SeenRequest } from './memory-server.ts'

export const phases = [
  'queue',
  'DNS',
  'connect',
  'proxy',
  'TLS',
  'send head',
  'wait for 100',
  'send body',
  'wait head',
  'read body',
  'redirect',
  'read redirect',
  'answer to a challenge',
  'retry pause',
] as const
export type Phase = (typeof phases)[number]

/** What is between the session and the server. */
export type Way = 'tunnel' | 'forward' | 'SOCKS' | 'direct'

const proxies: Readonly<Record<Way, string | false>> = {
  tunnel: 'http://proxy.test:3128',
  forward: 'http://proxy.test:3128',
  SOCKS: 'socks5h://proxy.test:1080',
  direct: false,
}

/** Whether there is such a step on the way. */
export function isOn(way: Way, phase: Phase): boolean {
  if (phase === 'proxy') return way === 'tunnel' || way === 'SOCKS'
  return phase !== 'TLS' || way !== 'forward'
}

export const body = '"hello"\n'
const fields = 'Content-Type: text/event-stream\r\n'
const challenge = 'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth"\r\n'

export class Network {
  stuckAt: Phase | undefined
  readonly way: Way
  readonly url: string
  readonly ends: MemoryTransport[] = []
  readonly #lookups: PromiseWithResolvers<readonly ResolvedAddress[]>[] = []
  readonly #peers: MemoryPeer[] = []

  constructor(stuckAt: Phase, way: Way) {
    this.stuckAt = stuckAt
    this.way = way
    this.url = `${way === 'forward' ? 'http' : 'https'}://host.test/start`
  }

  session(middleware: readonly ClientMiddleware[]): ClientSession {
    const options = {
      proxy: proxies[this.way],
      limit: 1,
      middleware,
      resolver: { resolve: () => this.#resolve() },
    }
    const opener = new Opener(options, (options) => this.#dial(options))
    this.opener = opener
    return new ClientSession(options, opener.open)
  }

  opener: Opener | undefined = undefined

  /** Lets everything through that comes from now on, and what waits for the name server. */
  heal(): void {
    this.stuckAt = undefined
    for (const lookup of this.#lookups) lookup.resolve([{ address: '192.0.2.1', family: 4 }])
    for (const peer of this.#peers) peer.resume()
  }

  #resolve(): Promise<readonly ResolvedAddress[]> {
    const lookup = Promise.withResolvers<readonly ResolvedAddress[]>()
    this.#lookups.push(lookup)
    if (this.stuckAt !== 'DNS') lookup.resolve([{ address: '192.0.2.1', family: 4 }])
    return lookup.promise
  }

  async #dial({ host = '', resolver, tls }: ConnectOptions): Promise<Transport> {
    await resolver?.resolve(host)
    if (this.stuckAt === 'connect') return new Waiter<Transport>().promise
    const [client, server] = memoryPair({ shared: true })
    this.ends.push(client)
    const peer = new MemoryPeer(client, server)
    this.#peers.push(peer)
    // A client that leaves ends it.
    this.#serve(peer).catch(() => undefined)
    const transport = new PretendedTLS(client, () => this.stuckAt === 'TLS')
    // Over a proxy it is started when there is a tunnel.
    return tls === undefined ? transport : transport.startTLS()
  }

  async #serve(peer: MemoryPeer): Promise<void> {
    await this.#meet(peer)
    void this.#want(peer)
    for (;;) {
      const bytes = this.#answerTo(await peer.request())
      if (bytes !== undefined) peer.send(bytes)
    }
  }

  // Says to the first body that waits that it is wanted.
  async #want(peer: MemoryPeer): Promise<void> {
    await peer.untilPending('Expect: ')
    if (this.stuckAt !== 'wait for 100') peer.send('HTTP/1.1 100 Continue\r\n\r\n')
  }

  // What comes before the first request.
  async #meet(peer: MemoryPeer): Promise<void> {
    const { stuckAt, way } = this
    const slow = stuckAt === 'send head' || stuckAt === 'send body'
    if (way === 'tunnel') await peer.request()
    if (way === 'SOCKS') await peer.skip(3)
    if (stuckAt === 'proxy') await new Promise(() => undefined)
    if (way === 'SOCKS') {
      peer.send(Uint8Array.of(5, 0))
      await peer.skip(4 + 1 + 'host.test'.length + 2)
    }
    if (slow) peer.pause()
    if (way === 'tunnel') peer.send('HTTP/1.1 200 Connection established\r\n\r\n')
    if (way === 'SOCKS') peer.send(Uint8Array.of(5, 0, 0, 1, 127, 0, 0, 1, 0, 80))
  }

  #answerTo({ target, headers }: SeenRequest): Uint8Array | undefined {
    const { stuckAt } = this
    if (stuckAt === 'wait head' || stuckAt === 'queue') return undefined
    if (stuckAt === 'read body') return response(body, { fields }).subarray(0, -3)
    if (stuckAt === 'redirect')
      return target.endsWith('/start') ? redirect(302, '/next') : undefined
    if (stuckAt === 'read redirect') return redirect(302, '/next').subarray(0, -3)
    if (stuckAt === 'answer to a challenge') {
      if (headers['authorization'] !== undefined) return undefined
      return response('', { status: '401 Who', fields: challenge })
    }
    if (stuckAt === 'retry pause') return response('', { status: '503 Busy' })
    return response(body, { fields })
  }
}

/** A transport on which TLS starts at once, or never. */
class PretendedTLS implements Transport {
  readonly #inner: MemoryTransport
  readonly #stuck: () => boolean

  constructor(inner: MemoryTransport, stuck: () => boolean) {
    this.#inner = inner
    this.#stuck = stuck
  }

  startTLS(): Promise<Transport> {
    if (!this.#stuck()) return Promise.resolve(this.#inner)
    return new Waiter<Transport>(() => this.#inner.destroy()).promise
  }

  start(sink: Sink): void {
    this.#inner.start(sink)
  }

  write(data: Uint8Array | string): boolean {
    return this.#inner.write(data)
  }

  cork(): void {
    this.#inner.cork()
  }

  uncork(): void {
    this.#inner.uncork()
  }

  pause(): void {
    this.#inner.pause()
  }

  resume(): void {
    this.#inner.resume()
  }

  unread(bytes: Uint8Array): void {
    this.#inner.unread(bytes)
  }

  end(): void {
    this.#inner.end()
  }

  destroy(error?: Error): void {
    this.#inner.destroy(error)
  }

  reset(error?: Error): void {
    this.#inner.reset(error)
  }

  get bytesWritten(): number {
    return this.#inner.bytesWritten
  }

  get bytesQueued(): number {
    return this.#inner.bytesQueued
  }

  get remoteAddress(): string | undefined {
    return this.#inner.remoteAddress
  }

  get alpn(): string | undefined {
    return this.#inner.alpn
  }
}
