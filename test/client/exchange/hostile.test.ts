/**
 * Servers that break the rules, byte by byte and at once: always an error of a known kind, never a wrong
 * body, and the connection is not used again.
 */
import { describe, expect, test } from 'vitest'
import { MockClock } from '../../../src/testing/mock-clock.ts'
import { settle } from '../../../src/testing/settle.ts'
import { MemoryNetwork, type MemoryPeer } from '../memory-network.ts'

const url = 'http://test/'
const garbage = 'SPOOL_REMOTE_PROTOCOL'
const broken = 'SPOOL_TRANSFER'

/** Sends whole, or byte by byte with a turn of the loop between. */
async function send(peer: MemoryPeer, bytes: string, byByte: boolean): Promise<void> {
  if (byByte) {
    for (const byte of bytes) {
      peer.send(byte)
      await Promise.resolve()
    }
  } else peer.send(bytes)
  await settle()
}

describe.each([
  ['whole', false],
  ['byte by byte', true],
])('A response that comes %s', (_how, byByte) => {
  test.each([
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n', garbage],
    ['HTTP/0.9', '<html>\r\n', garbage],
    ['HTTP/2', 'HTTP/2.0 200 OK\r\n\r\n', garbage],
    ['a status that is none', 'HTTP/1.1 2000 OK\r\n\r\n', garbage],
    ['a field without a colon', 'HTTP/1.1 200 OK\r\nnonsense\r\n\r\n', garbage],
    ['a control character', 'HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n', garbage],
    ['a folded field', 'HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n', garbage],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', garbage],
    ['a negative length', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n', garbage],
    [
      'a length and chunks',
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      garbage,
    ],
    [
      'a chunk size that is none',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n',
      garbage,
    ],
    [
      'a chunk that is too long',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n',
      garbage,
    ],
    [
      'a protocol that nobody asked for',
      'HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\nabc',
      garbage,
    ],
    ['a head without an end', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(20_000)}`, garbage],
    ['fields without an end', `HTTP/1.1 200 OK\r\n${'X: a\r\n'.repeat(200)}`, garbage],
    ['1xx without an end', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(100), garbage],
  ])('as %s is refused', async (_what, bytes, code) => {
    const network = new MemoryNetwork()
    await using session = network.session()
    const text = session.get(url).text()
    text.catch(() => undefined)
    const peer = await network.peer()
    await peer.request()
    await send(peer, bytes, byByte)
    await expect(text).rejects.toMatchObject({ code, origin: 'remote' })
    expect(session.statistics()).toMatchObject({ open: 0, requests: 0 })
    await settle()
    expect(network.open).toBe(0)
  })

  test.each([
    ['before the head', ''],
    ['inside the status line', 'HTTP/1.1 20'],
    ['inside the head', 'HTTP/1.1 200 OK\r\nContent-Le'],
    ['after a 1xx', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
    ['before the body', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n'],
    ['inside the body', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab'],
    ['inside a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab'],
    ['before the last chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n'],
    ['inside the trailers', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: '],
  ])('and ends, or breaks, %s, is a failed transfer', async (_where, bytes) => {
    for (const way of ['end', 'reset'] as const) {
      for (const form of ['text', 'stream'] as const) {
        const network = new MemoryNetwork()
        await using session = network.session()
        const result = form === 'text' ? session.get(url).text() : collect(session.get(url))
        result.catch(() => undefined)
        const peer = await network.peer()
        await peer.request()
        await send(peer, bytes, byByte)
        peer[way]()
        await expect(result).rejects.toMatchObject({ code: broken, requestSent: true })
        expect(session.statistics()).toMatchObject({ open: 0, requests: 0 })
      }
    }
  })

  test('and goes on after its end poisons the connection and no more', async () => {
    const network = new MemoryNetwork()
    await using session = network.session()
    const text = session.get(url).text()
    const peer = await network.peer()
    await peer.request()
    const evil = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'
    await send(peer, `HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood${evil}`, byByte)
    expect(await text).toBe('good')
    expect(session.statistics()).toMatchObject({ open: 0 })
    const next = session.get(url).text()
    await (await network.peer(1)).answer('next')
    expect(await next).toBe('next')
  })

  test('and has a body to HEAD, 204 or 304 does not become the next one', async () => {
    for (const status of ['200 OK', '204 No Content', '304 Not Modified']) {
      const network = new MemoryNetwork()
      await using session = network.session()
      const text = session.head(url).text()
      const peer = await network.peer()
      await peer.request()
      await send(peer, `HTTP/1.1 ${status}\r\nX: 1\r\n\r\nHTTP/1.1 200 OK\r\n\r\n`, byByte)
      expect(await text).toBe('')
      expect(session.statistics()).toMatchObject({ open: 0 })
    }
  })
})

async function collect(promise: PromiseLike<{ body: AsyncIterable<Uint8Array> }>): Promise<number> {
  let size = 0
  for await (const chunk of (await promise).body) size += chunk.byteLength
  return size
}

describe('A connection', () => {
  test('on which bytes come that nobody asked for is not used', async () => {
    const network = new MemoryNetwork()
    await using session = network.session()
    const text = session.get(url).text()
    const peer = await network.peer()
    await peer.answer('one')
    await text
    peer.send('HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n')
    await settle()
    expect(session.statistics()).toMatchObject({ open: 0 })
  })

  test('that the server closes while it is idle is forgotten at once', async () => {
    for (const way of ['end', 'reset'] as const) {
      const network = new MemoryNetwork()
      await using session = network.session()
      const text = session.get(url).text()
      const peer = await network.peer()
      await peer.answer('one')
      await text
      peer[way]()
      await settle()
      expect(session.statistics()).toMatchObject({ open: 0 })
      expect(network.open).toBe(0)
    }
  })

  test.each([
    ['Connection: close', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok'],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok'],
  ])('is not used again after %s', async (_what, bytes) => {
    const network = new MemoryNetwork()
    await using session = network.session()
    const text = session.get(url).text()
    const peer = await network.peer()
    await peer.request()
    peer.send(bytes)
    expect(await text).toBe('ok')
    expect(session.statistics()).toMatchObject({ open: 0 })
    await peer.untilLeft()
  })

  test('is not used again after a request that said so, whatever the server says', async () => {
    const network = new MemoryNetwork()
    await using session = network.session()
    const text = session.get(url, { headers: { connection: 'close' } }).text()
    await (await network.peer()).answer('ok')
    expect(await text).toBe('ok')
    expect(session.statistics()).toMatchObject({ open: 0 })
  })

  test('ends a body that has no other end', async () => {
    const network = new MemoryNetwork()
    await using session = network.session()
    const text = session.get(url).text()
    const peer = await network.peer()
    await peer.request()
    peer.send('HTTP/1.1 200 OK\r\n\r\nuntil ')
    await settle()
    peer.send('close')
    peer.end()
    expect(await text).toBe('until close')
    expect(session.statistics()).toMatchObject({ open: 0, requests: 0 })
  })

  test('that drips a head is given up in time', async () => {
    using clock = MockClock.install()
    const network = new MemoryNetwork()
    await using session = network.session()
    const text = session.get(url).text()
    text.catch(() => undefined)
    const peer = await network.peer()
    await peer.request()
    peer.send('HTTP/1.1 200 OK\r\nX: ')
    for (let second = 0; second < 61; second++) {
      peer.send('a')
      await clock.advance(1000)
    }
    await expect(text).rejects.toMatchObject({ code: 'SPOOL_TIMEOUT', phase: 'headers' })
    await peer.untilLeft()
  })

  test('that drips a body is given up in time', async () => {
    using clock = MockClock.install()
    const network = new MemoryNetwork()
    await using session = network.session({ timeout: 120_000 })
    const text = session.get(url).text()
    text.catch(() => undefined)
    const peer = await network.peer()
    await peer.request()
    peer.send('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n')
    for (let second = 0; second < 121; second++) {
      peer.send('a')
      await clock.advance(1000)
    }
    await expect(text).rejects.toMatchObject({ code: 'SPOOL_TIMEOUT', phase: 'total' })
    await peer.untilLeft()
  })
})

/** A session with a connection that has carried one request. */
async function used(): Promise<{
  network: MemoryNetwork
  session: ReturnType<MemoryNetwork['session']>
  peer: MemoryPeer
}> {
  const network = new MemoryNetwork()
  const session = network.session()
  const text = session.get(url).text()
  const peer = await network.peer()
  await peer.answer('one')
  await text
  return { network, session, peer }
}

describe('A request on a connection that was used before', () => {
  test.each(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'])(
    'with %s is sent again if the server closed it before any answer',
    async (method) => {
      for (const way of ['end', 'reset'] as const) {
        const { network, session, peer } = await used()
        const body = method === 'PUT' ? { body: 'again' } : {}
        const answer = session.request(method, url, body).then((response) => response.status)
        await peer.request()
        peer[way]()
        const second = await network.peer(1)
        const again = await second.request()
        expect(again.line).toBe(`${method} / HTTP/1.1`)
        expect(again.body).toBe(method === 'PUT' ? 'again' : '')
        second.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
        expect(await answer).toBe(200)
        await session.close()
      }
    },
  )

  test('is not sent a third time', async () => {
    const { network, session, peer } = await used()
    const text = session.get(url).text()
    text.catch(() => undefined)
    await peer.request()
    peer.end()
    const second = await network.peer(1)
    await second.request()
    second.end()
    await expect(text).rejects.toMatchObject({ code: broken, requestSent: true })
    expect(network.peers).toHaveLength(2)
    expect(session.statistics()).toMatchObject({ open: 0, requests: 0 })
  })

  test.each([
    ['POST', {}],
    ['PATCH', { body: 'once' }],
    ['PUT', { body: (async function* () {})() }],
  ])('with %s and what can be sent once only is not sent again', async (method, options) => {
    const { network, session, peer } = await used()
    const text = session.request(method, url, options).text()
    text.catch(() => undefined)
    await peer.request()
    peer.end()
    await expect(text).rejects.toMatchObject({ code: broken, requestSent: true })
    expect(network.peers).toHaveLength(1)
    await session.close()
  })

  test('is not sent again once anything of an answer came', async () => {
    const { network, session, peer } = await used()
    const text = session.get(url).text()
    text.catch(() => undefined)
    await peer.request()
    peer.send('H')
    await settle()
    peer.end()
    await expect(text).rejects.toMatchObject({ code: broken })
    expect(network.peers).toHaveLength(1)
    await session.close()
  })
})

describe('A request on a new connection', () => {
  test('is not sent again when that breaks', async () => {
    const network = new MemoryNetwork()
    await using session = network.session()
    const text = session.get(url).text()
    text.catch(() => undefined)
    const peer = await network.peer()
    await peer.request()
    peer.end()
    await expect(text).rejects.toMatchObject({ code: broken })
    expect(network.peers).toHaveLength(1)
  })
})
