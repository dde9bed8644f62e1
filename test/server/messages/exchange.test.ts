// What a handler reads of a request's fields, and what it says in a response's.
import { createTask } from 'spool'
import { Application, currentRequest, HTTPError, json, text } from 'spool/server'
import { expect, test } from 'vitest'

function asked(app: Application, headers: Record<string, string> = {}, url = 'http://a/') {
  return app.fetch(new Request(url, { headers }))
}

test('request.cookies are made once, and hold what was sent', async () => {
  const app = new Application().get('/', (request) => {
    expect(request.cookies).toBe(request.cookies)
    return json([request.cookies.get('a'), request.cookies.has('toString')])
  })
  const response = await asked(app, { cookie: 'a=%C3%A4; b=1' })
  expect(await response.json()).toEqual(['ä', false])
})

test('accepts() and its kin give what the client prefers', async () => {
  const app = new Application().get('/', (request) =>
    json([
      request.accepts('text/html', 'application/json'),
      request.acceptsLanguages('en', 'de'),
      request.acceptsEncodings('br', 'gzip', 'identity'),
    ]),
  )
  const response = await asked(app, {
    accept: 'application/json, */*;q=0.1',
    'accept-language': 'de-AT',
    'accept-encoding': 'gzip',
  })
  expect(await response.json()).toEqual(['application/json', 'de', 'gzip'])
})

test('precondition() gives 304 with its validators, 412, or nothing', async () => {
  const state = { etag: '"1"', lastModified: 0 }
  const app = new Application().get('/', (request) => request.precondition(state) ?? text('x'))
  const same = await asked(app, { 'if-none-match': '"1"' })
  expect([same.status, same.headers.get('etag'), same.headers.get('last-modified')]).toEqual([
    304,
    '"1"',
    'Thu, 01 Jan 1970 00:00:00 GMT',
  ])
  expect((await asked(app, { 'if-match': '"2"' })).status).toBe(412)
  expect((await asked(app)).status).toBe(200)
})

test('setCookie() is secure unless the request came in plain', async () => {
  const app = new Application().get('/', async () => {
    await Promise.resolve()
    return text('x').setCookie('a', 'b c')
  })
  const cookie = async (url: string): Promise<string | null> =>
    (await asked(app, {}, url)).headers.get('set-cookie')
  expect(await cookie('https://a/')).toBe('a=b%20c; Path=/; HttpOnly; Secure; SameSite=Lax')
  expect(await cookie('http://a/')).toBe('a=b%20c; Path=/; HttpOnly; SameSite=Lax')
  expect(text('').setCookie('a', '').headers.getSetCookie()[0]).toContain('; Secure')
})

test('setCookie() puts a cookie into the place of the same one, and leaves the others', () => {
  const response = text('x').setCookie('a', '1').setCookie('b', '2')
  response.setCookie('a', '3', { path: '/x' }).setCookie('a', '4')
  response.deleteCookie('b', { secure: true })
  const rest = '; HttpOnly; Secure; SameSite=Lax'
  expect(response.headers.getSetCookie()).toEqual([
    `a=3; Path=/x${rest}`,
    `a=4; Path=/${rest}`,
    `b=; Path=/; Max-Age=0${rest}`,
  ])
})

test('currentRequest() is the request that is handled, in its tasks too', async () => {
  const seen: unknown[] = []
  const app = new Application().get('/', async (request) => {
    seen.push(currentRequest() === request)
    await createTask(async () => seen.push(currentRequest() === request))
    return text('x')
  })
  await asked(app)
  expect(seen).toEqual([true, true])
  expect(currentRequest()).toBeUndefined()
})

test('HTTPError with a problem answers application/problem+json', async () => {
  const app = new Application()
    .get('/', () => {
      const problem = { type: 'https://example.org/out-of-credit', balance: 30 }
      throw new HTTPError(403, 'Your balance is 30', { problem, headers: { 'x-a': 'b' } })
    })
    .get('/hidden', () => {
      throw new HTTPError(500, 'secret', { problem: {} })
    })
  const response = await asked(app)
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect(response.headers.get('x-a')).toBe('b')
  expect(await response.json()).toEqual({
    title: 'Forbidden',
    status: 403,
    detail: 'Your balance is 30',
    type: 'https://example.org/out-of-credit',
    balance: 30,
  })
  const hidden = await asked(app, {}, 'http://a/hidden')
  expect(await hidden.json()).toEqual({ title: 'Internal Server Error', status: 500 })
})
