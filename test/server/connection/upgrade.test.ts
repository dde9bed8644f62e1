import { AsyncEvent, CancelledError, createTask, sleep } from 'spool'
import { Application, ServerResponse, text } from 'spool/server'
import { MockClock, settle } from 'spool/testing'
import { describe, expect, test } from 'vitest'
import { enclosingScope } from '../../../src/concurrency/scope/context.ts'
import type { Transport } from '../../../src/io/transport.ts'
import {
  type TakeConnection,
  type UpgradedConnection,
  UpgradeResponse,
} from '../../../src/server/messages/upgrade-response.ts'
import { MemoryServer } from '../../support/memory-server.ts'
import { get } from '../../support/requests.ts'

const ask = 'GET /chat HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n'

/** Sends back what comes, until the client ends, or the server does. */
const echo: TakeConnection = ({ transport }) => {
  const { promise, resolve } = Promise.withResolvers<void>()
  start(transport, resolve)
  return promise
}

function start(transport: Transport, closed: () => void, seen: string[] = []): void {
  transport.start({
    data: (bytes) => {
      seen.push(Buffer.from(bytes).toString('latin1'))
      transport.write(Buffer.from(bytes))
    },
    end: () => transport.end(),
    drain: () => undefined,
    closed,
  })
}

function upgrading(take: TakeConnection = echo): () => ServerResponse {
  return () => new UpgradeResponse('echo', take, { 'x-chat': 'yes' })
}

