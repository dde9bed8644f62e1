/**
 * Every way to use a request × every phase that it can be in × every way to give it up: it ends with the
 * right error, nothing is left of it, and the next request works.
 *
 * All of it goes through one network in memory: a name is looked up, a proxy connected to and asked for a
 * tunnel, TLS started in it, and a server answers. Each row stops one of these steps.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CancelledError, sleep, TimeoutError } from 'spool'
import { ClientSession, type ClientMiddleware, type RequestOptions } from 'spool/client'
import { MockClock, settle } from 'spool/testing'
import { runInScope } from '../../src/concurrency/scope/context.ts'
import { Waiter } from '../../src/concurrency/scope/waiter.ts'
import { Opener } from '../../src/client/connection/opener.ts'
import { memoryPair, type MemoryTransport } from '../../src/io/memory-transport.ts'
import type { ConnectOptions } from '../../src/io/connect.ts'
import type { ResolvedAddress } from '../../src/io/resolver.ts'
import type { Sink, Transport } from '../../src/io/transport.ts'
import { rejectionOf } from '../support/rejection.ts'
import { MemoryPeer, redirect, response } from './support/memory-server.ts'
import { OwnScope } from './support/own-scope.ts'

const phases = [
  'queue',
  'DNS',
  'connect',
  'proxy',
  'TLS',
  'send head',
  'send body',
  'wait head',
  'read body',
  'redirect',
  'read redirect',
  'retry pause',
] as const
type Phase = (typeof phases)[number]

const body = '"hello"\n'
const url = 'https://host.test/start'
const large = 'x'.repeat(300_000)

async function* pieces(): AsyncGenerator<string> {
  for (let count = 0; count < 10; count++) {
    await sleep(1)
    yield large.slice(0, 50_000)
  }
}

/** Whatever it takes to read a response to its end. */
const operations: Record<
  string,
  (session: ClientSession, options: RequestOptions) => PromiseLike<unknown>
> = {
  'get().text()': (session, options) => session.get(url, options).text(),
  'get().json()': (session, options) => session.get(url, options).json(),
  'get().bytes()': (session, options) => session.get(url, options).bytes(),
  'get().lines()': (session, options) => readLines(session, options),
  'a response, and its text()': async (session, options) => {
    await using response = await session.get(url, options)
    return await response.text()
  },
  'a response, and its body in a loop': async (session, options) => {
    await using response = await session.get(url, options)
    let size = 0
    for await (const chunk of response.body) size += chunk.byteLength
    return size
  },
  'reader().readExactly()': async (session, options) => {
    await using response = await session.get(url, options)
    return await response.reader().readExactly(body.length)
  },
  'post() of a text': (session, options) => session.post(url, { ...options, body: large }).text(),
  'post() of an iterable': (session, options) =>
    session.post(url, { ...options, body: pieces() }).text(),
}

/** The same by `fetch`, which has no timeout of its own. */
const fetches: Record<string, (session: ClientSession, signal?: AbortSignal) => Promise<unknown>> =
  {
    'fetch() and its text()': async (session, signal) => {
      const response = await session.fetch(url, signal === undefined ? {} : { signal })
      return response.text()
    },
    'fetch() that posts': async (session, signal) => {
      const init = { method: 'POST', body: large }
      const response = await session.fetch(url, signal === undefined ? init : { ...init, signal })
      return response.arrayBuffer()
    },
  }

async function readLines(session: ClientSession, options: RequestOptions): Promise<string[]> {
  const lines: string[] = []
  for await (const line of session.get(url, options).lines()) lines.push(line)
  return lines
}

const retryAfter503: ClientMiddleware = async (request, next) => {
  for (;;) {
    const response = await next(request)
    if (response.status !== 503) return response
    await response.close()
    await sleep(60_000)
  }
}

/** The way to a server, which stops where it is told to. */
class Network {
  stuckAt: Phase | undefined
  readonly ends: MemoryTransport[] = []
  readonly #lookups: PromiseWithResolvers<readonly ResolvedAddress[]>[] = []
  readonly #peers: MemoryPeer[] = []

  constructor(stuckAt: Phase) {
    this.stuckAt = stuckAt
  }

  session(middleware: readonly ClientMiddleware[]): ClientSession {
    const options = {
      proxy: 'http://proxy.test:3128',
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

  async #dial({ host = '', resolver }: ConnectOptions): Promise<Transport> {
    await resolver?.resolve(host)
    if (this.stuckAt === 'connect') return new Waiter<Transport>().promise
    const [client, server] = memoryPair({ shared: true })
    this.ends.push(client)
    const peer = new MemoryPeer(client, server)
    this.#peers.push(peer)
    // A client that leaves ends it.
    this.#serve(peer).catch(() => undefined)
    return new PretendedTLS(client, () => this.stuckAt === 'TLS')
  }

  async #serve(peer: MemoryPeer): Promise<void> {
    await peer.request()
    if (this.stuckAt === 'proxy') return
    if (this.stuckAt === 'send head' || this.stuckAt === 'send body') peer.pause()
    peer.send('HTTP/1.1 200 Connection established\r\n\r\n')
    for (;;) {
      const { target } = await peer.request()
      const bytes = this.#answerTo(target)
      if (bytes !== undefined) peer.send(bytes)
    }
  }

