import { Application, json, session, sessions, type SessionOptions, text } from 'spool/server'
import { afterEach, expect, test, vi } from 'vitest'

const secret = 'a'.repeat(32)
const other = 'b'.repeat(32)

afterEach(() => {
  vi.useRealTimers()
})

function made(options: Partial<SessionOptions> = {}): Application {
  return new Application()
    .use(sessions({ secret, ...options }))
    .get('/', (request) => json(request.get(session)))
    .get('/set/{value}', (request) => {
      request.get(session)?.set('a', request.params.value)
      return text('set')
    })
    .get('/clear', (request) => {
      request.get(session)?.clear()
      return text('cleared')
    })
    .get('/delete', (request) => {
      const current = request.get(session)
      current?.delete('none')
      return text(String(current?.has('a')))
    })
    .get('/large', (request) => {
      request.get(session)?.set('a', 'x'.repeat(4_000))
      return text('set')
    })
}

async function ask(
  app: Application,
  path: string,
  cookie?: string,
): Promise<[string, string | null]> {
  const headers = cookie === undefined ? {} : { cookie: `other=1; ${cookie}` }
  const response = await app.fetch(new Request(`https://a${path}`, { headers }))
  return [await response.text(), response.headers.get('set-cookie')]
}

async function stored(app: Application, value = '1'): Promise<string> {
  const [, cookie] = await ask(app, `/set/${value}`)
  return cookie!.split(';')[0]!
}

test('sessions() keeps values in a signed cookie with safe defaults', async () => {
  const app = made()
  const [, cookie] = await ask(app, '/set/1')
  expect(cookie).toMatch(
    /^session=[\w-]+\.[\w-]+\.[\w-]{43}; Path=\/; Max-Age=1209600; HttpOnly; Secure; SameSite=Lax$/,
  )
  expect(await ask(app, '/', cookie!.split(';')[0])).toEqual(['{"a":"1"}', null])
})

test('sessions() writes nothing for a visitor who has nothing', async () => {
  expect(await ask(made(), '/')).toEqual(['{}', null])
  expect(await ask(made(), '/clear')).toEqual(['cleared', null])
  expect(await ask(made(), '/delete')).toEqual(['false', null])
})

test('sessions() takes nothing that was changed in any place', async () => {
  const app = made()
  const cookie = await stored(app)
  const [name = '', value = ''] = cookie.split('=')
  for (let at = 0; at < value.length; at++) {
    const changed = value.slice(0, at) + (value[at] === 'A' ? 'B' : 'A') + value.slice(at + 1)
    expect((await ask(app, '/', `${name}=${changed}`))[0]).toBe('{}')
  }
  for (const broken of ['', '.', '..', value.slice(0, -5), `${value}x`, `x.${value}`, '%00']) {
    expect((await ask(app, '/', `${name}=${broken}`))[0]).toBe('{}')
  }
})

test('sessions() of one name can not be used for another', async () => {
  const cookie = await stored(made({ name: 'one' }))
  expect((await ask(made({ name: 'two' }), '/', cookie.replace('one=', 'two=')))[0]).toBe('{}')
})

test('sessions() verifies with old secrets, and signs with the first', async () => {
  const old = await stored(made())
  expect((await ask(made({ secret: other }), '/', old))[0]).toBe('{}')
  const both = made({ secret: [other, secret] })
  expect((await ask(both, '/', old))[0]).toBe('{"a":"1"}')
  expect((await ask(made({ secret: other }), '/', await stored(both)))[0]).toBe('{"a":"1"}')
})

test('sessions() expire, and are prolonged once half of their time is over', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000_000_000 })
  const app = made({ maxAge: 10_000 })
  const cookie = await stored(app)
  vi.setSystemTime(1_000_000_004_000)
  expect(await ask(app, '/', cookie)).toEqual(['{"a":"1"}', null])
  vi.setSystemTime(1_000_000_006_000)
  const [, longer] = await ask(app, '/', cookie)
  expect(longer).toContain('Max-Age=10;')
  vi.setSystemTime(1_000_000_010_000)
  expect((await ask(app, '/', cookie))[0]).toBe('{}')
  expect((await ask(app, '/', longer!.split(';')[0]))[0]).toBe('{"a":"1"}')
})

test('clear() makes the browser forget the cookie', async () => {
  const app = made({ cookie: { sameSite: 'strict' } })
  const [, cookie] = await ask(app, '/clear', await stored(app))
  expect(cookie).toBe('session=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Strict')
})

test('sessions() answers 500 rather than a cookie that browsers drop', async () => {
  const reported = vi.spyOn(console, 'error').mockReturnValue()
  expect(await ask(made(), '/large')).toEqual(['Internal Server Error', null])
  expect(String(reported.mock.calls[0]?.[1])).toContain('Cannot set cookie "session" of')
})

test('sessions() keeps shared caches from what is for one visitor', async () => {
  const response = await made().fetch(new Request('https://a/set/1'))
  expect(response.headers.get('cache-control')).toBe('private')
})

test('sessions() refuses weak secrets and lives that are none', () => {
  expect(() => sessions({ secret: 'short' })).toThrow('a secret has to have 32 characters or more')
  expect(() => sessions({ secret: [] })).toThrow(TypeError)
  expect(() => sessions({ secret, maxAge: 0 })).toThrow(RangeError)
})
