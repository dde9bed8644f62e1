import { describe, expect, it } from 'vitest'
import { ResponseError } from 'spool/client'
import { MockClock, settle } from 'spool/testing'
import { rejectionOf } from '../../support/rejection.ts'
import { answer, answerRaw, checkNothingLeft, MemoryFixture } from '../support/memory-server.ts'

describe('ClientResponse', () => {
  it('text() decodes as the content type says', async () => {
    const fields = 'Content-Type: text/plain; charset=iso-8859-1\r\n'
    await using fixture = new MemoryFixture(answer(Buffer.from([0xe9, 0x74, 0xe9]), { fields }))
    expect(await fixture.session.get('/').text()).toBe('été')
    expect(await (await fixture.session.get('/')).text()).toBe('été')
  })

  it('contentLength is what the server says, if it says anything', async () => {
    await using fixture = new MemoryFixture(answer('hello'))
    await using response = await fixture.session.get('/')
    expect(response.contentLength).toBe(5)
    await using other = new MemoryFixture(
      answerRaw('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
    )
    await using chunked = await other.session.get('/')
    expect(chunked.contentLength).toBeUndefined()
  })

  it('text() is UTF-8 by default, without its byte order mark', async () => {
    await using fixture = new MemoryFixture(answer('\ufeffgrüße'))
    expect(await fixture.session.get('/').text()).toBe('grüße')
    expect(await (await fixture.session.get('/')).text()).toBe('grüße')
  })

  it('text() is UTF-8 where the charset is not known', async () => {
    const fields = 'Content-Type: text/plain; charset=klingon\r\n'
    await using fixture = new MemoryFixture(answer('grüße', { fields }))
    expect(await fixture.session.get('/').text()).toBe('grüße')
    const response = await fixture.session.get('/')
    expect(await response.text()).toBe('grüße')
  })

  it('json() parses, and refuses what is none', async () => {
    await using fixture = new MemoryFixture(answer('{"a":[1]}'))
    expect(await fixture.session.get('/').json<{ a: number[] }>()).toEqual({ a: [1] })
    expect(await (await fixture.session.get('/')).json()).toEqual({ a: [1] })
    await using other = new MemoryFixture(answer('<html>'))
    expect(await rejectionOf(other.session.get('/').json())).toBeInstanceOf(SyntaxError)
    expect(other.session.statistics()).toMatchObject({ idle: 1 })
  })

  it('bytes() are the caller’s own', async () => {
    await using fixture = new MemoryFixture(answer('hello'), {}, { shared: true })
    const one = await fixture.session.get('/').bytes()
    await fixture.session.get('/').bytes()
    expect(Buffer.from(one).toString()).toBe('hello')
    const response = await fixture.session.get('/')
    const two = await response.bytes()
    await fixture.session.get('/').bytes()
    expect(Buffer.from(two).toString()).toBe('hello')
  })

  it('may be read again in another form', async () => {
    await using fixture = new MemoryFixture(answer('{"a":1}'))
    const response = await fixture.session.get('/')
    expect(await response.text()).toBe('{"a":1}')
    expect(await response.json()).toEqual({ a: 1 })
    expect(await response.bytes()).toHaveLength(7)
  })

  it('body is a stream that is read once', async () => {
    await using fixture = new MemoryFixture(answer('hello'))
    const response = await fixture.session.get('/')
    for await (const chunk of response.body) expect(Buffer.from(chunk).toString()).toBe('hello')
    expect(await rejectionOf(response.text())).toMatchObject({ code: 'SPOOL_BUSY' })
  })

  it('body that is left early closes the connection', async () => {
    const fixture = new MemoryFixture(
      answerRaw('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello'),
    )
    const response = await fixture.session.get('/')
    for await (const chunk of response.body) {
      expect(chunk).toHaveLength(5)
      break
    }
    await checkNothingLeft(fixture)
  })

  it('close() closes the connection of a body that is not read, and `await using` calls it', async () => {
    const fixture = new MemoryFixture(
      answerRaw('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello'),
    )
    {
      await using response = await fixture.session.get('/')
      expect(response.status).toBe(200)
    }
    await checkNothingLeft(fixture)
    const response = await fixture.session.get('/')
    await response.close()
    await response.close()
    await checkNothingLeft(fixture)
    expect(await rejectionOf(response.text())).toBeInstanceOf(Error)
  })

  it('close() keeps the connection of a body that has come', async () => {
    await using fixture = new MemoryFixture()
    for (let round = 0; round < 3; round++) {
      await using response = await fixture.session.get('/')
      await settle()
      expect(response.ok).toBe(true)
    }
    expect(fixture.server.peers).toHaveLength(1)
  })

  it('applies backpressure to a body that is not read', async () => {
    await using fixture = new MemoryFixture(
      async (peer) => {
        await peer.request()
        peer.send('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n')
        peer.send(Buffer.alloc(1_000_000))
      },
      {},
      { chunkSize: 10_000 },
    )
    const response = await fixture.session.get('/')
    await settle()
    expect(response.body.queued).toBeLessThanOrEqual(65_536 + 10_000)
    expect(fixture.server.peers[0]?.paused).toBe(true)
    expect(await response.bytes()).toHaveLength(1_000_000)
  })

  it.each([200, 304, 399])('raiseForStatus() returns the response of status %d', async (status) => {
    await using fixture = new MemoryFixture(answer('', { status: `${status} X` }))
    const response = await fixture.session.get('/a?b')
    expect(response.raiseForStatus()).toBe(response)
  })

  it.each([400, 404, 599])('raiseForStatus() throws for status %d', async (status) => {
    await using fixture = new MemoryFixture(answer('', { status: `${status} X` }))
    const response = await fixture.session.get('/a?b')
    expect(() => response.raiseForStatus()).toThrow(ResponseError)
    expect(() => response.raiseForStatus()).toThrow(
      `GET http://test/a?b was answered with status ${status}`,
    )
  })

  it('timings say how long each phase took', async () => {
    using clock = MockClock.install({ start: 1000 })
    await using fixture = new MemoryFixture(() => undefined)
    const request = fixture.session.get('/')
    await clock.advance(20)
    fixture.server.peers[0]?.send('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n')
    await settle()
    const response = await request
    expect(response.timings).toMatchObject({ pool: 0, connect: 0, headers: 20, body: undefined })
    await clock.advance(5)
    fixture.server.peers[0]?.send('a')
    await response.text()
    expect(response.timings.body).toBe(5)
  })
})

describe('option "raiseForStatus"', () => {
  it('throws a failure with the beginning of its body', async () => {
    await using fixture = new MemoryFixture(
      answer('why it failed', { status: '422 No', fields: 'X-A: 1\r\n' }),
    )
    const { session } = fixture
    for (const request of [
      session.get('/a', { raiseForStatus: true }),
      session.get('/a', { raiseForStatus: true }).text(),
      session.get('/a', { raiseForStatus: true }).json(),
    ]) {
      const error = (await rejectionOf(request)) as ResponseError
      expect(error).toBeInstanceOf(ResponseError)
      expect(error).toMatchObject({
        code: 'SPOOL_RESPONSE',
        status: 422,
        url: 'http://test/a',
        body: 'why it failed',
      })
      expect(error.headers.get('x-a')).toBe('1')
      expect(error.message).toBe('GET http://test/a was answered with status 422')
    }
  })

  it('reads no more than 4 KiB of the body', async () => {
    const fixture = new MemoryFixture((peer) => {
      peer.send('HTTP/1.1 500 No\r\nContent-Length: 999999\r\n\r\n')
      peer.send('a'.repeat(10_000))
    })
    const error = await rejectionOf(fixture.session.get('/', { raiseForStatus: true }))
    expect((error as ResponseError).body).toBe('a'.repeat(4096))
    await checkNothingLeft(fixture)
  })

  it('lets a success through, and can be the session’s', async () => {
    await using fixture = new MemoryFixture(answer('hello'), { raiseForStatus: true })
    expect(await fixture.session.get('/').text()).toBe('hello')
    await using failing = new MemoryFixture(answer('', { status: '500 No' }), {
      raiseForStatus: true,
    })
    expect(await rejectionOf(failing.session.get('/'))).toBeInstanceOf(ResponseError)
    expect((await failing.session.get('/', { raiseForStatus: false })).status).toBe(500)
  })
})
