import {
  Application,
  empty,
  HTTPError,
  json,
  key,
  type Lifespan,
  serve,
  type ServerMiddleware,
  type ServerRequest,
  text,
} from 'spool/server'
import { describe, expect, expectTypeOf, test } from 'vitest'

async function ask(app: Application, url: string, init?: RequestInit): Promise<string> {
  const full = url.startsWith('/') ? `http://a${url}` : url
  const response = await app.fetch(new Request(full, init))
  const extra = ['location', 'allow', 'x-trail'].flatMap((name) => response.headers.get(name) ?? [])
  return [response.status, ...extra, await response.text()].join(' ').trim()
}

function trail(name: string): ServerMiddleware {
  return async (request, next) => {
    const response = await next(request)
    response.headers.set('x-trail', name + (response.headers.get('x-trail') ?? ''))
    return response
  }
}

describe('mount()', () => {
  const deep = new Application().use(trail('d')).get('/x/{id}', ({ params }) => text(params.id))
  const sub = new Application()
    .use(trail('s'))
    .get('/', () => text('root'))
    .get('/users/{id}', ({ params, path }) => text(`${params.id} ${path}`))
    .mount('/deep', deep)
  const app = new Application()
    .use(trail('a'))
    .get('/', () => text('home'))
    .get('/sub/own', () => text('own'))
    .mount('/sub', sub)
    .mount(
      '/',
      new Application().use(trail('m')).get('/beside', () => text('beside')),
    )

  test.each([
    ['/', '200 a home'],
    ['/sub', '200 as root'],
    ['/sub/', '200 as root'],
    ['/sub/users/a%20b', '200 as a b /sub/users/a%20b'],
    ['/sub/deep/x/1', '200 asd 1'],
    ['/sub/own', '200 a own'],
    ['/beside', '200 am beside'],
    ['/sub/none', '404 as Not Found'],
    ['/sub/deep/none', '404 asd Not Found'],
    ['/subnone', '404 a Not Found'],
    ['/sub/users/%zz', '400 as The path is not percent-encoded as it should be'],
  ])('answers %s with %j', async (path, expected) => {
    expect(await ask(app, path)).toBe(expected)
  })

  test('answers 405 and OPTIONS with what the whole table allows', async () => {
    expect(await ask(app, '/sub/users/1', { method: 'POST' })).toBe(
      '405 GET, HEAD, OPTIONS as Method Not Allowed',
    )
    expect(await ask(app, '/sub', { method: 'OPTIONS' })).toBe('204 GET, HEAD, OPTIONS as')
  })

  test('looks for keyed values in the request, what is mounted, and what is around', async () => {
    const [one, two, three] = [key<string>('1'), key<string>('2'), key<string>('3')]
    const inner = new Application()
      .set(two, 'inner')
      .get('/', (request) => json([request.get(one), request.get(two), request.get(three)]))
    const outer = new Application().set(one, 'outer').set(two, 'outer').mount('/in', inner)
    expect(await ask(outer, '/in')).toBe('200 ["outer","inner",null]')
    expect(inner.get(one)).toBe('outer')
    expect(outer.get(two)).toBe('outer')
  })

  test('runs the lifespans of what is mounted after its own, and spawns in the same run', async () => {
    const order: string[] = []
    const named = (name: string): Lifespan =>
      async function* () {
        order.push(`${name} up`)
        yield
        order.push(`${name} down`)
      }
    const inner = new Application().lifespan(named('inner')).get('/', () => text(''))
    const outer = new Application().mount('/in', inner).lifespan(named('outer'))
    const server = await serve(outer, { host: '127.0.0.1' })
    const task = inner.spawn(async () => order.push('task'))
    await task
    await expect(serve(inner)).rejects.toThrow('another server does')
    await server.close()
    expect(order).toEqual(['outer up', 'inner up', 'task', 'inner down', 'outer down'])
    expect(() => inner.spawn(async () => undefined)).toThrow('the application is not served')
  })

  test.each([
    ['sub', 'expected a slash at its start'],
    ['/sub/', 'a prefix has no slash at its end'],
    ['/{id}', 'a prefix has no parameters'],
  ])('refuses the prefix %j', (prefix, message) => {
    expect(() => new Application().mount(prefix, new Application())).toThrow(message)
  })

  test('refuses to mount an application twice, or in itself', () => {
    const inner = new Application()
    const outer = new Application().mount('/a', inner)
    expect(() => outer.mount('/b', inner)).toThrow('Cannot mount "/b": it is mounted already')
    expect(() => inner.mount('/c', outer)).toThrow(
      `Cannot mount "/c": an application can't hold itself`,
    )
  })

  test('names routes that match the same when they are to be served', async () => {
    const app = new Application()
      .get('/a/b', () => text(''))
      .mount(
        '/a',
        new Application().get('/b', () => text('')),
      )
    await expect(serve(app)).rejects.toThrow(
      'Cannot add route "GET /a/b": another one matches the same',
    )
  })

  test('takes no more routes once what it is mounted in is served', async () => {
    const inner = new Application().get('/', () => text('x'))
    const app = new Application().mount('/in', inner)
    await ask(app, '/in')
    expect(() => inner.get('/late', () => text(''))).toThrow('is served already')
    expect(() => inner.use(trail('x'))).toThrow('is served already')
    expect(() => app.mount('/late', new Application())).toThrow('is served already')
  })
})

