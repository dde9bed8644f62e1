import { ClosedResourceError, gather, now, sleep, timeout } from 'spool'
import { ClientSession, type SessionCloseOptions } from 'spool/client'
import { MockClock, settle } from 'spool/testing'
import { describe, expect, it, test } from 'vitest'
import { acceptOf } from '../../src/http/websocket/handshake/accept-key.ts'
import { rejectionOf } from '../support/rejection.ts'
import {
  answerEach,
  checkNothingLeft,
  MemoryFixture,
  type MemoryPeer,
  redirect,
  response,
} from './support/memory-server.ts'

describe('ClientSession.close()', () => {
  it('closes idle connections, and takes no more requests', async () => {
    const fixture = new MemoryFixture()
    const { session } = fixture
    await session.get('/').text()
    await session.close()
    expect(session.closed).toBe(true)
    await checkNothingLeft(fixture)
    const error = await rejectionOf(session.get('/'))
    expect(error).toBeInstanceOf(ClosedResourceError)
    expect(await rejectionOf(session.get('/').text())).toBeInstanceOf(ClosedResourceError)
  })

  it('waits for what is under way and what waits', async () => {
    const peers: MemoryPeer[] = []
    const fixture = new MemoryFixture(async (peer) => void peers.push(peer), { limit: 1 })
    const { session } = fixture
    const bodies = [session.get('/1').text(), session.get('/2').text()]
    await settle()
    let closed = false
    const closing = session.close().then(() => (closed = true))
    await settle()
    expect(closed).toBe(false)
    peers[0]?.respond('one')
    await settle()
    expect(closed).toBe(false)
    peers[0]?.respond('two')
    expect(await Promise.all(bodies)).toEqual(['one', 'two'])
    await closing
    await checkNothingLeft(fixture)
  })

  it('waits for a body that somebody reads, and releases one that nobody does', async () => {
    const fixture = new MemoryFixture(async (peer) => {
      await peer.request()
      peer.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel')
    })
    const { session, server } = fixture
    const body = (await session.get('/')).text()
    const ignored = await session.get('/')
    let closed = false
    const closing = session.close().then(() => (closed = true))
    await settle()
    expect(closed).toBe(false)
    server.peers[0]?.send('lo')
    expect(await body).toBe('hello')
    await closing
    expect(await rejectionOf(ignored.text())).toBeInstanceOf(Error)
    await checkNothingLeft(fixture)
  })

  it('releases a response that comes while it waits, and that nobody reads', async () => {
    const fixture = new MemoryFixture(() => undefined)
    const { session, server } = fixture
    const ignored = session.get('/')
    const read = session.get('/').then((response) => response.text())
    await settle()
    const closing = session.close()
    for (const peer of server.peers) peer.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel')
    await settle()
    expect((await ignored).status).toBe(200)
    expect(server.peers.map(({ closed }) => closed)).toEqual([true, false])
    server.peers[1]?.send('lo')
    expect(await read).toBe('hello')
    await closing
    await checkNothingLeft(fixture)
  })

  it('gives up a redirect that is under way when it is cancelled', async () => {
    using clock = MockClock.install()
    const fixture = new MemoryFixture((peer) => {
      peer.send('HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 5\r\n\r\nmov')
    })
    const { session, server } = fixture
    const failure = rejectionOf(session.get('/').text())
    await settle()
    const closing = timeout(100, () => session.close())
    await clock.advance(100)
    await closing
    expect(await failure).toBeInstanceOf(ClosedResourceError)
    await checkNothingLeft(fixture)
    expect(server.peers).toHaveLength(1)
  })

  it('lets a redirect that is under way be followed', async () => {
    const fixture = new MemoryFixture(answerEach(redirect(302, '/there'), response('there')))
    const { session } = fixture
    const body = session.get('/here').text()
    await session.close()
    expect(await body).toBe('there')
    await checkNothingLeft(fixture)
  })

  it('waits for the same, however often it is called', async () => {
    const fixture = new MemoryFixture(() => undefined)
    const { session, server } = fixture
    const body = session.get('/').text()
    await settle()
    const closing = [session.close(), session.close()]
    await settle()
    server.peers[0]?.respond('hello')
    await Promise.all(closing)
    await session.close()
    expect(await body).toBe('hello')
  })

  it('gives up what is under way when it is cancelled', async () => {
    using clock = MockClock.install()
    const fixture = new MemoryFixture(() => undefined, { limit: 1 })
    const { session } = fixture
    const failures = [rejectionOf(session.get('/1')), rejectionOf(session.get('/2').text())]
    await settle()
    const closing = timeout(100, () => session.close())
    await clock.advance(100)
    await closing
    for (const error of await Promise.all(failures)) {
      expect(error).toBeInstanceOf(ClosedResourceError)
    }
    await checkNothingLeft(fixture)
  })

  it('is immediate in a scope that is cancelled', async () => {
    const fixture = new MemoryFixture(() => undefined)
    const { session } = fixture
    const failure = rejectionOf(session.get('/'))
    await settle()
    await rejectionOf(
      gather(
        async () => {
          try {
            await sleep(1_000_000)
          } finally {
            await session.close()
          }
        },
        () => Promise.reject(new Error('stop')),
      ),
    )
    expect(await failure).toBeInstanceOf(ClosedResourceError)
    await checkNothingLeft(fixture)
  })

  it('is what `await using` does at the end', async () => {
    let closed: ClientSession
    {
      await using session = new ClientSession()
      closed = session
    }
    expect(closed.closed).toBe(true)
  })
})

