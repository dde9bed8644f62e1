import { AsyncEvent, sleep, timeout } from 'spool'
import { Application, bytes, empty, HTTPError, json, stream, text } from 'spool/server'
import { MockClock, settle } from 'spool/testing'
import { expect, test, vi } from 'vitest'

const app = new Application()
  .get('/greet/{name}', ({ params, query, method }) =>
    text(`${method} ${params.name} ${query.get('a')}`),
  )
  .get('/url', ({ url, headers, remoteAddress }) =>
    json([url.href, headers.get('host'), headers.get('x-a'), remoteAddress ?? null]),
  )
  .post('/read', async (request) => text(await request.text()))
  .post('/echo', (request) => stream(request.body))
  .post('/small', async (request) => text(await request.text()), { bodyLimit: 3 })
  .get('/bytes', () => bytes(new Uint8Array([1, 2])))
  .get('/empty', () => empty())
  .get('/cookies', () => {
    const response = text('x')
    response.headers.append('set-cookie', 'a=1')
    response.headers.append('set-cookie', 'b=2')
    return response
  })
  .get('/error', () => {
    throw new HTTPError(409, 'taken')
  })
  .get('/throw', () => {
    throw new Error('secret')
  })
  .get('/web', () => new Response('web', { headers: { a: 'b' } }))

const ask = (path: string, init?: RequestInit): Promise<Response> =>
  app.fetch(new Request(`http://test.example${path}`, init))

test('fetch() answers a Request with a Response', async () => {
  const response = await ask('/greet/a%20b?a=1')
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8')
  expect(await response.text()).toBe('GET a b 1')
  expect(await (await ask('/url?x', { headers: { 'x-a': 'y' } })).json()).toEqual([
    'http://test.example/url?x',
    'test.example',
    'y',
    null,
  ])
})

test('fetch() sends bodies in and out', async () => {
  expect(await (await ask('/read', { method: 'POST', body: 'abc' })).text()).toBe('abc')
  const large = 'x'.repeat(500_000)
  expect(await (await ask('/echo', { method: 'POST', body: large })).text()).toBe(large)
  expect((await ask('/small', { method: 'POST', body: 'abcd' })).status).toBe(413)
  expect(await (await ask('/bytes')).arrayBuffer()).toEqual(Uint8Array.of(1, 2).buffer)
  expect((await ask('/empty')).status).toBe(204)
  expect(await (await ask('/greet/a', { method: 'HEAD' })).text()).toBe('')
  expect((await ask('/cookies')).headers.getSetCookie()).toEqual(['a=1', 'b=2'])
  const web = await ask('/web')
  expect([web.headers.get('a'), await web.text()]).toEqual(['b', 'web'])
})

test('fetch() answers errors as a server does', async () => {
  const written = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  expect(await (await ask('/error')).text()).toBe('taken')
  expect((await ask('/none')).status).toBe(404)
  expect(written).not.toHaveBeenCalled()
  expect(await (await ask('/throw')).text()).toBe('Internal Server Error')
  expect(written).toHaveBeenCalledTimes(1)
})

test('fetch() cancels its handler when the request is aborted, or its caller cancelled', async () => {
  using clock = MockClock.install()
  const stopped: unknown[] = []
  const slow = new Application().get('/', async () => {
    try {
      await sleep(10_000)
    } catch (error) {
      stopped.push(error)
      throw error
    }
    return text('')
  })
  const controller = new AbortController()
  const aborted = slow.fetch(new Request('http://a/', { signal: controller.signal }))
  const expected = expect(aborted).rejects.toMatchObject({ source: 'disconnect' })
  controller.abort()
  await expected
  expect(stopped).toMatchObject([{ source: 'disconnect' }])
  const timed = timeout(1_000, () => slow.fetch(new Request('http://a/')))
  const late = expect(timed).rejects.toMatchObject({ code: 'SPOOL_TIMEOUT' })
  await clock.advance(1_000)
  await late
  expect(stopped).toHaveLength(2)
})

test('fetch() ends a stream whose body is given up', async () => {
  let ended = false
  const ticking = new Application().get('/', () =>
    stream(
      (async function* () {
        try {
          for (;;) yield 'tick'
        } finally {
          ended = true
        }
      })(),
    ),
  )
  const response = await ticking.fetch(new Request('http://a/'))
  const reader = response.body!.getReader()
  await reader.read()
  await reader.cancel()
  expect(ended).toBe(true)
})

test('fetch() stops a stream that waits when its request is aborted', async () => {
  const stopped: unknown[] = []
  const waiting = new Application().get('/', () =>
    stream(
      (async function* () {
        yield 'a'
        try {
          await new AsyncEvent().wait()
        } catch (error) {
          stopped.push(error)
          throw error
        }
      })(),
    ),
  )
  const controller = new AbortController()
  const response = await waiting.fetch(new Request('http://a/', { signal: controller.signal }))
  const reading = response.text()
  const expected = expect(reading).rejects.toMatchObject({ source: 'disconnect' })
  await settle()
  controller.abort()
  await expected
  expect(stopped).toHaveLength(1)
})