describe('host()', () => {
  const app = new Application()
    .use(trail('a'))
    .get('/', () => text('default'))
    .host(
      'api.example.org',
      new Application().use(trail('h')).get('/', () => text('api')),
    )
    .host(
      '{tenant}.example.org',
      new Application()
        .get('/', ({ params }) => json(params))
        .get('/users/{id}', ({ params }) => json(params)),
    )

  test.each([
    ['http://example.com/', '200 a default'],
    ['http://api.example.org/', '200 ah api'],
    ['http://API.example.org:8080/', '200 ah api'],
    ['http://api.example.org/none', '404 ah Not Found'],
    ['http://ada.example.org/', '200 a {"tenant":"ada"}'],
    ['http://ada.example.org/users/7', '200 a {"tenant":"ada","id":"7"}'],
    ['http://ada.example.org/none', '404 a Not Found'],
  ])('answers %s with %j', async (url, expected) => {
    expect(await ask(app, url)).toBe(expected)
  })

  test('refuses a host that is none, or is there already', () => {
    const fresh = new Application().host('a.b', new Application())
    expect(() => fresh.host('A.B', new Application())).toThrow('another one matches the same')
    expect(() => fresh.host('a.b:80', new Application())).toThrow('Invalid host "a.b:80"')
  })
})

function made(trailingSlash: 'strict' | 'redirect' | 'ignore'): Application {
  return new Application({ trailingSlash })
    .use(trail('a'))
    .get('/open', () => text('open'))
    .post('/open', () => text('posted'))
    .get('/closed/', () => text('closed'))
    .get('/both', () => text('without'))
    .get('/both/', () => text('with'))
    .get('/{name}/x', ({ params }) => text(params.name))
}

describe('trailingSlash', () => {
  test.each([
    ['strict', '/open/', '404 a Not Found'],
    ['strict', '/closed', '404 a Not Found'],
    ['redirect', '/open', '200 a open'],
    ['redirect', '/open/?a=b', '308 /open?a=b a'],
    ['redirect', '/closed', '308 /closed/ a'],
    ['redirect', '/both', '200 a without'],
    ['redirect', '/both/', '200 a with'],
    ['redirect', '/none/', '404 a Not Found'],
    ['redirect', '/%2F%2Fevil.example/x/', '308 /%2F%2Fevil.example/x a'],
    ['redirect', '//evil.example/x/', '404 a Not Found'],
    ['ignore', '/open/', '200 a open'],
    ['ignore', '/closed', '200 a closed'],
    ['ignore', '/both/', '200 a with'],
    ['ignore', '/ada/x/', '200 a ada'],
  ] as const)('%s answers %s with %j', async (policy, path, expected) => {
    expect(await ask(made(policy), `http://a${path}`)).toBe(expected)
  })

  test('redirect keeps methods, and 405 names them for either spelling', async () => {
    const app = made('redirect')
    expect(await ask(app, '/open/', { method: 'POST' })).toBe('308 /open a')
    expect(await ask(app, '/open/', { method: 'DELETE' })).toBe(
      '405 GET, HEAD, POST, OPTIONS a Method Not Allowed',
    )
  })

  test('redirect never names another host, though an expression matches nothing', async () => {
    const app = new Application({ trailingSlash: 'redirect' }).get('/{x:.*}/evil.example', () =>
      text('x'),
    )
    expect(await ask(app, 'http://a//evil.example/')).toMatch(/^404/)
  })
})

test('view() takes an object, and calls its methods on it', async () => {
  const view = {
    calls: 0,
    get(request: ServerRequest<{ id: string }>) {
      return text(`${request.params.id} ${++this.calls}`)
    },
    delete: () => empty(),
  }
  const app = new Application().view('/notes/{id}', view, { name: 'note' })
  expect(await ask(app, '/notes/7')).toBe('200 7 1')
  expect(await ask(app, '/notes/7')).toBe('200 7 2')
  expect(await ask(app, '/notes/7', { method: 'DELETE' })).toBe('204')
  expect(await ask(app, '/notes/7', { method: 'PUT' })).toBe(
    '405 DELETE, GET, HEAD, OPTIONS Method Not Allowed',
  )
  expect(app.urlFor('note', { id: 1 })).toBe('/notes/1')
})

test('view() takes a class, and makes one for each request', async () => {
  class Base {
    readonly request: ServerRequest<{ id: string }>
    constructor(request: ServerRequest<{ id: string }>) {
      this.request = request
    }
    get() {
      return text(`get ${this.request.params.id}`)
    }
  }
  class Note extends Base {
    #count = 0
    async post() {
      return text(`post ${++this.#count}`)
    }
  }
  const app = new Application().view('/notes/{id}', Note)
  expect(await ask(app, '/notes/7')).toBe('200 get 7')
  expect(await ask(app, '/notes/7', { method: 'POST' })).toBe('200 post 1')
  expect(await ask(app, '/notes/7', { method: 'POST' })).toBe('200 post 1')
  expect(() => new Application().view('/', {})).toThrow(
    'Cannot add view "/": it has none of the methods',
  )
})

