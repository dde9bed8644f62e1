import { describe, expect, it } from 'vitest'
import { BusyResourceError } from 'spool'
import { acceptedCodings } from '../../src/http/compression.ts'
import { ClientSession } from 'spool/client'
import { MockClock, settle } from 'spool/testing'
import { rejectionOf } from '../support/rejection.ts'
import { answer, MemoryFixture, type SeenRequest } from './support/memory-server.ts'

/** A fixture whose server keeps the requests that it sees. */
function recording(options: ConstructorParameters<typeof MemoryFixture>[1] = {}): {
  fixture: MemoryFixture
  seen: SeenRequest[]
} {
  const seen: SeenRequest[] = []
  const fixture = new MemoryFixture(async (peer) => {
    for (;;) {
      const request = await peer.request()
      seen.push(request)
      peer.respond(request.method === 'HEAD' ? '' : 'hello')
    }
  }, options)
  return { fixture, seen }
}

describe('ClientSession requests', () => {
  it('get() gives a response whose body is read once', async () => {
    await using fixture = new MemoryFixture(answer('hello', { fields: 'X-A: 1\r\nX-A: 2\r\n' }))
    await using response = await fixture.session.get('/path?query')
    expect(response.status).toBe(200)
    expect(response.reason).toBe('OK')
    expect(response.ok).toBe(true)
    expect(response.url).toBe('http://test/path?query')
    expect(response.headers.get('x-a')).toBe('1, 2')
    expect(response.history).toEqual([])
    expect(response.redirected).toBe(false)
    expect(await response.text()).toBe('hello')
  })

  it('request() sends the standard methods in upper case, and others as they are given', async () => {
    const { fixture, seen } = recording()
    await using _ = fixture
    const methods = ['get', 'Head', 'post', 'put', 'patch', 'delete', 'options', 'trace']
    for (const method of methods) {
      const response = await fixture.session.request(method, '/')
      expect(response.method).toBe(method.toUpperCase())
      await response.text()
    }
    await fixture.session.request('get', '/', { headers: { 'X-A': '1' } }).text()
    await fixture.session.request('purge', '/').text()
    await fixture.session
      .request('', '/')
      .text()
      .catch(() => {})
    expect(seen.map(({ method }) => method)).toEqual([
      ...methods.map((method) => method.toUpperCase()),
      'GET',
      'purge',
    ])
    // No standard method, though its upper case is one.
    expect(await rejectionOf(fixture.session.request('po\u017Ft', '/'))).toBeInstanceOf(TypeError)
  })

  it('request() sends what a middleware has made of the method in upper case, too', async () => {
    const { fixture, seen } = recording({
      middleware: [(request, next) => next({ ...request, method: 'head' })],
    })
    await using _ = fixture
    await fixture.session.get('/').text()
    expect(seen[0]?.method).toBe('HEAD')
  })

  it('sends the method that each of its functions is named after', async () => {
    const { fixture, seen } = recording()
    await using _ = fixture
    const { session } = fixture
    for (const method of ['get', 'post', 'put', 'patch', 'delete', 'options'] as const) {
      expect(await session[method]('/').text()).toBe('hello')
    }
    await session.head('/')
    await session.request('PURGE', '/').bytes()
    expect(seen.map(({ method }) => method)).toEqual([
      'GET',
      'POST',
      'PUT',
      'PATCH',
      'DELETE',
      'OPTIONS',
      'HEAD',
      'PURGE',
    ])
  })

  it('sends Host, and what it is by default', async () => {
    const { fixture, seen } = recording()
    await using _ = fixture
    await fixture.session.get('http://Example.com:8080/a%2Fb/../c?x=1#top').text()
    expect(seen[0]?.target).toBe('/a%2Fb/../c?x=1')
    expect(seen[0]?.headers).toEqual({
      host: 'example.com:8080',
      accept: '*/*',
      'accept-encoding': acceptedCodings(),
      'user-agent': 'spool',
    })
  })

  it('sends its own headers unless the request brings others of the name', async () => {
    const { fixture, seen } = recording({
      headers: { 'User-Agent': 'mine/1', 'X-Team': 'a', 'X-Other': 'b' },
    })
    await using _ = fixture
    await fixture.session.get('/', { headers: { 'x-team': 'c', 'X-Own': 'd' } }).text()
    await fixture.session.get('/').text()
    expect(seen[0]?.headers).toMatchObject({ 'x-team': 'c', 'x-other': 'b', 'x-own': 'd' })
    expect(seen[1]?.headers).toMatchObject({ 'user-agent': 'mine/1', 'x-team': 'a' })
    expect(seen[1]?.headers).not.toHaveProperty('x-own')
  })

  it('sends repeated headers of a request as they are given', async () => {
    const { fixture, seen } = recording()
    await using _ = fixture
    const headers = [
      ['X-A', '1'],
      ['X-A', '2'],
    ] as const
    await fixture.session.get('/', { headers }).text()
    expect(seen[0]?.fields.filter(([name]) => name === 'X-A')).toEqual(headers)
  })

  it('sends Content-Length: 0 where a body would be expected, and nothing where not', async () => {
    const { fixture, seen } = recording()
    await using _ = fixture
    for (const method of ['GET', 'DELETE', 'POST', 'PUT', 'PATCH']) {
      await fixture.session.request(method, '/').text()
    }
    expect(seen.map(({ headers }) => headers['content-length'])).toEqual([
      undefined,
      undefined,
      '0',
      '0',
      '0',
    ])
  })

  it('adds "query" to the query of the URL', async () => {
    const { fixture, seen } = recording()
    await using _ = fixture
    await fixture.session.get('/a?b=1', { query: { c: ['2', 3], d: undefined } }).text()
    expect(seen[0]?.target).toBe('/a?b=1&c=2&c=3')
  })

  it('resolves URLs against "baseUrl"', async () => {
    const { fixture, seen } = recording({ baseUrl: 'http://test/v1/' })
    await using _ = fixture
    const { session } = fixture
    await session.get('17').text()
    await session.get('/root').text()
    await session.get('//other/x').text()
    await session.get(new URL('http://third/')).text()
    expect(seen.map(({ target, headers }) => `${headers['host']}${target}`)).toEqual([
      'test/v1/17',
      'test/root',
      'other/x',
      'third/',
    ])
  })

  it('sends user and password of a URL as credentials, and keeps them out of response.url', async () => {
    const { fixture, seen } = recording()
    await using _ = fixture
    const response = await fixture.session.get('http://Ada:se%20cret@test/private')
    await response.text()
    expect(seen[0]?.headers['authorization']).toBe(`Basic ${btoa('Ada:se cret')}`)
    expect(seen[0]?.headers['host']).toBe('test')
    expect(response.url).toBe('http://test/private')
  })

  it.each([
    ['ftp://test/', { code: 'ERR_INVALID_URL' }],
    ['http://', { code: 'ERR_INVALID_URL' }],
    ['http://a b/', { code: 'ERR_INVALID_URL' }],
    ['http://test/\r\nX: y', { code: 'ERR_INVALID_URL' }],
  ])('refuses the URL %j', async (url, expected) => {
    await using fixture = new MemoryFixture()
    const error = await rejectionOf(fixture.session.get(url))
    expect(error).toBeInstanceOf(TypeError)
    expect(error).toMatchObject(expected)
    expect(fixture.server.peers).toHaveLength(0)
  })

  it.each([
    [{ headers: { 'X-A': 'a\r\nX-B: b' } }],
    [{ headers: { 'X A': 'a' } }],
    [{ headers: { 'X-A': 'a\0' } }],
    [{ headers: { 'Content-Length': '7' }, body: 'hello' }],
    [{ headers: { 'Content-Length': '7' } }],
    [{ headers: { 'Transfer-Encoding': 'gzip' }, body: 'hello' }],
    [{ headers: { 'Transfer-Encoding': 'chunked' } }],
    [{ body: 'a', json: {} }],
    [{ json: () => undefined }],
    [{ timeout: 0 }],
    [{ timeout: { idle: -1 } }],
    [{ timeout: Number.NaN }],
  ])('refuses to send %j', async (options) => {
    await using fixture = new MemoryFixture()
    await expect(fixture.session.post('/', options).text()).rejects.toThrow(
      /^(?:Cannot|Invalid|Refused)/,
    )
    expect(fixture.server.peers).toHaveLength(0)
  })

  it('refuses a body with TRACE, which has none', async () => {
    await using fixture = new MemoryFixture()
    for (const options of [
      { body: 'x' },
      { json: {} },
      { body: ['x'], headers: { cookie: 'a=b' } },
    ]) {
      const error = await rejectionOf(fixture.session.request('TRACE', '/', options))
      expect(error).toBeInstanceOf(TypeError)
      expect((error as Error).message).toBe(
        'Cannot send a body with method "TRACE": it must not have one',
      )
    }
    expect(fixture.server.peers).toHaveLength(0)
  })

  it.each(['', 'GET /x', 'G\r\nX', 'CONNECT'])('refuses the method %j', async (method) => {
    await using fixture = new MemoryFixture()
    const error = await rejectionOf(fixture.session.request(method, '/'))
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toContain(`Cannot send method ${JSON.stringify(method)}`)
  })
})

