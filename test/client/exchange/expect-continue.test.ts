import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import { digestAuth } from 'spool/client'
import { Application, HTTPError, serve, text } from 'spool/server'
import { ClientSession } from 'spool/client'
import { MockClock, settle } from 'spool/testing'
import { rejectionOf } from '../../support/rejection.ts'
import {
  checkNothingLeft,
  MemoryFixture,
  type MemoryPeer,
  type MemoryScript,
  redirect,
  response,
} from '../support/memory-server.ts'

const go = 'HTTP/1.1 100 Continue\r\n\r\n'

async function* pieces(...all: string[]): AsyncGenerator<string> {
  yield* all
}

const bodies = [
  ['a text', () => 'hello'],
  ['a long text', () => 'x'.repeat(300_000)],
  ['text beyond ASCII', () => 'hällo'],
  ['bytes', () => Buffer.from('hello')],
  ['many bytes', () => Buffer.alloc(300_000, 'x')],
  ['an iterable', () => pieces('he', 'llo')],
  ['a Blob', () => new Blob(['hello'])],
] as const

/** The head, once it is there as a whole; it stays in what is pending. */
async function headOf(peer: MemoryPeer): Promise<string> {
  await peer.untilPending('\r\n\r\n')
  return peer.pending
}

describe('"expectContinue"', () => {
  test.each(bodies)(
    'sends the head of %s, and the body once the server wants it',
    async (_, make) => {
      const seen: string[] = []
      await using fixture = new MemoryFixture(async (peer) => {
        seen.push(await headOf(peer))
        peer.send(go)
        const { body, headers } = await peer.request()
        expect(headers['expect']).toBe('100-continue')
        peer.respond(String(body.length))
      })
      const body = make()
      const said = await fixture.session.post('/', { body, expectContinue: true }).text()
      expect(seen[0]).toMatch(/\r\nExpect: 100-continue\r\n\r\n$/)
      expect(Number(said)).toBeGreaterThanOrEqual(5)
      // The request and its answer are complete.
      expect(fixture.session.statistics()).toMatchObject({ open: 1, idle: 1 })
    },
  )

  it('waits through other informational responses', async () => {
    await using fixture = new MemoryFixture(async (peer) => {
      await headOf(peer)
      peer.send('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n')
      await settle()
      expect(peer.pending).toMatch(/\r\n\r\n$/)
      peer.send(go)
      expect((await peer.request()).body).toBe('hello')
      // A second one asks for nothing.
      peer.send(go)
      peer.respond('ok')
    })
    const options = { body: 'hello', expectContinue: true }
    expect(await fixture.session.put('/', options).text()).toBe('ok')
  })

  it('says nothing without a body, or with an empty one', async () => {
    const heads: string[] = []
    await using fixture = new MemoryFixture(
      async (peer) => {
        for (;;) {
          heads.push((await peer.request()).raw)
          peer.respond('ok')
        }
      },
      { expectContinue: true },
    )
    const { session } = fixture
    await session.get('/').text()
    await session.post('/').text()
    await session.post('/', { body: '' }).text()
    await session.post('/', { body: 'hello', expectContinue: false }).text()
    expect(heads).toHaveLength(4)
    expect(heads.join('')).not.toMatch(/expect/i)
  })

  it('goes through middlewares', async () => {
    await using fixture = new MemoryFixture(
      async (peer) => {
        await headOf(peer)
        peer.send(go)
        peer.respond((await peer.request()).body)
      },
      { expectContinue: true, middleware: [(request, next) => next(request)] },
    )
    expect(await fixture.session.post('/', { body: 'hello' }).text()).toBe('hello')
  })

  test.each([0, -1, Number.NaN, Infinity])('refuses %s', async (wait) => {
    expect(() => new ClientSession({ expectContinue: wait })).toThrow(RangeError)
    await using session = new ClientSession()
    await expect(session.post('http://a.test/', { expectContinue: wait })).rejects.toThrow(
      RangeError,
    )
  })

  it('refuses a header that says it, too', async () => {
    await using fixture = new MemoryFixture()
    const options = { body: 'x', expectContinue: true, headers: { expect: '100-continue' } }
    const error = await rejectionOf(fixture.session.post('/', options))
    expect(error).toBeInstanceOf(TypeError)
    expect(String(error)).toContain('"Expect"')
  })
})