const eventStream = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n'

/** What a loop gave, and what ended it. */
async function ended(loop: AsyncIterable<unknown>): Promise<{ given: number; error: unknown }> {
  let given = 0
  try {
    for await (const _ of loop) given++
  } catch (error) {
    return { given, error }
  }
  return { given, error: undefined }
}

describe('ClientSession.close() of what has no end', () => {
  it('ends a loop over session.events() that waits for the next event', async () => {
    const fixture = new MemoryFixture(async (peer) => {
      await peer.request()
      peer.send(`${eventStream}data: 1\n\n`)
    })
    const { session } = fixture
    const loop = ended(session.events('/'))
    await settle()
    await session.close()
    expect(await loop).toMatchObject({ given: 1, error: { code: 'SPOOL_CLOSED' } })
    await checkNothingLeft(fixture)
  })

  it('ends a loop over session.events() through middlewares', async () => {
    const fixture = new MemoryFixture(
      async (peer) => {
        await peer.request()
        peer.send(`${eventStream}data: 1\n\n`)
      },
      { middleware: [(request, next) => next(request)] },
    )
    const { session } = fixture
    const loop = ended(session.events('/'))
    await settle()
    await session.close()
    expect(await loop).toMatchObject({ given: 1, error: { code: 'SPOOL_CLOSED' } })
    await checkNothingLeft(fixture)
  })

  it('ends a loop over session.events() that waits for its answer', async () => {
    const fixture = new MemoryFixture(() => undefined)
    const { session } = fixture
    const loop = ended(session.events('/'))
    await settle()
    await session.close()
    expect(await loop).toMatchObject({ given: 0, error: { code: 'SPOOL_CLOSED' } })
    await checkNothingLeft(fixture)
  })

  it('ends the pause before session.events() would ask again, and its timer', async () => {
    using clock = MockClock.install()
    const fixture = new MemoryFixture(async (peer) => {
      await peer.request()
      peer.send(`${eventStream}data: 1\n\n`)
      peer.end()
    })
    const { session } = fixture
    const loop = ended(session.events('/'))
    await settle()
    expect(session.statistics().requests, 'it pauses').toBe(0)
    await session.close()
    expect(await loop).toMatchObject({ given: 1, error: { code: 'SPOOL_CLOSED' } })
    expect(clock.pending).toBe(0)
    await checkNothingLeft(fixture)
  })

  it('ends a loop over response.events()', async () => {
    const fixture = new MemoryFixture(async (peer) => {
      await peer.request()
      peer.send(`${eventStream}data: 1\n\n`)
    })
    const { session } = fixture
    const response = await session.post('/')
    const loop = ended(response.events())
    await settle()
    await session.close()
    expect(await loop).toMatchObject({ given: 1, error: { code: 'SPOOL_CLOSED' } })
    await checkNothingLeft(fixture)
  })

  it('closes a WebSocket whose server says nothing any more, and the loop over websockets()', async () => {
    using clock = MockClock.install({ autoJump: true })
    const fixture = new MemoryFixture(async (peer) => {
      const { headers } = await peer.request()
      const accept = acceptOf(headers['sec-websocket-key'] ?? '')
      peer.send(
        `HTTP/1.1 101 Go\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      )
    })
    const { session, server } = fixture
    const opened = Promise.withResolvers<void>()
    const loop = (async (): Promise<void> => {
      for await (const ws of session.websockets('/')) {
        opened.resolve()
        await rejectionOf(ws.receive())
      }
    })()
    const failure = rejectionOf(loop)
    await opened.promise
    const begun = clock.now()
    await session.close()
    expect(clock.now() - begun).toBeLessThanOrEqual(30_000)
    expect(await failure).toMatchObject({ code: 'SPOOL_CLOSED' })
    expect(server.peers).toHaveLength(1)
    expect(clock.pending).toBe(0)
    await checkNothingLeft(fixture)
  })
})

describe('ClientSession.close({ deadline })', () => {
  test.each([
    ['by default after 30 s', (): undefined => undefined, 30_000],
    ['at the deadline', (): SessionCloseOptions => ({ deadline: now() + 500 }), 500],
    ['after the timeout', (): SessionCloseOptions => ({ timeout: 700 }), 700],
    [
      'at the earlier of both',
      (): SessionCloseOptions => ({ timeout: 700, deadline: now() + 300 }),
      300,
    ],
    ['at once where there is no time', (): SessionCloseOptions => ({ timeout: 0 }), 0],
    ['at once where it is over', (): SessionCloseOptions => ({ deadline: now() - 1 }), 0],
  ] as const)('gives up what is under way %s', async (_, options, after) => {
    using clock = MockClock.install()
    const fixture = new MemoryFixture(() => undefined, { limit: 1, timeout: { headers: Infinity } })
    const { session } = fixture
    const failures = [rejectionOf(session.get('/1')), rejectionOf(session.get('/2').text())]
    await settle()
    const begun = clock.now()
    const took = session.close(options()).then(() => clock.now() - begun)
    await clock.advance(60_000)
    expect(await took).toBe(after)
    for (const error of await Promise.all(failures)) {
      expect(error).toMatchObject({ code: 'SPOOL_CLOSED' })
    }
    expect(clock.pending).toBe(0)
    await checkNothingLeft(fixture)
  })

  it('waits for a body that is read slowly for as long as its own time-outs let it', async () => {
    using clock = MockClock.install()
    const fixture = new MemoryFixture(async (peer) => {
      await peer.request()
      peer.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel')
    })
    const { session, server } = fixture
    const body = session.get('/').text()
    await settle()
    const closing = session.close({ deadline: Infinity })
    await clock.advance(59_000)
    server.peers[0]?.send('lo')
    expect(await body).toBe('hello')
    await closing
    expect(clock.pending).toBe(0)
    await checkNothingLeft(fixture)
  })

  it('called again, lets the earlier deadline count', async () => {
    using clock = MockClock.install()
    const fixture = new MemoryFixture(() => undefined)
    const { session } = fixture
    const failure = rejectionOf(session.get('/').text())
    await settle()
    const closing = [session.close(), session.close({ deadline: now() + 10 })]
    await clock.advance(10)
    await Promise.all(closing)
    expect(await failure).toMatchObject({ code: 'SPOOL_CLOSED' })
    await checkNothingLeft(fixture)
  })

  it('refuses what is no deadline, and goes on with the session', async () => {
    await using fixture = new MemoryFixture()
    const { session } = fixture
    await expect(session.close({ deadline: Number.NaN })).rejects.toThrow(RangeError)
    await expect(session.close({ deadline: '5' as never })).rejects.toThrow(TypeError)
    await expect(session.close({ timeout: -1 })).rejects.toThrow(RangeError)
    await expect(session.close({ timeOut: 5 } as never)).rejects.toThrow('"timeout"')
    await expect(session.close(5 as never)).rejects.toThrow(TypeError)
    expect(session.closed).toBe(false)
    expect(await session.get('/').text()).toBe('hello')
  })
})
