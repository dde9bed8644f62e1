// What nobody should hand in: each is told at once, with what was given and what is expected.
import * as published from 'spool/server'
import { describe, expect, test } from 'vitest'

// As a program in JavaScript sees it.
const spool = published as unknown as Record<string, (...given: unknown[]) => unknown>
const { Application, HTTPError, serve } = published
const ok = (): published.ServerResponse => published.text('x')
const app = (): Record<string, (...given: unknown[]) => unknown> => new Application() as never
const named = (): Record<string, (...given: unknown[]) => unknown> =>
  new Application().get('/{x}', ok, { name: 'one' }) as never
const call = (name: string, ...given: unknown[]): unknown =>
  (spool[name] as (...given: unknown[]) => unknown)(...given)

type Row = readonly [call: () => unknown, message: string, kind?: typeof RangeError]

const construct = (Kind: unknown, ...given: unknown[]): unknown =>
  new (Kind as new (...given: unknown[]) => unknown)(...given)

const applications: readonly Row[] = [
  [() => construct(Application, null), 'Cannot use null as the options of Application'],
  [() => construct(Application, { slash: 1 }), 'Unknown option "slash" of Application'],
  [() => construct(Application, { trailingSlash: 1 }), 'Invalid trailingSlash 1'],
  [() => app()['use']?.(undefined), 'Cannot use a middleware that is no function'],
  [() => app()['get']?.(1, ok), 'Invalid route 1: expected a path'],
  [() => app()['get']?.('x', ok), 'Invalid route "x": expected a slash at its start'],
  [() => app()['get']?.('/', 1), 'Cannot add route "GET /": its handler is no function'],
  [() => app()['get']?.('/', ok, null), 'Cannot use null as the options of route "GET /"'],
  [() => app()['get']?.('/', ok, 5), 'Cannot use 5 as the options of route "GET /"'],
  [() => app()['get']?.('/', ok, { timeout: '1' }), 'Invalid timeout "1" of route "GET /"'],
  [() => app()['get']?.('/', ok, { timeout: 0 }), 'Invalid timeout 0', RangeError],
  [() => app()['get']?.('/', ok, { bodyLimit: Number.NaN }), 'Invalid bodyLimit NaN', RangeError],
  [() => app()['get']?.('/', ok, { cancelOnDisconnect: 1 }), 'expected true or false'],
  [() => app()['get']?.('/', ok, { halfClose: 'x' }), 'Invalid halfClose "x" of route "GET /"'],
  [() => app()['get']?.('/', ok, { middleware: ok }), 'expected a list of functions'],
  [() => app()['get']?.('/', ok, { name: 'a b' }), 'other characters than letters'],
  [() => app()['route']?.('', '/', ok), 'Invalid method "" of a route: expected a token'],
  [() => app()['route']?.('G T', '/', ok), 'Invalid method "G T" of a route'],
  [() => app()['view']?.('/', null), 'Cannot add view "/": expected an object or a class'],
  [() => app()['view']?.('/', {}), 'it has none of the methods get, post'],
  [() => app()['mount']?.('/a', {}), 'Cannot mount "/a": expected an Application, got Object'],
  [() => app()['mount']?.(1, new Application()), 'Invalid route 1: expected a path'],
  [() => app()['mount']?.('/a', new Application(), { nam: 'x' }), 'Unknown option "nam" of mount'],
  [() => app()['host']?.('', new Application()), 'Invalid host ""'],
  [() => app()['host']?.(1, new Application()), 'Invalid host 1'],
  [() => app()['host']?.('a.b', null), 'Cannot add host "a.b": expected an Application, got null'],
  [() => named()['urlFor']?.('two'), 'no route has the name "two"'],
  [() => named()['urlFor']?.('one', null), 'Invalid params null of urlFor()'],
  [() => named()['urlFor']?.('one', { x: null }), 'parameter "x" is missing'],
  [() => named()['urlFor']?.('one', { x: {} }), 'parameter "x" is no text and no number'],
  [() => named()['urlFor']?.('one', { x: 1 }, { quer: 1 }), 'Unknown option "quer" of urlFor()'],
  [() => app()['lifespan']?.(1), 'Cannot add a lifespan: expected a function, got 1'],
  [() => app()['websocket']?.('/', 1), 'Cannot add route "GET /": expected a function, got 1'],
  [() => app()['fetch']?.('http://a/'), 'Cannot answer "http://a/": expected a Request'],
  [() => app()['set']?.('x', 1), 'Cannot set a value for "x": expected what key() has made'],
]