describe('"expectContinue", where the server does not say 100', () => {
  let clock: MockClock
  beforeEach(() => {
    clock = MockClock.install()
  })
  afterEach(() => clock[Symbol.dispose]())

  test.each([
    [true, 1000],
    [50, 50],
  ])('%s sends the body after %s ms', async (expectContinue, after) => {
    const fixture = new MemoryFixture(async (peer) => peer.respond((await peer.request()).body))
    const { session, server } = fixture
    const begun = clock.now()
    const body = session.post('/', { body: 'hello', expectContinue }).text()
    await settle()
    await clock.advance(after - 20)
    expect(server.peers[0]?.pending).toMatch(/\r\n\r\n$/)
    await clock.advance(120)
    expect(await body).toBe('hello')
    expect(clock.now() - begun).toBe(after + 100)
    await session.close()
    expect(clock.pending).toBe(0)
    await checkNothingLeft(fixture)
  })

  it('the time for the head begins when the body is sent', async () => {
    const fixture = new MemoryFixture(() => undefined, { timeout: { headers: 500 } })
    const { session } = fixture
    const begun = clock.now()
    let endedAt = 0
    const failure = rejectionOf(session.post('/', { body: 'hello', expectContinue: true }))
    void failure.then(() => (endedAt = clock.now() - begun))
    await settle()
    await clock.advance(2000)
    expect(await failure).toMatchObject({ phase: 'headers', timeout: 500 })
    expect(endedAt).toBeGreaterThanOrEqual(1500)
    await session.close()
    await checkNothingLeft(fixture)
  })

  it('the time for all of it ends the wait', async () => {
    const fixture = new MemoryFixture(() => undefined)
    const { session } = fixture
    const failure = rejectionOf(
      session.post('/', { body: 'hello', expectContinue: 5000, timeout: 300 }),
    )
    await settle()
    await clock.advance(400)
    expect(await failure).toMatchObject({ phase: 'total' })
    await session.close()
    expect(clock.pending).toBe(0)
    await checkNothingLeft(fixture)
  })

  it('a transport that is full when the head is sent does not make the body be forgotten', async () => {
    const fixture = new MemoryFixture(
      async (peer) => {
        peer.pause()
        await settle()
        peer.resume()
        peer.respond((await peer.request()).body)
      },
      {},
      { highWaterMark: 1 },
    )
    const body = fixture.session.post('/', { body: 'hello', expectContinue: true }).text()
    await settle()
    await clock.advance(1100)
    expect(await body).toBe('hello')
    await fixture.session.close()
    await checkNothingLeft(fixture)
  })
})

describe('"expectContinue", where the server answers without the body', () => {
  test.each(['200 OK', '403 No', '500 Oops'])(
    'with %s, the body is not sent and the connection closed',
    async (status) => {
      const rest: string[] = []
      const script: MemoryScript = async (peer) => {
        await headOf(peer)
        peer.respond('early', { status })
        await peer.untilClosed()
        rest.push(peer.pending)
      }
      const fixture = new MemoryFixture(script)
      const { session } = fixture
      let begun = 0
      async function* body(): AsyncGenerator<string> {
        begun++
        yield 'hello'
      }
      for (const one of ['hello', body()]) {
        const response = await session.post('/', { body: one, expectContinue: true })
        expect(await response.text()).toBe('early')
      }
      expect(session.statistics().open).toBe(0)
      await settle()
      expect(begun).toBe(0)
      expect(rest).toHaveLength(2)
      for (const one of rest) expect(one).toMatch(/\r\n\r\n$/)
      await session.close()
      await checkNothingLeft(fixture)
    },
  )

  it('with a redirect, a body that can be sent once goes where it leads', async () => {
    await using fixture = new MemoryFixture(async (peer, index) => {
      await headOf(peer)
      if (index === 0) {
        peer.send(redirect(307, '/there'))
        return
      }
      peer.send(go)
      const { target, body } = await peer.request()
      peer.respond(`${target} ${body}`)
    })
    const options = { body: pieces('he', 'llo'), expectContinue: true }
    expect(await fixture.session.put('/here', options).text()).toBe('/there hello')
  })

  it('with a challenge, digestAuth() sends a body that can be sent once', async () => {
    const challenge = 'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth"\r\n'
    await using fixture = new MemoryFixture(
      async (peer, index) => {
        await headOf(peer)
        if (index === 0) {
          peer.respond('', { status: '401 Who', fields: challenge })
          return
        }
        peer.send(go)
        const { headers, body } = await peer.request()
        peer.respond(`${headers['authorization']?.slice(0, 6)} ${body}`)
      },
      { middleware: [digestAuth({ username: 'ada', password: 'secret' })] },
    )
    const options = { body: pieces('he', 'llo'), expectContinue: true }
    expect(await fixture.session.put('/', options).text()).toBe('Digest hello')
  })

  it('with a break, the request fails', async () => {
    await using fixture = new MemoryFixture(async (peer) => {
      await headOf(peer)
      peer.reset()
    })
    const error = await rejectionOf(fixture.session.post('/', { body: 'a', expectContinue: true }))
    expect(error).toMatchObject({ code: 'SPOOL_TRANSFER', requestSent: true })
  })

  it('with a break of a kept connection, it is asked again, whatever the body', async () => {
    await using fixture = new MemoryFixture(async (peer, index) => {
      if (index === 0) {
        await peer.request()
        peer.respond('first')
        await headOf(peer)
        peer.reset()
        return
      }
      await headOf(peer)
      peer.send(go)
      peer.respond((await peer.request()).body)
    })
    const { session } = fixture
    expect(await session.get('/').text()).toBe('first')
    const options = { body: pieces('he', 'llo'), expectContinue: true }
    expect(await session.put('/', options).text()).toBe('hello')
  })
})

