import { describe, expect, it } from 'vitest'
import { settle } from 'spool/testing'
import { ProtocolError } from 'spool/wire'
import { rejectionOf } from '../../support/rejection.ts'
import {
  answer,
  answerRaw,
  checkNothingLeft,
  MemoryFixture,
  response,
} from '../support/memory-server.ts'

/** How many connections two requests after each other take. */
async function connectionsFor(
  first: string | Uint8Array,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<number> {
  const { method = 'GET', ...others } = options
  await using fixture = new MemoryFixture(async (peer, index) => {
    await peer.request()
    if (index > 0) {
      peer.respond('second')
      return
    }
    peer.send(first)
    // What is read until the end of the connection needs one.
    if (!/Length|chunked|HTTP\/1.1 [23]04/.test(Buffer.from(first).toString())) peer.end()
    await peer.request()
    peer.respond('second')
  })
  const { session, server } = fixture
  await session.request(method, '/', others).bytes()
  expect(await session.get('/').text()).toBe('second')
  return server.peers.length
}

describe('a connection', () => {
  it.each([
    ['a length', response('abc')],
    ['a length of 0', response('')],
    ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'],
    ['204', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['304', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n'],
    ['1xx before it', `HTTP/1.1 103 Early Hints\r\n\r\n${response('abc').toString()}`],
    [
      'keep-alive of HTTP/1.0',
      'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n',
    ],
  ])('is used again after a response with %s', async (_, first) => {
    expect(await connectionsFor(first)).toBe(1)
  })

  it.each([
    ['Connection: close', response('abc', { fields: 'Connection: close\r\n' })],
    ['no length', 'HTTP/1.1 200 OK\r\n\r\nabc'],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc'],
    ['bytes after it', `${response('abc').toString()}HTTP/1.1 200 OK\r\n\r\n`],
    ['a line break after it', `${response('abc').toString()}\r\n`],
    ['204 that says a length', 'HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n'],
  ])('is not used again after a response with %s', async (_, first) => {
    expect(await connectionsFor(first)).toBe(2)
  })

  it('is used again after a response to HEAD, whose body is not waited for', async () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nContent-Encoding: gzip\r\n\r\n'
    expect(await connectionsFor(head, { method: 'HEAD' })).toBe(1)
  })

  it('is read again after a body that had paused it, and that is read later or never', async () => {
    // More than is held for a reader, down to exactly that, and all of it there at once.
    for (const size of [65_536, 100_000, 200_000]) {
      await using fixture = new MemoryFixture(answer(Buffer.alloc(size)), { limit: 1 })
      const { session, server } = fixture
      const first = await session.get('/')
      await settle()
      expect(server.peers[0]?.paused).toBe(false)
      const second = await session.get('/')
      await settle()
      expect((await first.bytes()).byteLength).toBe(size)
      expect((await second.bytes()).byteLength).toBe(size)
      expect((await session.get('/').bytes()).byteLength).toBe(size)
      expect(server.peers).toHaveLength(1)
    }
  })

  it('is not used again after a request that says Connection: close', async () => {
    expect(await connectionsFor(response('abc'), { headers: { Connection: 'close' } })).toBe(2)
  })

  it('gives the response to HEAD without a body', async () => {
    await using fixture = new MemoryFixture(
      answerRaw('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n'),
    )
    const response = await fixture.session.head('/')
    expect(response.headers.get('content-length')).toBe('1000')
    expect(await response.bytes()).toHaveLength(0)
  })

  it('that was used last is used next', async () => {
    await using fixture = new MemoryFixture(() => undefined)
    const { session, server } = fixture
    const both = [session.get('/1').text(), session.get('/2').text()]
    await settle()
    for (const peer of server.peers) {
      await peer.request()
      peer.respond('')
      await settle()
    }
    await Promise.all(both)
    const third = session.get('/3').text()
    await settle()
    expect(server.peers.map(({ pending }) => pending !== '')).toEqual([false, true])
    server.peers[1]?.respond('')
    await third
  })

  it('that the peer ends while it is idle is given up at once', async () => {
    await using fixture = new MemoryFixture()
    const { session, server } = fixture
    for (const leave of ['end', 'reset'] as const) {
      await session.get('/').text()
      expect(session.statistics()).toMatchObject({ idle: 1 })
      server.peers.at(-1)?.[leave]()
      await settle()
      expect(session.statistics()).toMatchObject({ open: 0 })
      expect(server.open).toBe(0)
    }
    await session.get('/').text()
    expect(server.peers).toHaveLength(3)
  })

  it('that is sent something while it is idle is closed', async () => {
    const fixture = new MemoryFixture()
    await fixture.session.get('/').text()
    fixture.server.peers[0]?.respond('poison')
    await settle()
    await checkNothingLeft(fixture)
    expect(await fixture.session.get('/').text()).toBe('hello')
    await fixture.session.close()
  })

  it('that switches protocols unasked fails the request', async () => {
    const fixture = new MemoryFixture(
      answerRaw('HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n'),
    )
    const error = await rejectionOf(fixture.session.get('/').text())
    expect(error).toBeInstanceOf(ProtocolError)
    expect(error).toMatchObject({ origin: 'remote', code: 'SPOOL_REMOTE_PROTOCOL' })
    expect((error as Error).message).toContain('switched to a protocol')
    await checkNothingLeft(fixture)
  })

  it('takes the final response after some of status 1xx', async () => {
    const early = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'
    await using fixture = new MemoryFixture(answerRaw(early + response('hello').toString()))
    expect(await fixture.session.get('/').text()).toBe('hello')
  })

  it('with endless responses of status 1xx is closed', async () => {
    const fixture = new MemoryFixture(
      answerRaw('HTTP/1.1 100 Continue\r\n\r\n'.repeat(200) + response('hello').toString()),
    )
    const error = await rejectionOf(fixture.session.get('/').text())
    expect(error).toBeInstanceOf(ProtocolError)
    expect((error as Error).message).toContain('32 informational responses')
    await checkNothingLeft(fixture)
  })

  it('keeps the fields of a chunked body for the trailers', async () => {
    const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
    await using fixture = new MemoryFixture(answerRaw(`${chunked}1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n`))
    const response = await fixture.session.get('/')
    expect(await response.text()).toBe('a')
    expect(response.trailers.get('x-sum')).toBe('1')
  })

  it('reads the same whatever the pieces in which it comes', async () => {
    const body = 'hello, world, and everybody in it'
    const chunked = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
    for (const bytes of [response(body), chunked]) {
      for (const shared of [true, false]) {
        await using fixture = new MemoryFixture(answerRaw(bytes), {}, { chunkSize: 1, shared })
        expect(await fixture.session.get('/').text()).toBe(body)
        const response = await fixture.session.get('/')
        expect(Buffer.from(await response.bytes()).toString()).toBe(body)
        expect(fixture.server.peers).toHaveLength(1)
      }
    }
  })
})

describe('a session over many requests', () => {
  it('keeps its connections apart', async () => {
    await using fixture = new MemoryFixture(async (peer) => {
      for (;;) {
        const { target } = await peer.request()
        if (target.endsWith('7')) peer.send(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${target}`)
        else peer.respond(target)
        if (target.endsWith('7')) peer.end()
      }
    })
    const targets = Array.from({ length: 300 }, (_, index) => `/${index}`)
    const bodies = await Promise.all(targets.map((target) => fixture.session.get(target).text()))
    expect(bodies).toEqual(targets)
  })

  it('answers are those of their requests', async () => {
    await using fixture = new MemoryFixture(answer('hello'), { limit: 3 })
    for (let round = 0; round < 20; round++) {
      const all = Array.from({ length: 10 }, () => fixture.session.get('/').text())
      expect(new Set(await Promise.all(all))).toEqual(new Set(['hello']))
    }
    expect(fixture.server.peers).toHaveLength(3)
  })
})
