import { describe, expect, it } from 'vitest'
import { CookieJar } from 'spool/client'
import { checkNothingLeft, MemoryFixture, redirect, response } from '../support/memory-server.ts'
import { rejectionOf } from '../../support/rejection.ts'

function setting(...cookies: string[]): Buffer {
  return response('ok', { fields: cookies.map((one) => `Set-Cookie: ${one}\r\n`).join('') })
}

/** A session against a server that answers with each of these, and what it saw as `Cookie`. */
function fixtureOf(
  responses: readonly (string | Uint8Array)[],
  options: ConstructorParameters<typeof MemoryFixture>[1],
): { fixture: MemoryFixture; seen: (string | undefined)[] } {
  const seen: (string | undefined)[] = []
  let next = 0
  const fixture = new MemoryFixture(async (peer) => {
    for (;;) {
      const request = await peer.request()
      seen.push(request.headers['cookie'])
      peer.send(responses[next++] ?? response('ok'))
    }
  }, options)
  return { fixture, seen }
}

describe('ClientSession cookies', () => {
  it('keeps none by default, and has no jar', async () => {
    const { fixture, seen } = fixtureOf([setting('a=1')], {})
    const first = await fixture.session.get('/')
    expect([...first.cookies]).toEqual([['a', '1']])
    await first.text()
    await fixture.session.get('/').text()
    expect(seen).toEqual([undefined, undefined])
    expect(fixture.session.cookies).toBeUndefined()
    await fixture[Symbol.asyncDispose]()
  })

  it('sends back what was set, as the last field or merged with others', async () => {
    const { fixture, seen } = fixtureOf([setting('a=1', 'b=2; Path=/deep')], { cookies: true })
    const { session } = fixture
    await session.get('/').text()
    await session.get('/').text()
    await session.get('/deep/er').text()
    await session.get('/', { headers: { 'X-A': '1' } }).text()
    await session.get('/', { cookies: { c: '3' } }).text()
    await session.get('/', { cookies: { a: 'mine' } }).text()
    await session.get('/', { headers: { Cookie: 'x=y' } }).text()
    await session.post('/', { json: {} }).text()
    await session.get('http://other/').text()
    expect(seen).toEqual([
      undefined,
      'a=1',
      'b=2; a=1',
      'a=1',
      'c=3; a=1',
      'a=mine',
      'x=y; a=1',
      'a=1',
      undefined,
    ])
    expect(session.cookies?.size).toBe(2)
    await fixture[Symbol.asyncDispose]()
  })

  it('sends one Cookie field beside one of the session’s headers', async () => {
    const { fixture, seen } = fixtureOf([setting('a=1')], {
      cookies: true,
      headers: { Cookie: 's=0' },
    })
    await fixture.session.get('/').text()
    await fixture.session.get('/').text()
    await fixture.session.get('/', { cookies: { r: 1 } }).text()
    expect(seen).toEqual(['s=0', 's=0; a=1', 'r=1; a=1'])
    await fixture[Symbol.asyncDispose]()
  })

  it('takes cookies from redirects, and drops a request’s own on the way to another origin', async () => {
    const first = Buffer.concat([
      Buffer.from(
        'HTTP/1.1 302 Found\r\nLocation: /next\r\nSet-Cookie: a=1\r\nContent-Length: 0\r\n\r\n',
      ),
    ])
    const { fixture, seen } = fixtureOf([first, redirect(302, 'http://other/'), setting('o=1')], {
      cookies: true,
    })
    await fixture.session.get('/', { cookies: { own: 'x' } }).text()
    expect(seen).toEqual(['own=x', 'own=x; a=1', undefined])
    expect(fixture.session.cookies?.get('http://other/')).toBe('o=1')
    await fixture[Symbol.asyncDispose]()
  })

  it('works through middlewares, and shares a jar that it is given', async () => {
    const jar = new CookieJar()
    jar.set('a=0', 'http://test/')
    const { fixture, seen } = fixtureOf([setting('a=1')], {
      cookies: jar,
      middleware: [
        async (request, next) => {
          await (await next(request)).bytes()
          return next(request)
        },
      ],
    })
    await fixture.session.get('/').text()
    expect(seen).toEqual(['a=0', 'a=1'])
    expect(fixture.session.cookies).toBe(jar)
    await fixture[Symbol.asyncDispose]()
  })

  it('refuses what is no jar, and a cookie that has no name', async () => {
    expect(() => new MemoryFixture(undefined, { cookies: {} as CookieJar })).toThrow(
      'Cannot use Object as "cookies"',
    )
    await using fixture = new MemoryFixture()
    const error = await rejectionOf(fixture.session.get('/', { cookies: { 'a b': '1' } }).text())
    expect(error).toBeInstanceOf(TypeError)
    await checkNothingLeft(fixture)
  })
})