describe('"expectContinue" and 417', () => {
  const refused = response('no', { status: '417 Expectation Failed' })

  test.each(bodies)('sends %s once more, and expects nothing', async (_, make) => {
    const heads: string[] = []
    await using fixture = new MemoryFixture(async (peer, index) => {
      if (index === 0) {
        heads.push(await headOf(peer))
        peer.send(refused)
        return
      }
      const { raw, body } = await peer.request()
      heads.push(raw.slice(0, raw.indexOf('\r\n\r\n')))
      peer.respond(String(body.length))
    })
    const body = make()
    const said = await fixture.session.post('/', { body, expectContinue: true }).text()
    expect(Number(said)).toBeGreaterThanOrEqual(5)
    expect(heads).toHaveLength(2)
    expect(heads[0]).toContain('\r\nExpect: 100-continue')
    expect(heads[1]).not.toMatch(/expect/i)
  })

  it('is the answer, if it comes once more', async () => {
    await using fixture = new MemoryFixture(async (peer) => {
      await headOf(peer)
      peer.send(refused)
    })
    const { session, server } = fixture
    const response = await session.post('/', { body: 'hello', expectContinue: true })
    expect(response.status).toBe(417)
    await response.text()
    expect(server.peers).toHaveLength(2)
  })

  it('is the answer, if a body that can be sent once was sent', async () => {
    using clock = MockClock.install()
    const fixture = new MemoryFixture(async (peer) => {
      await peer.request()
      peer.send(refused)
    })
    const { session, server } = fixture
    const status = session
      .post('/', { body: pieces('hello'), expectContinue: true })
      .then((response) => response.status)
    await settle()
    await clock.advance(1100)
    expect(await status).toBe(417)
    expect(server.peers).toHaveLength(1)
    await session.close()
    await checkNothingLeft(fixture)
  })

  it('is the answer to who expected nothing', async () => {
    await using fixture = new MemoryFixture(async (peer) => {
      await peer.request()
      peer.send(refused)
    })
    expect((await fixture.session.post('/', { body: 'hello' })).status).toBe(417)
  })
})

describe('"expectContinue" with a server of this package', () => {
  it('sends what is read, and not what is refused', async () => {
    let sent = 0
    async function* body(): AsyncGenerator<string> {
      sent++
      yield 'hello'
    }
    const app = new Application()
      .post('/read', async (request) => text(await request.text()))
      .post('/refuse', () => {
        throw new HTTPError(403)
      })
    await using server = await serve(app, { port: 0 })
    await using session = new ClientSession({ baseUrl: server.url, expectContinue: 20_000 })
    expect(await session.post('/read', { body: body() }).text()).toBe('hello')
    expect(sent).toBe(1)
    expect((await session.post('/refuse', { body: body() })).status).toBe(403)
    expect(sent).toBe(1)
    expect(await session.post('/read', { body: body() }).text()).toBe('hello')
  })
})
