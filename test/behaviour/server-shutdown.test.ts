/**
 * How a server ends, for each thing that a connection can be at: who has asked gets the whole answer, who
 * waits for nothing is let go at once, and nobody keeps it beyond its time. Over TCP, a Unix socket and TLS.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AsyncEvent } from 'spool'
import { Application, serve, type ServeOptions, type Server, sse, stream, text } from 'spool/server'
import { MockClock, settle } from 'spool/testing'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { certificates } from '../support/certificates.ts'
import { expectNothingLeft, openResources, turnUntil } from '../support/open-resources.ts'
import { rawClient, type RawClientOptions } from '../support/raw-client.ts'
import type { RawConnection } from '../support/raw-connection.ts'
import { get, post } from '../support/requests.ts'

const large = 'x'.repeat(20_000_000)
const upgrade = get(
  '/socket',
  'connection: Upgrade',
  'upgrade: websocket',
  'sec-websocket-version: 13',
  'sec-websocket-key: MDEyMzQ1Njc4OWFiY2RlZg==',
)

interface Scene {
  readonly server: Server
  readonly client: RawConnection
  /** Lets what holds go on. */
  readonly go: AsyncEvent
  /** What was cancelled, and by what. */
  readonly stopped: unknown[]
  readonly errors: unknown[]
}

function application(go: AsyncEvent, stopped: unknown[]): Application {
  const hold = async (): Promise<void> => {
    try {
      await go.wait()
    } catch (error) {
      stopped.push(error)
      throw error
    }
  }
  const app = new Application()
    .get('/', () => text('root'))
    .post('/read', async (request) => text(await request.text()))
    .get('/hold', async () => {
      await hold()
      return text('held')
    })
    .get('/stream', () =>
      stream(
        (async function* () {
          yield 'first'
          await hold()
          yield 'last'
        })(),
      ),
    )
    .get('/large', () => text(large))
    .get('/events', () =>
      sse(async function* () {
        yield 'event'
        await hold()
      }),
    )
    .get('/task', () => {
      app.spawn(hold)
      return text('spawned')
    })
    .websocket('/socket', async (socket) => {
      for await (const message of socket) await socket.send(message)
    })
  return app
}

interface Row {
  /** What the connection is at. */
  begin(scene: Scene): Promise<void>
  /** In time: what its client does, and gets. */
  inTime(scene: Scene): Promise<void>
  /** Whether it is ended at once; otherwise, if its client does nothing, at the deadline. */
  readonly atOnce: boolean
  /** Whether something is cancelled at the deadline. */
  readonly cancelled: boolean
}

async function active({ server }: Scene): Promise<void> {
  await turnUntil(() => server.statistics().active === 1)
}

const rows: Readonly<Record<string, Row>> = {
  'an idle connection': {
    begin: async ({ client }) => {
      await client.send(get('/'))
      await client.readUntil('root')
    },
    inTime: async ({ client }) => expect(await client.readAll()).toBe(''),
    atOnce: true,
    cancelled: false,
  },
  'a connection that never asked': {
    begin: ({ server }) => turnUntil(() => server.statistics().connections === 1),
    inTime: async ({ client }) => expect(await client.readAll()).toBe(''),
    atOnce: true,
    cancelled: false,
  },
  'a head that is being read': {
    begin: async ({ client, server }) => {
      await client.send('GET / HTTP/1.1\r\nhos')
      await turnUntil(() => {
        const { connections, idle } = server.statistics()
        return connections === 1 && idle === 0
      })
    },
    inTime: async ({ client }) => {
      await client.send('t: a\r\n\r\n')
      expect(await client.readAll()).toMatch(/connection: close\r\n\r\nroot$/)
    },
    atOnce: false,
    cancelled: false,
  },
  'a body that is being read': {
    begin: async (scene) => {
      await scene.client.send(post('/read', 'abcdef').slice(0, -3))
      await active(scene)
    },
    inTime: async ({ client }) => {
      await client.send('def')
      expect(await client.readAll()).toMatch(/connection: close\r\n\r\nabcdef$/)
    },
    atOnce: false,
    cancelled: false,
  },
  'a handler that runs': {
    begin: async (scene) => {
      await scene.client.send(get('/hold'))
      await active(scene)
    },
    inTime: async ({ client, go }) => {
      go.set()
      expect(await client.readAll()).toMatch(/ 200 [^]*connection: close\r\n\r\nheld$/)
    },
    atOnce: false,
    cancelled: true,
  },
  'a response that is streamed': {
    begin: async ({ client }) => {
      await client.send(get('/stream'))
      await client.readUntil('first\r\n')
    },
    inTime: async ({ client, go }) => {
      go.set()
      expect(await client.readAll()).toBe('4\r\nlast\r\n0\r\n\r\n')
    },
    atOnce: false,
    cancelled: true,
  },
  'a client that does not read': {
    begin: async (scene) => {
      scene.client.pause()
      await scene.client.send(get('/large'))
      await active(scene)
    },
    inTime: async ({ client }) => {
      client.resume()
      expect((await client.readAll()).length).toBeGreaterThan(large.length)
    },
    atOnce: false,
    cancelled: false,
  },
  'a stream of events': {
    begin: async ({ client }) => {
      await client.send(get('/events'))
      await client.readUntil('data: event\n\n\r\n')
    },
    inTime: async ({ client }) => expect(await client.readAll()).toBe('0\r\n\r\n'),
    atOnce: true,
    cancelled: true,
  },
  'a WebSocket': {
    begin: async ({ client }) => {
      await client.send(upgrade)
      await client.readUntil('\r\n\r\n')
    },
    inTime: async ({ client }) => {
      // RFC 6455 §7.4.1: 1001, "going away"; answered in kind, with a mask of zeros.
      const close = await client.read(4)
      expect(Buffer.from(close, 'latin1').subarray(2).readUInt16BE()).toBe(1001)
      await client.send(Buffer.from('88820000000003e9', 'hex'))
      await client.readAll()
    },
    atOnce: false,
    cancelled: false,
  },
  'a task of the application': {
    begin: async ({ client }) => {
      await client.send(get('/task'))
      await client.readUntil('spawned')
    },
    inTime: async ({ client, go }) => {
      expect(await client.readAll()).toBe('')
      go.set()
    },
    atOnce: false,
    cancelled: true,
  },
}

