import { describe, expect, it } from 'vitest'
import { RedirectError, type ClientSessionOptions } from 'spool/client'
import { settle } from 'spool/testing'
import { rejectionOf } from '../../support/rejection.ts'
import { MemoryFixture, redirect, response, type SeenRequest } from '../support/memory-server.ts'

/** A server that redirects by a map from URL to `status location`, and answers the rest with `here`. */
function redirecting(
  places: Readonly<Record<string, string>>,
  options: ClientSessionOptions = {},
): { fixture: MemoryFixture; seen: SeenRequest[]; urls: () => string[] } {
  const seen: SeenRequest[] = []
  const fixture = new MemoryFixture(async (peer) => {
    for (;;) {
      const request = await peer.request()
      seen.push(request)
      const place = places[`${request.headers['host']}${request.target}`]
      const [status, location = ''] = place?.split(' ') ?? []
      if (status === undefined) peer.send(response(request.method === 'HEAD' ? '' : 'here'))
      else if (request.method === 'HEAD') {
        peer.send(`HTTP/1.1 ${status} Moved\r\nContent-Length: 5\r\nLocation: ${location}\r\n\r\n`)
      } else peer.send(redirect(Number(status), location))
    }
  }, options)
  return { fixture, seen, urls: () => seen.map((one) => `${one.headers['host']}${one.target}`) }
}

