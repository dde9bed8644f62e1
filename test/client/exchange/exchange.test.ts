import { describe, expect, it } from 'vitest'
import { TransferError } from 'spool/client'
import { settle } from 'spool/testing'
import { ProtocolError } from 'spool/wire'
import { rejectionOf } from '../../support/rejection.ts'
import {
  answerEach,
  answerRaw,
  checkNothingLeft,
  MemoryFixture,
  response,
} from '../support/memory-server.ts'

/** The first connection answers once, and leaves when it is asked again. */
function leaving(how: 'end' | 'reset', bytes = ''): MemoryFixture {
  return new MemoryFixture(async (peer, index) => {
    await peer.request()
    peer.respond('first')
    if (index === 0) {
      await peer.request()
      if (bytes !== '') peer.send(bytes)
      await settle()
      peer[how]()
    } else {
      for (;;) {
        await peer.request()
        peer.respond('again')
      }
    }
  })
}

describe('a connection that was idle and is found dead', () => {
  it.each(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'])(
    'is replaced for %s without a word, once',
    async (method) => {
      for (const how of ['end', 'reset'] as const) {
        await using fixture = leaving(how)
        const { session, server } = fixture
        await session.get('/').text()
        const options = method === 'PUT' ? { body: 'content' } : {}
        expect((await session.request(method, '/', options)).status).toBe(200)
        expect(server.peers).toHaveLength(2)
        expect(server.peers[0]?.closed).toBe(true)
        if (method === 'HEAD') server.peers[1]?.end()
      }
    },
  )

  it.each(['POST', 'PATCH', 'PURGE'])('fails %s, which may not be sent twice', async (method) => {
    await using fixture = leaving('end')
    const { session, server } = fixture
    await session.get('/').text()
    const error = await rejectionOf(session.request(method, '/x'))
    expect(error).toBeInstanceOf(TransferError)
    expect(error).toMatchObject({ code: 'SPOOL_TRANSFER', requestSent: true })
    expect((error as Error).message).toMatch(/^POST|^PATCH|^PURGE/)
    expect(server.peers).toHaveLength(1)
  })

  it('fails a request whose body can’t be sent again', async () => {
    await using fixture = leaving('end')
    const { session, server } = fixture
    await session.get('/').text()
    const body = ['a'].values()
    expect(await rejectionOf(session.put('/', { body }))).toBeInstanceOf(TransferError)
    expect(server.peers).toHaveLength(1)
  })

  it('fails a request that was answered in part', async () => {
    for (const bytes of [
      'H',
      'HTTP/1.1 103 Early Hints\r\n\r\n',
      'HTTP/1.1 200 OK\r\nContent-Le',
    ]) {
      await using fixture = leaving('end', bytes)
      const { session, server } = fixture
      await session.get('/').text()
      expect(await rejectionOf(session.get('/'))).toBeInstanceOf(TransferError)
      expect(server.peers).toHaveLength(1)
    }
  })

  it('fails a request on a connection that is new', async () => {
    await using fixture = new MemoryFixture(async (peer) => {
      await peer.request()
      peer.end()
    })
    const error = await rejectionOf(fixture.session.get('/'))
    expect(error).toBeInstanceOf(TransferError)
    expect(fixture.server.peers).toHaveLength(1)
  })

  it('is replaced by a new one, not by another that was idle', async () => {
    await using fixture = new MemoryFixture(async (peer, index) => {
      await peer.request()
      peer.respond('first')
      await peer.request()
      if (index < 2) peer.end()
      else peer.respond('again')
    })
    const { session, server } = fixture
    await Promise.all([session.get('/').text(), session.get('/').text()])
    expect(server.peers).toHaveLength(2)
    expect(await session.get('/').text()).toBe('first')
    expect(server.peers).toHaveLength(3)
  })

  it('and whose replacement dies too, fails the request', async () => {
    await using fixture = new MemoryFixture(async (peer, index) => {
      await peer.request()
      if (index === 0) {
        peer.respond('first')
        await peer.request()
      }
      peer.end()
    })
    await fixture.session.get('/').text()
    expect(await rejectionOf(fixture.session.get('/'))).toBeInstanceOf(TransferError)
    expect(fixture.server.peers).toHaveLength(2)
  })

  it('is asked again once, also if it has to wait and gets another that was used', async () => {
    await using fixture = new MemoryFixture(
      async (peer, index) => {
        await peer.request()
        peer.respond('first')
        const { target } = await peer.request()
        if (index === 0 || target === '/again') peer.end()
        else peer.respond('no')
      },
      { limit: 1 },
    )
    const { session, server } = fixture
    await session.get('/').text()
    const again = rejectionOf(session.get('/again').text())
    const other = session.get('/other').text()
    expect(await other).toBe('first')
    expect(await again).toBeInstanceOf(TransferError)
    expect(server.peers).toHaveLength(2)
  })

  it('is not asked again where the answer breaks the rules', async () => {
    await using fixture = new MemoryFixture(answerEach(response('first'), 'SSH-2.0-x\r\n\r\n'))
    await fixture.session.get('/').text()
    expect(await rejectionOf(fixture.session.get('/'))).toBeInstanceOf(ProtocolError)
    expect(fixture.server.peers).toHaveLength(1)
  })
})