const responses: readonly Row[] = [
  [() => call('key'), 'Invalid name undefined of key(): expected a string'],
  [() => call('text'), 'Cannot answer undefined as text: expected a string'],
  [() => call('html', {}), 'Cannot answer Object as html: expected a string'],
  [() => call('json'), 'Cannot answer undefined as JSON'],
  [() => call('bytes', 'x'), 'Cannot answer "x" as bytes: expected a Uint8Array or ArrayBuffer'],
  [() => call('stream', 'x'), 'Cannot stream "x": expected an iterable'],
  [() => call('stream', null), 'Cannot stream null'],
  [() => call('empty', 101), 'Invalid status 101: 200 to 599 is allowed', RangeError],
  [() => call('redirect'), 'Cannot redirect to undefined: expected a URL or a path'],
  [() => call('redirect', ''), 'Cannot redirect to "": expected a URL or a path'],
  [() => call('redirect', '/', 200), 'Invalid status 200', RangeError],
  [() => call('redirect', '/\r\nx: y'), "can't be sent"],
  [() => call('text', 'x', { status: 1_000 }), 'Invalid status 1000', RangeError],
  [() => call('text', 'x', { headers: { a: 'b\r\nc' } }), 'Invalid value of header "a"'],
  [() => call('text', 'x', { headers: { 'a b': 'c' } }), 'Invalid header name "a b"'],
  [() => ok().setCookie('a b', 'c'), 'Invalid name "a b" of a cookie'],
  [() => ok().setCookie('a', 5 as never), 'Cannot set cookie "a": its value is no string'],
  [() => ok().setCookie('a', 'b', { maxAge: Number.NaN }), 'invalid maxAge', RangeError],
  [() => ok().setCookie('a', 'b', { sameSite: 'Laxx' as never }), 'sameSite is "Laxx"'],
  [() => ok().setCookie('a', 'b', { httponly: true } as never), 'expected "httpOnly"'],
  [() => construct(HTTPError, 200), 'Invalid status 200 of an error', RangeError],
  [() => construct(HTTPError, 404, 5), 'Invalid message 5 of an error: expected a string'],
  [() => call('validate', {}, 1), 'Cannot validate with Object: expected a Standard Schema'],
  [() => call('sse', 5), 'Invalid source 5 of sse()'],
  [() => call('sse', ok, { heartbeat: 0 }), 'Invalid heartbeat 0 of sse()', RangeError],
  [() => call('sse', ok, { retry: 1.5 }), 'Invalid retry 1.5 of sse()', RangeError],
  [() => call('sse', ok, { hearbeat: 5 }), 'Unknown option "hearbeat" of sse()'],
  [() => call('files'), 'Invalid root undefined of files(): expected the path of a folder'],
  [() => call('files', 'a', { links: 'x' }), 'Invalid links "x" of files(): expected one of'],
  [() => call('files', 'a', { list: true }), 'Unknown option "list" of files()'],
]

