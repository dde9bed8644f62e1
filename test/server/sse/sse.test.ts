import { AsyncEvent, currentScope, Queue, sleep } from 'spool'
import {
  Application,
  type EventSource,
  lastEventId,
  serve,
  sse,
  type SSEOptions,
  text,
} from 'spool/server'
import { MockClock, settle } from 'spool/testing'
import { describe, expect, test } from 'vitest'
import { MemoryServer } from '../../support/memory-server.ts'
import { expectNothingLeft, openResources } from '../../support/open-resources.ts'
import { rawClient } from '../../support/raw-client.ts'
import { get } from '../../support/requests.ts'

function application(source: () => EventSource, options?: SSEOptions): Application {
  return new Application().get('/', () => sse(source(), options))
}

/** What a finished stream has sent. */
async function all(source: EventSource, options?: SSEOptions): Promise<string> {
  const response = await application(() => source, options).fetch(new Request('http://a/'))
  return response.text()
}

/** Of a chunked body, what is in the chunks. */
const chunks = (body: string): string => body.replaceAll(/[\da-f]+\r\n|\r\n/g, '')

describe('sse()', () => {
  test('sends what a generator yields, as a stream that nobody holds back', async () => {
    const app = application(
      () =>
        async function* () {
          yield 'one'
          yield { id: '2', data: [2] }
        },
      { retry: 500 },
    )
    const response = await app.fetch(new Request('http://a/'))
    expect(Object.fromEntries(response.headers)).toEqual({
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
    })
    expect(await response.text()).toBe('retry: 500\n\ndata: one\n\nid: 2\ndata: [2]\n\n')
  })

  test('takes any async iterable, and a function that sends', async () => {
    const queue = new Queue<string>({ capacity: 0 })
    queue.tryPut('queued')
    queue.close()
    expect(await all(queue)).toBe('data: queued\n\n')
    const sent = await all(async ({ send }) => {
      await send('a')
      await send({ event: 'b', data: 1 })
    })
    expect(sent).toBe('data: a\n\nevent: b\ndata: 1\n\n')
  })

  test('passes on what its source throws, and ends it', async () => {
    await expect(
      all(async ({ send }) => {
        await send('a')
        throw new Error('broken')
      }),
    ).rejects.toThrow('broken')
    await expect(
      all(async function* () {
        yield { retry: -1 }
      }),
    ).rejects.toThrow('Invalid retry')
  })

  test('gives a sign of life when nothing was sent for a while', async () => {
    using clock = MockClock.install()
    const server = new MemoryServer(
      application(
        () =>
          async function* () {
            await sleep(25_000)
            yield 'late'
            await sleep(100_000)
          },
        { heartbeat: 10_000 },
      ),
    )
    const client = await server.connect().send(get('/'))
    client.take()
    await clock.advance(9_999)
    expect(client.take()).toBe('')
    await clock.advance(1)
    expect(chunks(client.take())).toBe(':\n\n')
    await clock.advance(15_000)
    expect(chunks(client.take())).toBe(':\n\ndata: late\n\n')
    await clock.advance(9_999)
    expect(client.take()).toBe('')
    await client.end()
    server.host.end()
    expect(server.errors).toEqual([])
  })

  test.each<[string, (stopped: unknown[]) => EventSource]>([
    [
      'a generator',
      (stopped) =>
        async function* () {
          try {
            yield 'first'
            await new AsyncEvent().wait()
          } catch (error) {
            stopped.push(error)
            throw error
          }
        },
    ],
    [
      'a sender',
      (stopped) =>
        async ({ send }) => {
          try {
            await send('first')
            await new AsyncEvent().wait()
          } catch (error) {
            stopped.push(error)
            throw error
          }
        },
    ],
  ])('stops %s when the client leaves', async (_name, source) => {
    const stopped: unknown[] = []
    const server = new MemoryServer(application(() => source(stopped)))
    const client = await server.connect().send(get('/'))
    expect(client.text).toContain('data: first')
    expect(stopped).toEqual([])
    await client.end()
    expect(stopped).toMatchObject([{ code: 'SPOOL_CANCELLED' }])
    expect(server.host.statistics()).toMatchObject({ active: 0, connections: 0, disconnected: 1 })
    server.host.end()
    expect(server.errors).toEqual([])
  })

  test('asks for the next event when the client has taken the last', async () => {
    let made = 0
    const server = new MemoryServer(
      application(
        () =>
          async function* () {
            for (;;) {
              made++
              yield 'x'.repeat(10_000)
            }
          },
      ),
    )
    const client = server.connect({ highWaterMark: 50_000 })
    client.transport.pause()
    await client.send(get('/'))
    expect(made).toBeGreaterThan(1)
    expect(made).toBeLessThan(20)
    const before = made
    await settle()
    expect(made).toBe(before)
    client.transport.destroy()
    await settle()
    server.host.end()
  })

  test('lets a sender wait for the client', async () => {
    let sent = 0
    const server = new MemoryServer(
      application(() => async ({ send }) => {
        for (;;) {
          await send('x'.repeat(10_000))
          sent++
        }
      }),
    )
    const client = server.connect({ highWaterMark: 50_000 })
    client.transport.pause()
    await client.send(get('/'))
    expect(sent).toBeGreaterThan(1)
    expect(sent).toBeLessThan(20)
    client.transport.destroy()
    await settle()
    expect(server.host.statistics()).toMatchObject({ active: 0 })
    server.host.end()
  })

  test('comes to a proper end when the server begins to close, at once', async () => {
    const before = openResources()
    const stopped: unknown[] = []
    const app = new Application()
      .get('/', () =>
        sse(async function* () {
          try {
            yield 'first'
            await new AsyncEvent().wait()
          } finally {
            stopped.push(currentScope().cancelled)
          }
        }),
      )
      .get('/late', async (request) => {
        await new AsyncEvent().wait().catch(() => undefined)
        return text(request.path)
      })
    const errors: unknown[] = []
    const server = await serve(app, { host: '127.0.0.1', onError: (error) => errors.push(error) })
    await using client = await rawClient({ port: server.port })
    await client.send(get('/'))
    await client.readUntil('data: first\n\n\r\n')
    const closing = server.close({ deadline: Infinity })
    expect(await client.readAll()).toBe('0\r\n\r\n')
    client.destroy()
    await closing
    expect([stopped, errors]).toEqual([[true], []])
    await client[Symbol.asyncDispose]()
    await expectNothingLeft(before)
  })

  test('sends nothing when the server is closing already', async () => {
    const go = new AsyncEvent()
    const app = new Application().get('/', async () => {
      await go.wait()
      return sse(async function* () {
        await new AsyncEvent().wait()
        yield 'never'
      })
    })
    const server = new MemoryServer(app)
    const client = await server.connect().send(get('/'))
    server.host.startClosing()
    go.set()
    await settle()
    expect(client.text).toMatch(/connection: close\r\n[\s\S]*\r\n\r\n0\r\n\r\n$/)
    await client.end()
    server.host.end()
  })

  test('refuses a heartbeat or a retry that is none', () => {
    expect(() => sse(async () => undefined, { heartbeat: 0 })).toThrow(RangeError)
    expect(() => sse(async () => undefined, { retry: -1 })).toThrow(RangeError)
  })
})

describe('lastEventId()', () => {
  test('tells where the client got to', async () => {
    const app = new Application().get('/', (request) => text(lastEventId(request) ?? 'none'))
    const server = new MemoryServer(app)
    const client = server.connect()
    const field = Buffer.from('last-event-id: é-7').toString('latin1')
    await client.send(get('/', field))
    expect(Buffer.from(client.take(), 'latin1').toString()).toMatch(/é-7$/)
    await client.send(get('/', 'last-event-id: '))
    expect(client.take()).toMatch(/none$/)
    await client.end()
    server.host.end()
  })
})