  #answerTo(target: string): Uint8Array | undefined {
    const { stuckAt } = this
    if (stuckAt === 'wait head' || stuckAt === 'queue') return undefined
    if (stuckAt === 'read body') return response(body).subarray(0, -3)
    if (stuckAt === 'redirect') return target === '/start' ? redirect(302, '/next') : undefined
    if (stuckAt === 'read redirect') return redirect(302, '/next').subarray(0, -3)
    return stuckAt === 'retry pause' ? response('', { status: '503 Busy' }) : response(body)
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

/** How a request is given up: `begin` makes it, in its scope if it has one, `giveUp` ends it. */
const means: Record<
  string,
  (clock: MockClock) => {
    options: RequestOptions
    giveUp: (scope: OwnScope) => Promise<void> | void
    check: (error: unknown) => void
  }
> = {
  scope: () => ({
    options: {},
    giveUp: (scope) => scope.cancel('enough'),
    check: (error) => {
      expect(error).toBeInstanceOf(CancelledError)
      expect(error).toMatchObject({ source: 'explicit', reason: 'enough' })
    },
  }),
  signal: () => {
    const controller = new AbortController()
    return {
      options: { signal: controller.signal },
      giveUp: () => controller.abort('enough'),
      check: (error) => {
        expect(error).toBeInstanceOf(CancelledError)
        expect(error).toMatchObject({ source: 'signal', reason: 'enough' })
      },
    }
  },
  timeout: (clock) => ({
    options: { timeout: { total: 500 } },
    giveUp: () => clock.advance(1000),
    check: (error) => {
      expect(error).toBeInstanceOf(TimeoutError)
      expect(error).toMatchObject({ phase: 'total', timeout: 500 })
    },
  }),
}

/** What can't happen: a GET has no body to send, and only the middleware makes a pause. */
function happens(phase: Phase, operation: string, middleware: boolean): boolean {
  if (phase === 'send body') return operation.includes('post')
  return phase !== 'retry pause' || middleware
}

let clock: MockClock
beforeEach(() => {
  clock = MockClock.install()
})
afterEach(() => clock[Symbol.dispose]())

/** Lets everything happen that needs no time, and the steps of an iterable. */
async function comeToRest(): Promise<void> {
  for (let count = 0; count < 12; count++) {
    await settle()
    await clock.advance(1)
  }
  await settle()
}

const nothing = { active: 0, connecting: 0, waiting: 0, requests: 0 }

/** Plays one row: makes the request, gives it up when it can go no further, and looks for what is left. */
async function checkGivenUp(
  phase: Phase,
  middleware: readonly ClientMiddleware[],
  operate: (session: ClientSession) => PromiseLike<unknown>,
  giveUp: (scope: OwnScope) => Promise<void> | void,
  check: (error: unknown) => void,
): Promise<void> {
  const network = new Network(phase)
  const session = network.session(middleware)
  using holder = new OwnScope()
  // The one that has the only place, where the queue is the phase.
  const held =
    phase === 'queue' ? runInScope(holder, () => rejectionOf(session.get(url).text())) : undefined
  await settle()
  using scope = new OwnScope()
  let settled = false
  const failure = runInScope(scope, () => rejectionOf(operate(session)))
  void failure.then(() => (settled = true))
  await comeToRest()
  expect(settled, 'It has ended by itself').toBe(false)
  expect(session.statistics().waiting).toBe(phase === 'queue' ? 1 : 0)

  await giveUp(scope)
  check(await failure)
  await comeToRest()
  holder.cancel()
  await held
  await settle()

  expect(session.statistics()).toMatchObject(nothing)
  expect(network.opener?.statistics()).toMatchObject({ waiting: 0, queued: 0 })
  expect(scope.empty, 'The scope still holds something').toBe(true)
  const { open } = session.statistics()
  expect(network.ends.filter(({ closed }) => !closed)).toHaveLength(open)

  network.heal()
  expect(await session.get(url).text()).toBe(body)
  await session.close()
  await settle()
  expect(session.statistics()).toMatchObject({ ...nothing, open: 0 })
  expect(network.ends.every(({ closed }) => closed)).toBe(true)
  expect(clock.pending).toBe(0)
}

describe.each([
  ['without a middleware', []],
  ['through a middleware', [retryAfter503]],
] as const)('a request %s', (_, middleware) => {
  const phasesOf = (name: string): Phase[] =>
    phases.filter((phase) => happens(phase, name, middleware.length > 0))

  describe.each(Object.entries(operations))('%s', (name, operate) => {
    describe.each(phasesOf(name))('given up in phase %s', (phase) => {
      test.each(Object.entries(means))('by %s', async (_, make) => {
        const { options, giveUp, check } = make(clock)
        const request = (session: ClientSession): PromiseLike<unknown> => operate(session, options)
        await checkGivenUp(phase, middleware, request, giveUp, check)
      })
    })
  })

  describe.each(Object.entries(fetches))('%s', (name, operate) => {
    describe.each(phasesOf(name))('given up in phase %s', (phase) => {
      test('by its scope', async () => {
        await checkGivenUp(
          phase,
          middleware,
          (session) => operate(session),
          (scope) => scope.cancel('enough'),
          (error) => expect(error).toMatchObject({ code: 'SPOOL_CANCELLED', reason: 'enough' }),
        )
      })

      test('by its signal', async () => {
        const controller = new AbortController()
        await checkGivenUp(
          phase,
          middleware,
          (session) => operate(session, controller.signal),
          () => controller.abort('enough'),
          (error) => expect(error).toBe('enough'),
        )
      })
    })
  })
})