describe('a redirect', () => {
  it.each([301, 302, 303, 307, 308])('of status %d is followed', async (status) => {
    const { fixture, seen } = redirecting({ 'test/a': `${status} /b?c` })
    await using _ = fixture
    const response = await fixture.session.get('/a')
    expect(await response.text()).toBe('here')
    expect(response.url).toBe('http://test/b?c')
    expect(response.history).toMatchObject([{ url: 'http://test/a', status }])
    expect(response.redirected).toBe(true)
    expect(seen.map(({ target }) => target)).toEqual(['/a', '/b?c'])
    // Its body was read away, and the connection used again.
    expect(fixture.server.peers).toHaveLength(1)
  })

  it.each([300, 304, 305, 306, 399])('of status %d is none', async (status) => {
    const { fixture } = redirecting({ 'test/a': `${status} /b` })
    await using _ = fixture
    const response = await fixture.session.get('/a')
    if (status === 304) return
    expect(response.status).toBe(status)
    await response.text()
  })

  it.each([
    ['to its own origin', 'http://eve:secret@test/b', 'test/b'],
    ['to another', 'http://eve:secret@other/b', 'other/b'],
    ['without a scheme', '//eve:p%40ss@other/b', 'other/b'],
    ['with more than one @', 'http://eve@x:secret@other/b', 'other/b'],
  ])('%s sends no user or password that it names', async (_, location, seen) => {
    const { fixture, seen: requests, urls } = redirecting({ 'test/a': `302 ${location}` })
    await using _fixture = fixture
    const response = await fixture.session.get('http://test/a')
    expect(await response.text()).toBe('here')
    expect(response.url).toBe(`http://${seen}`)
    expect(urls()).toEqual(['test/a', seen])
    expect(requests.map(({ headers }) => headers['authorization'])).toEqual([undefined, undefined])
  })

  it('with a user before a backslash is refused', async () => {
    const { fixture } = redirecting({ 'test/a': '302 http://eve\\@other/b' })
    await using _ = fixture
    const error = await rejectionOf(fixture.session.get('http://test/a'))
    expect(error).toBeInstanceOf(RedirectError)
  })

  it('without Location is given to the caller', async () => {
    await using fixture = new MemoryFixture(async (peer) => {
      await peer.request()
      peer.respond('moved', { status: '302 Found' })
    })
    const response = await fixture.session.get('/')
    expect(response.status).toBe(302)
    expect(await response.text()).toBe('moved')
  })

  it.each([
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [303, 'POST', 'GET'],
    [307, 'POST', 'POST'],
    [308, 'POST', 'POST'],
    [301, 'PUT', 'PUT'],
    [302, 'DELETE', 'DELETE'],
    [303, 'PUT', 'GET'],
    [303, 'DELETE', 'GET'],
    [303, 'HEAD', 'HEAD'],
    [302, 'HEAD', 'HEAD'],
  ])('of status %d turns %s into %s', async (status, method, next) => {
    const { fixture, seen } = redirecting({ 'test/a': `${status} /b` })
    await using _ = fixture
    await fixture.session.request(method, '/a').bytes()
    expect(seen.map((one) => one.method)).toEqual([method, next])
  })

  it('that keeps the method sends the body again', async () => {
    const { fixture, seen } = redirecting({ 'test/a': '307 /b' })
    await using _ = fixture
    await fixture.session.put('/a', { json: { a: 1 } }).text()
    expect(seen[1]).toMatchObject({ method: 'PUT', target: '/b', body: '{"a":1}' })
    expect(seen[1]?.headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': '7',
    })
  })

  it('to GET leaves out the body and what describes it', async () => {
    const { fixture, seen } = redirecting({ 'test/a': '303 /b' })
    await using _ = fixture
    const headers = { 'Content-Language': 'en', 'X-Kept': '1' }
    await fixture.session.post('/a', { json: {}, headers }).text()
    expect(seen[1]).toMatchObject({ method: 'GET', body: '' })
    expect(seen[1]?.headers).toHaveProperty('x-kept')
    for (const name of ['content-type', 'content-length', 'content-language']) {
      expect(seen[1]?.headers).not.toHaveProperty(name)
    }
  })

  it('sends a Blob and a list of chunks again', async () => {
    for (const body of [new Blob(['abc']), ['a', 'bc']]) {
      const { fixture, seen } = redirecting({ 'test/a': '307 /b' })
      await using _ = fixture
      await fixture.session.post('/a', { body }).text()
      expect(seen.map((one) => one.body)).toEqual(['abc', 'abc'])
    }
  })

  it('is refused where the body can’t be sent again', async () => {
    const { fixture } = redirecting({ 'test/a': '307 /b' })
    await using _ = fixture
    const body = ['a'].values()
    const error = await rejectionOf(fixture.session.post('/a', { body }))
    expect(error).toBeInstanceOf(RedirectError)
    expect(error).toMatchObject({
      code: 'SPOOL_REDIRECT',
      status: 307,
      url: 'http://test/a',
      location: '/b',
    })
    expect((error as Error).message).toMatch(/^Cannot follow the redirect from .*"\/b": /)
  })

  it('to another origin goes without credentials and secrets, whoever set them', async () => {
    const { fixture, seen } = redirecting(
      { 'test/a': '302 http://other/b', 'other/b': '302 http://test/c' },
      { headers: { Authorization: 'Bearer session', 'X-Session': '1', 'X-Key': 's' } },
    )
    await using _ = fixture
    await fixture.session
      .get('/a', {
        headers: { Cookie: 'a=b', 'X-Secret': 'x', 'X-Plain': 'y', Host: 'test' },
        secretHeaders: ['x-secret', 'x-key'],
      })
      .text()
    const names = ['authorization', 'cookie', 'x-secret', 'x-key', 'x-session', 'x-plain', 'host']
    const sent = seen.map(({ headers }) => names.map((name) => headers[name]))
    expect(sent).toEqual([
      ['Bearer session', 'a=b', 'x', 's', '1', 'y', 'test'],
      [undefined, undefined, undefined, undefined, '1', 'y', 'other'],
      // What another origin asked for is not to be done in our name.
      [undefined, undefined, undefined, undefined, '1', 'y', 'test'],
    ])
    // The next request has them again.
    await fixture.session.get('/x').text()
    expect(seen[3]?.headers['authorization']).toBe('Bearer session')
  })

  it('to another port or scheme is one to another origin', async () => {
    const { fixture, seen } = redirecting({
      'test/a': '302 http://test:8080/b',
      'test:8080/b': '302 https://test:8080/c',
    })
    await using _ = fixture
    await fixture.session.get('/a', { headers: { Authorization: 'Basic x' } }).text()
    expect(seen.map(({ headers }) => headers['authorization'])).toEqual([
      'Basic x',
      undefined,
      undefined,
    ])
  })

  it('within an origin keeps credentials, those of the URL too', async () => {
    const { fixture, seen } = redirecting({ 'test/a': '302 /b', 'test/b': '302 http://test/c' })
    await using _ = fixture
    const response = await fixture.session.get('http://u:p@test/a')
    await response.text()
    const basic = `Basic ${btoa('u:p')}`
    expect(seen.map(({ headers }) => headers['authorization'])).toEqual([basic, basic, basic])
    expect(response.url).toBe('http://test/c')
    expect(response.history.map(({ url }) => url)).toEqual(['http://test/a', 'http://test/b'])
  })

  it('from https to http is refused', async () => {
    const { fixture } = redirecting({ 'test/a': '302 http://test/b' })
    await using _ = fixture
    const error = await rejectionOf(fixture.session.get('https://test/a'))
    expect(error).toBeInstanceOf(RedirectError)
    expect((error as Error).message).toContain('from https to http')
  })

  it.each([
    ['ftp://test/', 'only http and https'],
    ['javascript:alert(1)', 'only http and https'],
    ['http://', 'not a URL'],
    ['http://a:99999/', 'not a URL'],
    ['http://a b/', 'not a URL'],
  ])('to %j is refused', async (location, said) => {
    await using fixture = new MemoryFixture(async (peer) => {
      await peer.request()
      peer.send(redirect(302, location))
    })
    const error = await rejectionOf(fixture.session.get('/a'))
    expect(error).toBeInstanceOf(RedirectError)
    expect(error).toMatchObject({ location, url: 'http://test/a' })
    expect((error as Error).message).toContain(said)
  })

  it('is followed "maxRedirects" times', async () => {
    const { fixture, seen } = redirecting({ 'test/': '302 /' })
    await using _ = fixture
    const error = await rejectionOf(fixture.session.get('/', { maxRedirects: 3 }))
    expect(error).toBeInstanceOf(RedirectError)
    expect((error as Error).message).toContain('3 were followed')
    expect(seen).toHaveLength(4)
    expect(await rejectionOf(fixture.session.get('/'))).toBeInstanceOf(RedirectError)
    expect(seen).toHaveLength(4 + 11)
    expect(await rejectionOf(fixture.session.get('/', { maxRedirects: 0 }))).toBeInstanceOf(
      RedirectError,
    )
    expect(seen).toHaveLength(16)
  })

  it('hands its fragment on, unless it has one of its own', async () => {
    const { fixture } = redirecting({ 'test/a': '302 /b', 'test/b': '302 /c#own' })
    await using _ = fixture
    const { session } = fixture
    expect((await session.get('/a#mine')).url).toBe('http://test/c#own')
    expect((await session.get('/b')).url).toBe('http://test/c#own')
    const { fixture: other } = redirecting({ 'test/a': '302 /b' })
    await using _other = other
    expect((await other.session.get('/a#mine')).url).toBe('http://test/b#mine')
  })

  it('keeps what Location says, byte by byte', async () => {
    const { fixture, urls } = redirecting({
      'test/a': '302 ../%7Ex/./y?q=%20',
      'test/%7Ex/y?q=%20': '302 /caf\xc3\xa9',
    })
    await using _ = fixture
    await fixture.session.get('/a').text()
    expect(urls()).toEqual(['test/a', 'test/%7Ex/y?q=%20', 'test/caf%C3%A9'])
  })

  it('"manual" is given to the caller', async () => {
    const { fixture } = redirecting({ 'test/a': '302 /b' })
    await using _ = fixture
    const response = await fixture.session.get('/a', { redirect: 'manual' })
    expect(response.status).toBe(302)
    expect(response.headers.get('location')).toBe('/b')
    expect(await response.text()).toBe('moved')
  })

  it('"error" is refused', async () => {
    const { fixture } = redirecting({ 'test/a': '302 /b' }, { redirect: 'error' })
    await using _ = fixture
    const error = await rejectionOf(fixture.session.get('/a'))
    expect(error).toBeInstanceOf(RedirectError)
    expect((error as Error).message).toContain('not allowed')
  })

  it('does not show passwords in its errors', async () => {
    const { fixture } = redirecting({ 'test/a': '302 ftp://x:secret@y/' })
    await using _ = fixture
    const error = (await rejectionOf(
      fixture.session.get('http://u:hidden@test/a'),
    )) as RedirectError
    expect(`${error.message} ${error.url}`).not.toContain('hidden')
  })

  it('whose connection is of no use afterwards is not read to its end', async () => {
    for (const head of ['', 'Content-Length: 50\r\nConnection: close\r\n']) {
      await using fixture = new MemoryFixture(async (peer, index) => {
        await peer.request()
        if (index > 0) peer.respond('here')
        // And then it neither goes on nor closes.
        else peer.send(`HTTP/1.1 302 Found\r\nLocation: /b\r\n${head}\r\nmoved`)
      })
      expect(await fixture.session.get('/a').text()).toBe('here')
      expect(fixture.server.peers.map(({ closed }) => closed)).toEqual([true, false])
    }
  })

  it('whose body is long, or goes on until the connection closes, is not waited for', async () => {
    for (const head of ['Content-Length: 9999999\r\n', '']) {
      await using fixture = new MemoryFixture(async (peer, index) => {
        await peer.request()
        if (index > 0) peer.respond('here')
        else {
          peer.send(`HTTP/1.1 302 Found\r\nLocation: /b\r\n${head}\r\n`)
          peer.send(Buffer.alloc(100_000))
        }
      })
      expect(await fixture.session.get('/a').text()).toBe('here')
      await settle()
      expect(fixture.server.peers.map(({ closed }) => closed)).toEqual([true, false])
    }
  })
})