describe('UpgradeResponse', () => {
  test.each(['at once', 'later'])('given %s hands over the connection', async (when) => {
    const go = new AsyncEvent()
    const server = new MemoryServer(
      when === 'later' ? async () => (await go.wait(), upgrading()()) : upgrading(),
    )
    const client = server.connect()
    await client.send(ask)
    go.set()
    await settle()
    expect(client.take()).toMatch(
      /^HTTP\/1\.1 101 Switching Protocols\r\nx-chat: yes\r\nupgrade: echo\r\nconnection: Upgrade\r\ndate: [^\r]+\r\n\r\n$/,
    )
    expect(server.host.statistics()).toMatchObject({ connections: 1, idle: 0, active: 1 })
    await client.send('ping')
    expect(client.take()).toBe('ping')
    await client.end()
    expect(client.ended).toBe(true)
    expect(server.host.statistics()).toMatchObject({ connections: 0, active: 0, disconnected: 0 })
    expect(server.errors).toEqual([])
    server.host.end()
  })

  test.each([
    ['at once', 1],
    ['later', 1],
    ['at once', 7],
    ['later', 7],
    ['at once', Infinity],
    ['later', Infinity],
  ])('given %s loses no byte behind the request, in chunks of %s', async (when, chunkSize) => {
    for (const shared of [false, true]) {
      const go = new AsyncEvent()
      const server = new MemoryServer(
        when === 'later' ? async () => (await go.wait(), upgrading()()) : upgrading(),
      )
      const client = server.connect({ chunkSize, shared })
      await client.send(`${ask}hello\r\n\r\nGET / HTTP/1.1\r\n\r\n`)
      go.set()
      await settle()
      expect(client.take().split('\r\n\r\n').slice(1).join('|')).toBe('hello|GET / HTTP/1.1|')
      await client.end()
      expect(server.host.statistics()).toMatchObject({ connections: 0, active: 0, malformed: 0 })
      server.host.end()
    }
  })

  test('follows the answers to requests that were sent before it', async () => {
    const server = new MemoryServer(
      new Application().get('/', () => text('first')).get('/chat', upgrading()),
    )
    const client = server.connect()
    await client.send(`${get('/')}${ask}tail`)
    expect(client.text).toMatch(/^HTTP\/1\.1 200 [^]*first[^]*HTTP\/1\.1 101 [^]*\r\n\r\ntail$/)
    await client.end()
    server.host.end()
  })

  test('leaves the timeouts of HTTP behind', async () => {
    using clock = MockClock.install()
    const server = new MemoryServer(upgrading())
    const client = server.connect()
    await client.send(ask)
    await clock.advance(600_000)
    expect(client.ended).toBe(false)
    await client.end()
    expect(server.host.statistics()).toMatchObject({ connections: 0, active: 0, timedOut: 0 })
    server.host.end()
  })

  test('runs its taker in the scope of the request, with its tasks', async () => {
    const server = new MemoryServer((request) => {
      return new UpgradeResponse('echo', async ({ transport }) => {
        expect(enclosingScope()).toBe(request.scope)
        start(transport, () => undefined)
        await createTask(() => sleep(0))
      })
    })
    const client = server.connect()
    await client.send(ask)
    await settle()
    expect(client.ended).toBe(true)
    expect(server.errors).toEqual([])
    expect(server.host.statistics()).toMatchObject({ connections: 0, active: 0 })
    server.host.end()
  })

  test('tells what its taker throws, and closes the connection', async () => {
    const failure = new Error('no more')
    const server = new MemoryServer(upgrading(() => Promise.reject(failure)))
    const client = server.connect()
    await client.send(ask)
    expect(client.ended).toBe(true)
    expect(server.errors).toEqual([failure])
    expect(server.host.statistics()).toMatchObject({ connections: 0, active: 0 })
    server.host.end()
  })

  test('tells its taker that the server closes', async () => {
    const heard: unknown[] = []
    const server = new MemoryServer(
      upgrading((upgraded: UpgradedConnection) => {
        const { promise, resolve } = Promise.withResolvers<void>()
        start(upgraded.transport, resolve)
        upgraded.onClosing({
          serverCloses: () => {
            heard.push(enclosingScope()?.constructor.name)
            upgraded.transport.write('bye')
            upgraded.transport.end()
          },
        })
        return promise
      }),
    )
    const client = server.connect()
    await client.send(ask)
    client.take()
    server.host.startClosing()
    server.host.startClosing()
    await settle()
    expect(heard).toEqual(['RequestScope'])
    expect(client.take()).toBe('bye')
    let idle = false
    server.host.whenIdle(() => (idle = true))
    expect(idle).toBe(false)
    await client.end()
    expect(idle).toBe(true)
    server.host.end()
  })

  test('is cancelled and closed when the server is destroyed', async () => {
    const stopped: unknown[] = []
    const server = new MemoryServer(
      upgrading(async ({ transport }) => {
        start(transport, () => undefined)
        try {
          await sleep(1_000)
        } catch (error) {
          stopped.push(error)
          throw error
        }
      }),
    )
    const client = server.connect()
    await client.send(ask)
    server.host.destroy('over')
    await settle()
    expect(stopped[0]).toBeInstanceOf(CancelledError)
    expect(client.ended).toBe(true)
    expect(server.errors).toEqual([])
    expect(server.host.statistics()).toMatchObject({ connections: 0, active: 0 })
    server.host.end()
  })

  test('is not sent where none was asked for', async () => {
    let taken = 0
    const server = new MemoryServer(upgrading(() => Promise.resolve(void taken++)))
    const client = server.connect()
    await client.send(get('/'))
    expect(client.statuses()).toEqual([500])
    // RFC 9110 §7.8: of HTTP/1.0 it is ignored.
    await client.send(ask.replace('1.1', '1.0'))
    expect(client.statuses()).toEqual([500])
    expect(server.errors.map(String)).toEqual([
      'TypeError: Cannot answer with an upgrade: the request does not ask for one',
      'TypeError: Cannot answer with an upgrade: the request does not ask for one',
    ])
    expect(taken).toBe(0)
    await client.end()
    server.host.end()
  })

  test('that is asked for and not taken hides no request behind it', async () => {
    const server = new MemoryServer(() => text('here'))
    const client = await server.connect().send(ask + get('/'))
    expect(client.statuses()).toEqual([200, 200])
    expect(server.host.statistics().requests).toBe(2)
    await client.end()
    server.host.end()
  })

  test('is refused before the request is sent completely', async () => {
    let taken = 0
    const server = new MemoryServer(upgrading(() => Promise.resolve(void taken++)))
    const client = server.connect()
    await client.send(ask.replace('\r\n\r\n', '\r\ncontent-length: 3\r\n\r\n'))
    expect(client.statuses()).toEqual([400])
    expect(taken).toBe(0)
    await client.end()
    server.host.end()
  })

  test('is refused while the server closes', async () => {
    const go = new AsyncEvent()
    const server = new MemoryServer(async () => (await go.wait(), upgrading()()))
    const client = server.connect()
    await client.send(ask)
    server.host.startClosing()
    go.set()
    await settle()
    expect(client.statuses()).toEqual([503])
    await client.end()
    server.host.end()
  })

  test('gives way to what a middleware answers, and takes fields from it', async () => {
    let taken = 0
    const app = new Application()
      .use(async (request, next) => {
        const response = await next(request)
        if (request.path === '/no') return text('no')
        if (response instanceof ServerResponse) response.headers.set('x-seen', '1')
        return response
      })
      .get(
        '/no',
        upgrading(() => Promise.resolve(void taken++)),
      )
      .get('/chat', upgrading())
    const server = new MemoryServer(app)
    const client = server.connect()
    await client.send(ask.replace('/chat', '/no'))
    expect(client.statuses()).toEqual([200])
    await client.send(ask)
    expect(client.take()).toContain('\r\nx-seen: 1\r\n')
    expect(taken).toBe(0)
    await client.end()
    expect(server.host.statistics()).toMatchObject({ connections: 0, active: 0 })
    server.host.end()
  })

  test('is not sent to a client that has left', async () => {
    let taken = 0
    const go = new AsyncEvent()
    const app = new Application().get(
      '/chat',
      async () => (await go.wait(), upgrading(() => Promise.resolve(void taken++))()),
      { cancelOnDisconnect: false },
    )
    const server = new MemoryServer(app)
    const client = server.connect()
    await client.send(ask)
    client.transport.reset()
    await settle()
    go.set()
    await settle()
    expect(taken).toBe(0)
    expect(server.errors).toEqual([])
    expect(server.host.statistics()).toMatchObject({ connections: 0, active: 0 })
    server.host.end()
  })

  test('keeps its status', () => {
    const response = new UpgradeResponse('echo', echo)
    expect(() => (response.status = 200)).toThrow(TypeError)
    expect(response.status).toBe(101)
  })
})