const secret = 'x'.repeat(32)
const middlewares: readonly Row[] = [
  [() => call('accessLog', null), 'Cannot use null as the options of accessLog()'],
  [() => call('accessLog', { format: '%Q' }), 'Unknown atom "%Q"'],
  [() => call('accessLog', { logger: {} }), 'expected an object with a method info()'],
  [() => call('accessLog', { format: 'object' }), 'Invalid logger undefined of accessLog()'],
  [() => call('accessLog', { log: console }), 'Unknown option "log" of accessLog()'],
  [() => call('basicAuth'), 'Cannot use undefined as the options of basicAuth()'],
  [() => call('basicAuth', {}), 'Invalid users undefined of basicAuth()'],
  [() => call('basicAuth', { users: { 'a:b': 'c' } }), 'names without ":" and their passwords'],
  [() => call('basicAuth', { users: {}, realm: 'ä' }), 'Invalid realm "ä"'],
  [() => call('bearerAuth', { tokens: 'abc' }), 'expected a function, or a list of tokens'],
  [() => call('bearerAuth', { tokens: ['a b'] }), 'expected a function, or a list of tokens'],
  [() => call('bodyLimit'), 'Cannot limit bodies to undefined bytes', RangeError],
  [() => call('bodyLimit', '1'), 'Cannot limit bodies to "1" bytes', RangeError],
  [() => call('compression', { codings: 'gzip' }), 'expected a list of codings'],
  [() => call('compression', { codings: ['x'] }), 'Unknown content coding "x"'],
  [() => call('compression', { threshold: -1 }), 'Invalid threshold -1', RangeError],
  [() => call('compression', { types: 'text/' }), 'expected a regular expression'],
  [() => call('cors'), 'Cannot use undefined as the options of cors()'],
  [() => call('cors', {}), 'Invalid origin undefined of cors()'],
  [() => call('cors', { origin: 'https://a/b' }), 'such as "https://a"'],
  [() => call('cors', { origin: '*', methods: 'GET' }), 'expected a list of tokens'],
  [() => call('cors', { origin: '*', credentials: true }), 'Cannot allow credentials with "*"'],
  [() => call('etag', { limit: 'x' }), 'Invalid limit "x" of etag()'],
  [() => call('metrics', { prefix: '9' }), 'Invalid prefix "9"'],
  [() => call('metrics', { buckets: [2, 1] }), 'expected them to ascend', RangeError],
  [() => call('metrics', { buckets: 'x' }), 'expected a list of numbers'],
  [() => published.metrics().watch({} as never), 'Cannot watch Object: expected a server'],
  [() => call('proxyHeaders', {}), 'how many proxies, or a list of their addresses'],
  [() => call('proxyHeaders', { trusted: 0 }), 'Invalid trusted 0', RangeError],
  [() => call('proxyHeaders', { trusted: '127.0.0.1' }), 'Invalid trusted "127.0.0.1"'],
  [() => call('proxyHeaders', { trusted: ['localhost'] }), 'Invalid network "localhost"'],
  [() => call('proxyHeaders', { trusted: 1, fields: 'x' }), 'Invalid fields "x"'],
  [() => call('rateLimit', {}), 'Invalid limit undefined of rateLimit()'],
  [() => call('rateLimit', { limit: 0 }), 'Invalid limit 0 of rateLimit()', RangeError],
  [() => call('rateLimit', { limit: '5' }), 'Invalid limit "5" of rateLimit()'],
  [() => call('rateLimit', { limit: 1, window: 5 }), 'Unknown option "window" of rateLimit()'],
  [() => call('requestId', { header: 'a b' }), 'Invalid header "a b" of requestId()'],
  [() => call('requestId', { form: 'x' }), 'expected a regular expression'],
  [() => call('requestTimeout'), 'Cannot limit requests to undefined ms', RangeError],
  [() => call('requestTimeout', '5'), 'Cannot limit requests to "5" ms', RangeError],
  [() => call('requestTimeout', 5, { status: 200 }), 'expected one of 503, 504', RangeError],
  [() => call('sameOrigin', { trusted: 'https://a' }), 'expected a list of origins'],
  [() => call('sameOrigin', { trusted: ['x'] }), 'Invalid origin "x"'],
  [() => call('securityHeaders', { csp: 'x' }), 'Unknown option "csp" of securityHeaders()'],
  [() => call('securityHeaders', { frameOptions: 'a\r\nb' }), 'expected a value, or false'],
  [() => call('securityHeaders', { frameOptions: true }), 'Invalid frameOptions true'],
  [() => call('sessions'), 'Cannot use undefined as the options of sessions()'],
  [() => call('sessions', { secret: 'x' }), 'a secret has to have 32 characters or more'],
  [() => call('sessions', { secret: [] }), 'a secret has to have 32 characters or more'],
  [() => call('sessions', { secret: 5 }), 'Invalid secret 5 of sessions()'],
  [() => call('sessions', { secret, name: 'a b' }), 'Invalid name "a b" of sessions()'],
  [() => call('sessions', { secret, maxAge: -1 }), 'Invalid maxAge -1', RangeError],
  [() => call('shedLoad', { maxActive: 0 }), 'Invalid maxActive 0 of shedLoad()', RangeError],
  [() => call('shedLoad', { maxWait: 'x' }), 'Invalid maxWait "x" of shedLoad()'],
  [() => call('shedLoad', { maxactive: 5 }), 'Unknown option "maxactive" of shedLoad()'],
]