test('params are typed from the pattern, in views too', () => {
  new Application()
    .get('/{a}/{b:[a-z]{2,3}}/{c*}', ({ params }) => {
      expectTypeOf(params).toEqualTypeOf<{
        readonly a: string
        readonly b: string
        readonly c: string
      }>()
      return empty()
    })
    .view('/{id}', {
      get: ({ params }) => {
        expectTypeOf(params).toEqualTypeOf<{ readonly id: string }>()
        return empty()
      },
    })
  expect(true).toBe(true)
})

describe('urlFor()', () => {
  const users = new Application()
    .get('/', () => text(''), { name: 'list' })
    .get('/{id:[0-9]+}', () => text(''), { name: 'one' })
    .delete('/{id:[0-9]+}', () => empty(), { name: 'one' })
  const api = new Application().mount('/users', users, { name: 'users' })
  const app = new Application()
    .get('/', () => text(''), { name: 'home' })
    .get('/sub/own', () => text(''))
    .mount('/api', api)

  test('gives whole paths, by names of mounts and of routes', () => {
    expect(app.urlFor('home')).toBe('/')
    expect(app.urlFor('users.one', { id: 7 })).toBe('/api/users/7')
    expect(app.urlFor('users.list', {}, { query: { page: 2 }, fragment: 'ä' })).toBe(
      '/api/users?page=2#%C3%A4',
    )
    expect(users.urlFor('one', { id: 7 })).toBe('/api/users/7')
    expect(api.urlFor('users.one', { id: 7 })).toBe('/api/users/7')
  })

  test('throws for names and parameters that there are not', () => {
    expect(() => app.urlFor('one', { id: 7 })).toThrow(
      'Cannot make a URL: no route has the name "one"',
    )
    expect(() => app.urlFor('users.one')).toThrow('parameter "id" is missing')
    expect(() => app.urlFor('users.one', { id: 'x' })).toThrow('does not match')
  })

  test('refuses a name for two patterns, and names that are none', () => {
    const fresh = new Application().get('/a', () => text(''), { name: 'a' })
    expect(() => fresh.get('/b', () => text(''), { name: 'a' })).toThrow(
      'Cannot add route "GET /b": "/a" has the name "a" already',
    )
    expect(() => fresh.get('/c', () => text(''), { name: 'a.b' })).toThrow(
      'its name "a.b" has other',
    )
    expect(() => fresh.mount('/m', new Application(), { name: 'x y' })).toThrow(
      'its name "x y" has other',
    )
    fresh.mount('/m', new Application(), { name: 'm' })
    expect(() => fresh.mount('/n', new Application(), { name: 'm' })).toThrow(
      'another one has the name "m"',
    )
  })

  test('routes() lists them all', () => {
    app.host(
      'a.b',
      new Application().post('/x', () => text('')),
    )
    const lines = app
      .routes()
      .map(({ method, pattern, name, host }) =>
        [method, pattern, name ?? '-', host ?? '-'].join(' '),
      )
    expect(lines).toEqual([
      'GET / home -',
      'GET /sub/own - -',
      'GET /api/users users.list -',
      'GET /api/users/{id:[0-9]+} users.one -',
      'DELETE /api/users/{id:[0-9]+} users.one -',
      'POST /x - a.b',
    ])
  })
})

test('Application refuses options that do not exist', () => {
  expect(() => new Application({ slash: 1 } as object)).toThrow('Unknown option "slash"')
  expect(() => new Application({ trailingSlash: 'x' as 'strict' })).toThrow(
    'Invalid trailingSlash "x"',
  )
  const app = new Application()
  expect(() => app.get('/a', () => text(''), { timeOut: 1 } as object)).toThrow(
    'Unknown option "timeOut" of route "GET /a": expected one of name, timeout',
  )
  expect(() => app.get('/a', () => text(''), { timeout: 0 })).toThrow(RangeError)
  expect(() => app.get('/a', () => text(''), { bodyLimit: -1 })).toThrow(RangeError)
  expect(() => app.get('/a', () => text(''), { middleware: [1 as never] })).toThrow(
    'expected a list of functions',
  )
  expect(() => app.use(1 as never)).toThrow('Cannot use a middleware that is no function')
})

test('HTTPError thrown in what is mounted passes the middlewares around', async () => {
  const inner = new Application().get('/', () => {
    throw new HTTPError(418)
  })
  const app = new Application()
    .use(async (request, next) => {
      try {
        return await next(request)
      } catch (error) {
        return text(String((error as HTTPError).status))
      }
    })
    .mount('/in', inner)
  expect(await ask(app, '/in')).toBe('200 418')
})