describe('ClientSession options', () => {
  it.each([
    [{ limit: -1 }, '"limit"'],
    [{ limitPerHost: Number.NaN }, '"limitPerHost"'],
    [{ maxWaiting: -5 }, '"maxWaiting"'],
    [{ keepAlive: '5' as unknown as number }, '"keepAlive"'],
    [{ maxRedirects: -1 }, '"maxRedirects"'],
    [{ maxResponseSize: -1 }, '"maxResponseSize"'],
    [{ timeout: -1 }, '"total"'],
    [{ headers: { 'a b': 'c' } }, 'a b'],
  ])('refuses %j', (options, said) => {
    expect(() => new ClientSession(options)).toThrow(said)
  })

  it('"limit" bounds the connections, and requests above it wait in order of arrival', async () => {
    const order: string[] = []
    await using fixture = new MemoryFixture(
      async (peer) => {
        for (;;) {
          const { target } = await peer.request()
          order.push(target)
          peer.respond('hello')
        }
      },
      { limit: 2 },
    )
    const { session, server } = fixture
    const all = ['/1', '/2', '/3', '/4', '/5'].map((target) => session.get(target).text())
    expect(session.statistics()).toMatchObject({ open: 2, connecting: 2, waiting: 3 })
    await Promise.all(all)
    expect(order).toEqual(['/1', '/2', '/3', '/4', '/5'])
    expect(server.peers).toHaveLength(2)
    expect(session.statistics()).toMatchObject({ open: 2, idle: 2, waiting: 0 })
  })

  it('"limitPerHost" bounds those to one origin', async () => {
    await using fixture = new MemoryFixture(answer('hello'), { limitPerHost: 1 })
    const { session, server } = fixture
    await Promise.all(
      ['http://a/1', 'http://a/2', 'http://b/1', 'http://b/2'].map((url) =>
        session.get(url).text(),
      ),
    )
    expect(server.peers).toHaveLength(2)
  })

  it('"maxWaiting" bounds the queue', async () => {
    await using fixture = new MemoryFixture(answer('hello'), { limit: 1, maxWaiting: 1 })
    const { session } = fixture
    const all = [session.get('/1').text(), session.get('/2').text()]
    const error = await rejectionOf(session.get('/3'))
    expect(error).toBeInstanceOf(BusyResourceError)
    expect((error as Error).message).toContain('1 requests wait, which is the limit')
    await Promise.all(all)
  })

  it('"keepAlive" closes connections that were idle for so long', async () => {
    using clock = MockClock.install()
    await using fixture = new MemoryFixture(answer('hello'), { keepAlive: 5000 })
    const { session, server } = fixture
    await session.get('/').text()
    await clock.advance(4000)
    expect(session.statistics()).toMatchObject({ idle: 1 })
    await clock.advance(1100)
    expect(session.statistics()).toMatchObject({ idle: 0, open: 0 })
    expect(server.open).toBe(0)
  })

  it('"keepAlive" of 0 keeps no connection', async () => {
    await using fixture = new MemoryFixture(answer('hello'), { keepAlive: 0 })
    const { session, server } = fixture
    await session.get('/').text()
    await settle()
    expect(server.open).toBe(0)
    await session.get('/').text()
    expect(server.peers).toHaveLength(2)
  })

  it('keeps a connection no longer than the server says', async () => {
    using clock = MockClock.install()
    const fields = 'Keep-Alive: timeout=5, max=100\r\n'
    await using fixture = new MemoryFixture(answer('hello', { fields }))
    await fixture.session.get('/').text()
    await clock.advance(4100)
    expect(fixture.session.statistics()).toMatchObject({ idle: 0 })
  })

  it('toString() says what it holds', async () => {
    await using fixture = new MemoryFixture(answer('hello'), { limit: 1 })
    const { session } = fixture
    const all = [session.get('/').text(), session.get('/').text()]
    expect(String(session)).toBe(
      'ClientSession(connections: 0 active, 0 idle, 1 connecting; requests: 1 waiting)',
    )
    await Promise.all(all)
    expect(String(session)).toBe(
      'ClientSession(connections: 0 active, 1 idle, 0 connecting; requests: 0 waiting)',
    )
  })
})