const host = '127.0.0.1'
const serving: readonly Row[] = [
  [() => call('serve'), 'Cannot serve undefined: expected an Application or a handler'],
  [() => call('serve', ok, null), 'Cannot use null as the options of serve()'],
  [() => call('serve', ok, 8080), 'Cannot use 8080 as the options of serve()'],
  [() => call('serve', ok, { port: '8080' }), 'Cannot listen on port "8080"', RangeError],
  [() => call('serve', ok, { port: 70_000 }), 'Cannot listen on port "70000"', RangeError],
  [() => call('serve', ok, { host: 5 }), 'Invalid host 5 of serve()'],
  [() => call('serve', ok, { path: '/tmp/x', port: 1 }), 'and not both'],
  [() => call('serve', ok, { listeners: {} }), 'expected a list of addresses'],
  [() => call('serve', ok, { listeners: [] }), '"listeners" is empty'],
  [() => call('serve', ok, { listeners: [{ prt: 1 }] }), 'Unknown option "prt" of a listener'],
  [() => call('serve', ok, { host, timeout: 5 }), 'Unknown option "timeout" of serve()'],
  [() => call('serve', ok, { host, limits: 5 }), 'Invalid limits 5 of serve()'],
  [() => call('serve', ok, { host, limits: { foo: 5 } }), 'Unknown limit "foo"'],
  [() => call('serve', ok, { host, limits: { body: '5' } }), 'Invalid limit "body"', RangeError],
  [() => call('serve', ok, { host, timeouts: { head: 0 } }), 'Invalid timeout "head"', RangeError],
  [() => call('serve', ok, { host, onError: 5 }), 'Invalid onError 5 of serve()'],
  [() => call('serve', ok, { host, halfClose: 'x' }), 'Invalid halfClose "x" of serve()'],
  [() => call('serve', ok, { host, tls: true }), 'Invalid tls true of serve()'],
  [() => call('serve', ok, { host, tls: {} }), 'Listening with TLS needs "cert" and "key"'],
  [
    () => call('serve', ok, { host, tls: { cert: 'x', key: 'y' } }),
    'Reading the TLS options failed',
  ],
  [() => call('serve', ok, { host, backlog: 'x' }), 'Invalid backlog "x" of serve()'],
  [() => call('serve', ok, { workers: 'all' }), 'Cannot serve by all workers', RangeError],
]

const all = { applications, responses, middlewares, serving }

describe.each(Object.entries(all))('Bad input: %s', (_of, rows) => {
  test.each(rows.map(([made, message, kind]) => [message, kind ?? TypeError, made] as const))(
    '%s',
    async (message, kind, made) => {
      const given = (async () => made())()
      await expect(given).rejects.toThrow(message)
      await expect(given).rejects.toBeInstanceOf(kind)
    },
  )
})

test('route() takes the standard methods in lower case, and all others as they are', async () => {
  const made = new Application().route('get', '/', ok).route('purge', '/', ok)
  expect(made.routes().map(({ method }) => method)).toEqual(['GET', 'purge'])
  expect((await made.fetch(new Request('http://a/'))).status).toBe(200)
})

test('serve() refuses what it refuses before it listens', async () => {
  await using server = await serve(ok, { host })
  expect(server.statistics()).toMatchObject({ connections: 0 })
  await expect(serve(ok, { host, port: server.port, timeout: 1 } as object)).rejects.toThrow(
    'Unknown option "timeout"',
  )
})
