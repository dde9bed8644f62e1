import { Application, empty, HTTPError, key, type ServerMiddleware, text } from 'spool/server'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { MemoryServer } from '../support/memory-server.ts'

/** Status, `Allow` and body of one request. */
async function ask(app: Application, method: string, target: string): Promise<string> {
  const server = new MemoryServer(app)
  const client = server.connect()
  await client.send(`${method} ${target} HTTP/1.1\r\nhost: a\r\n\r\n`)
  const [head = '', body = ''] = client.take().split('\r\n\r\n')
  const allow = Array.from(head.matchAll(/allow: (.*)/g), (match) => match[1])
  await client.end()
  server.host.end()
  expect(server.errors).toEqual([])
  return [head.split(' ')[1], ...(allow.length === 0 ? [] : [allow.join(', ')]), body].join(' ')
}

const methods = new Application()
  .get('/a', () => text('get'))
  .post('/a', () => text('post'))
  .put('/b', () => text('put'))
  .patch('/b', () => text('patch'))
  .delete('/b', () => text('delete'))
  .head('/c', () => empty())
  .options('/d', () => text('options'))
  .route('BREW', '/e', () => text('brew'))
  .route('*', '/f', ({ method }) => text(method))
  .get('/g/{name}', ({ params }) => text(params.name))
  .get('/h/{rest*}', ({ params }) => text(params.rest))
  .get('/i/{id:[0-9]{2,3}}', ({ params }) => text(params.id))

test.each([
  ['GET', '/a', '200 get'],
  ['GET', '/a?b=c', '200 get'],
  ['GET', 'http://example.org/a?b', '200 get'],
  ['HEAD', '/a', '200 '],
  ['POST', '/a', '200 post'],
  ['PUT', '/b', '200 put'],
  ['PATCH', '/b', '200 patch'],
  ['DELETE', '/b', '200 delete'],
  ['HEAD', '/c', '204 '],
  ['OPTIONS', '/d', '200 options'],
  ['BREW', '/e', '200 brew'],
  ['PROPFIND', '/f', '200 PROPFIND'],
  ['GET', '/g/a%20b%2Fc', '200 a b/c'],
  ['GET', '/g/a+b', '200 a+b'],
  ['GET', '/h/a/b%2Fc/', '200 a/b/c/'],
  ['GET', '/i/123', '200 123'],
  ['GET', '/i/1234', '404 Not Found'],
  ['GET', '/', '404 Not Found'],
  ['GET', '/a/', '404 Not Found'],
  ['GET', '//a', '404 Not Found'],
  ['GET', '/A', '404 Not Found'],
  ['GET', '/g/%zz', '400 The path is not percent-encoded as it should be'],
  ['GET', '/g/%ff', '400 The path is not percent-encoded as it should be'],
  ['DELETE', '/a', '405 GET, HEAD, POST, OPTIONS Method Not Allowed'],
  ['OPTIONS', '/a', '204 GET, HEAD, POST, OPTIONS '],
  ['OPTIONS', '/none', '404 Not Found'],
  ['OPTIONS', '*', '204 BREW, DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT '],
  ['CONNECT', 'example.org:443', '501 Not Implemented'],
])('Application answers %s %s with %j', async (method, target, expected) => {
  expect(await ask(methods, method, target)).toBe(expected)
})

function named(name: string): ServerMiddleware {
  return async (request, next) => {
    const response = await next(request)
    response.headers.append('allow', name)
    return response
  }
}

describe('use()', () => {
  test('wraps every route, those before too, and what no route matches', async () => {
    const app = new Application().get('/', () => text('x')).use(named('1'), named('2'))
    app.get('/later', () => new Response('web'))
    expect(await ask(app, 'GET', '/')).toBe('200 2, 1 x')
    expect(await ask(app, 'GET', '/later')).toMatch(/^200 2, 1 /)
    expect(await ask(app, 'GET', '/none')).toBe('404 2, 1 Not Found')
  })

  test('lets a middleware answer, and turn errors into responses', async () => {
    const app = new Application()
      .use((_request, next) => next(_request))
      .use(async (request, next) => {
        try {
          return await next(request)
        } catch (error) {
          return text(`caught ${String(error)}`)
        }
      })
      .use((request, next) => (request.path === '/stop' ? text('stopped') : next(request)))
      .get('/', () => {
        throw new HTTPError(404, 'gone')
      })
      .get('/web', async () => new Response('web'))
    expect(await ask(app, 'GET', '/')).toBe('200 caught HTTPError: gone')
    expect(await ask(app, 'GET', '/stop')).toBe('200 stopped')
    expect(await ask(app, 'GET', '/web')).toContain('web')
  })

  test('of a route wraps that alone, inside the others', async () => {
    const app = new Application()
      .use(named('app'))
      .get('/', () => text('x'), { middleware: [named('route')] })
      .get('/other', () => text('y'))
    expect(await ask(app, 'GET', '/')).toBe('200 route, app x')
    expect(await ask(app, 'GET', '/other')).toBe('200 app y')
  })
})

test('get() and set() keep values by typed keys, which requests see', async () => {
  const name = key<string>('name')
  const other = key<string>('name')
  const app = new Application()
    .set(name, 'app')
    .use((request, next) => {
      if (request.path === '/own') request.set(name, 'request')
      return next(request)
    })
    .get('/{path}', (request) => text(`${request.get(name)} ${request.get(other)}`))
  expect(app.get(name)).toBe('app')
  expect(app.get(other)).toBeUndefined()
  expectTypeOf(app.get(name)).toEqualTypeOf<string | undefined>()
  expect(await ask(app, 'GET', '/x')).toBe('200 app undefined')
  expect(await ask(app, 'GET', '/own')).toBe('200 request undefined')
})

test('route() refuses routes that are none when they are added', () => {
  const app = new Application().get('/a/{b}', () => text(''))
  expect(() => app.get('/a/{c}', () => text(''))).toThrow('another one matches the same')
  expect(() => app.get('/{', () => text(''))).toThrow('Invalid route "/{"')
  expect(() => app.get('/x', undefined as never)).toThrow(
    'Cannot add route "GET /x": its handler is no function',
  )
})

test('get() types the parameters of a handler by its pattern', () => {
  new Application().get('/{a}/{b:[a-z]{2}}/{c*}', ({ params }) => {
    expectTypeOf(params).toEqualTypeOf<{
      readonly a: string
      readonly b: string
      readonly c: string
    }>()
    // @ts-expect-error no such parameter
    void params.d
    return text('')
  })
  expect.assertions(0)
})