interface Way {
  readonly serve: ServeOptions
  readonly connect: (server: Server) => RawClientOptions
}

const folder = mkdtempSync(join(tmpdir(), 'spool-shutdown-'))
const path = join(folder, 'server.sock')
const { ca, localhost } = certificates

const ways: Readonly<Record<string, Way>> = {
  TCP: { serve: { host: '127.0.0.1' }, connect: ({ port }) => ({ port }) },
  'a Unix socket': { serve: { path }, connect: () => ({ path }) },
  TLS: {
    serve: { host: '127.0.0.1', tls: localhost },
    connect: ({ port }) => ({ port, tls: { ca } }),
  },
}

async function scene({ serve: options, connect }: Way): Promise<Scene> {
  const go = new AsyncEvent()
  const stopped: unknown[] = []
  const errors: unknown[] = []
  const onError = (error: unknown): void => void errors.push(error)
  const server = await serve(application(go, stopped), { ...options, onError })
  const client = await rawClient(connect(server))
  return { server, client, go, stopped, errors }
}

let before: string[]
beforeEach(() => {
  before = openResources()
})
afterEach(() => expectNothingLeft(before))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.each(Object.entries(ways))('close() of a server over %s', (_way, way) => {
  test.each(Object.entries(rows))('with %s loses nothing that ends in time', async (_what, row) => {
    const made = await scene(way)
    const { server, client, errors } = made
    await row.begin(made)
    const closing = server.close({ timeout: 60_000 })
    await row.inTime(made)
    client.destroy()
    await closing
    expect(server.statistics()).toMatchObject({ connections: 0, active: 0 })
    expect(errors).toEqual([])
    await client[Symbol.asyncDispose]()
  })

  test.each(Object.entries(rows))('with %s ends by its deadline', async (_what, row) => {
    using clock = MockClock.install()
    const made = await scene(way)
    const { server, client, stopped, errors } = made
    await row.begin(made)
    let closed = false
    const closing = server.close({ timeout: 5_000 }).then(() => (closed = true))
    if (row.atOnce) await turnUntil(() => server.statistics().connections === 0 || client.ended)
    await clock.advance(4_999)
    await settle()
    // What has nobody to wait for is over long before.
    expect(row.atOnce || !closed).toBe(true)
    expect(stopped).toHaveLength(row.atOnce && row.cancelled ? 1 : 0)
    await clock.advance(1)
    await closing
    expect(server.statistics()).toMatchObject({ connections: 0, active: 0 })
    expect(stopped).toHaveLength(row.cancelled ? 1 : 0)
    expect(errors).toEqual([])
    await client[Symbol.asyncDispose]()
  })
})

describe('close()', () => {
  test('gives requests as long as its timeout, and an earlier one counts', async () => {
    using clock = MockClock.install()
    const made = await scene(ways['TCP'] as Way)
    const { server, client, stopped } = made
    await client.send(get('/hold'))
    await active(made)
    const closing = server.close({ timeout: Infinity })
    await clock.advance(1_000_000)
    expect(stopped).toEqual([])
    const sooner = server.close({ timeout: 1_000 })
    const later = server.close({ timeout: 2_000 })
    await clock.advance(1_000)
    expect(stopped).toMatchObject([{ source: 'shutdown' }])
    await Promise.all([closing, sooner, later])
    await client[Symbol.asyncDispose]()
  })

  test.each([
    [5_000, TypeError, 'Cannot use 5000 as the options of a call of close()'],
    [{ timeout: -1 }, RangeError, 'Invalid timeout -1: expected 0 ms or more, or Infinity'],
    [{ timeout: Number.NaN }, RangeError, 'Invalid timeout NaN'],
    [{ timeout: '5s' }, TypeError, 'Invalid timeout "5s": expected a number of milliseconds'],
    [{ deadline: Number.NaN }, RangeError, 'Invalid deadline NaN'],
    [{ deadline: new Date(0) }, TypeError, 'Invalid deadline Date'],
    [{ deadline: Date.UTC(2026, 0) }, RangeError, 'the clock of now(), which is not Date.now()'],
    [{ timeOut: 1 }, TypeError, 'Cannot use "timeOut" as an option of close(), expected "timeout"'],
    [{ timeout: 1, deadline: 1 }, TypeError, 'Cannot close with both "timeout" and "deadline"'],
  ])('refuses %j, and goes on serving', async (options, kind, message) => {
    await using server = await serve(() => text('here'), { host: '127.0.0.1' })
    const closing = server.close(options as object)
    await expect(closing).rejects.toBeInstanceOf(kind)
    await expect(closing).rejects.toThrow(message)
    await using client = await rawClient({ port: server.port })
    await client.send(get('/'))
    expect((await client.message()).body.toString()).toBe('here')
  })
})