describe('errors of an exchange', () => {
  it.each([
    ['inside the head', 'HTTP/1.1 200 OK\r\nContent-', 'inside the head'],
    ['inside the body', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc', 'inside the body'],
    [
      'inside a chunk',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc',
      'inside the body',
    ],
    ['before it', '', 'before the response'],
  ])('say where it was cut off: %s', async (_, bytes, said) => {
    await using fixture = new MemoryFixture(async (peer) => {
      await peer.request()
      peer.send(bytes)
      peer.end()
    })
    const error = await rejectionOf(fixture.session.get('/path?secret=1#x').text())
    expect(error).toBeInstanceOf(TransferError)
    expect(error).toMatchObject({ code: 'SPOOL_TRANSFER', requestSent: true })
    const { message, cause } = error as Error
    expect(message).toContain('GET http://test/path?secret=1 failed')
    expect(message).toContain(said)
    expect(cause).toBeInstanceOf(Error)
  })

  it('say what the connection broke of', async () => {
    await using fixture = new MemoryFixture(async (peer) => {
      await peer.request()
      peer.reset()
    })
    const error = (await rejectionOf(fixture.session.get('/'))) as Error
    expect(error).toBeInstanceOf(TransferError)
    expect(error.message).toContain('connection reset')
    expect(error.cause).toMatchObject({ code: 'SPOOL_BROKEN' })
  })

  it.each([
    ['SSH-2.0-OpenSSH\r\n\r\n'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nabc'],
    ['HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n'],
    ['HTTP/1.1 200 OK\r\nBad Name: x\r\n\r\n'],
    ['HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n'],
    ['HTTP/2 200 OK\r\n\r\n'],
  ])('say which rule was broken: %j', async (bytes) => {
    const fixture = new MemoryFixture(answerRaw(bytes))
    const error = await rejectionOf(fixture.session.get('/').text())
    expect(error).toBeInstanceOf(ProtocolError)
    expect(error).toMatchObject({
      code: 'SPOOL_REMOTE_PROTOCOL',
      origin: 'remote',
      statusHint: 502,
    })
    expect((error as Error).message).toContain('GET http://test/ failed')
    await checkNothingLeft(fixture)
  })

  it('give a body that was begun the same error', async () => {
    const fixture = new MemoryFixture(async (peer) => {
      await peer.request()
      peer.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')
      await settle()
      peer.send('no size\r\n')
    })
    const response = await fixture.session.get('/')
    const chunks: string[] = []
    const error = await rejectionOf(
      (async () => {
        for await (const chunk of response.body) chunks.push(Buffer.from(chunk).toString())
      })(),
    )
    expect(chunks).toEqual(['abc'])
    expect(error).toBeInstanceOf(ProtocolError)
    await checkNothingLeft(fixture)
  })

  it('do not show passwords', async () => {
    await using fixture = new MemoryFixture(async (peer) => {
      await peer.request()
      peer.end()
    })
    const error = (await rejectionOf(fixture.session.get('http://u:hidden@test/a'))) as Error
    expect(error.message).toContain('GET http://test/a failed')
    expect(error.message).not.toContain('hidden')
  })
})
