// One middleware of Spool around one route, asked by a browser; the first case has none.
import type { ServerMiddleware } from '../../src/server/index.ts'
import type { Case } from '../concurrency/runner.ts'
import { load } from '../spool-module.ts'
import { asker } from './memory-connection.ts'

const server = await load('server')
const { Application, sessions, text } = server

const request = [
  'GET /greet/Ada HTTP/1.1',
  'host: shop.example',
  'user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'accept-language: en-US,en;q=0.5',
  'accept-encoding: gzip, deflate, br, zstd',
  'x-forwarded-for: 203.0.113.7',
  'x-forwarded-proto: https',
  'x-request-id: 0123456789abcdef',
]
const from = (...fields: string[]): string => [...request, ...fields, '', ''].join('\r\n')
const post = from('sec-fetch-site: same-origin', 'content-length: 0').replace('GET', 'POST')

const silent = { info: (): void => undefined }
const secret = '0123456789abcdef0123456789abcdef'
const short = 'Hello, Ada!'
const page = '<p>Hello, Ada! And again, and again. '.repeat(220)

async function sessionCookie(): Promise<string> {
  const app = new Application().use(sessions({ secret })).get('/', (request) => {
    request.get(server.session)?.set('user', 'ada')
    return text('')
  })
  const { headers } = await app.fetch(new Request('http://shop.example/'))
  return headers.getSetCookie()[0]?.split(';')[0] ?? ''
}

function one(
  name: string,
  middlewares: readonly ServerMiddleware[],
  asked: string = from(),
  body = short,
): Case {
  const app = new Application()
    .use(...middlewares)
    .get('/greet/{name}', () => text(body))
    .post('/greet/{name}', () => text(body))
  return { name, group: body === short ? 'a short text' : 'a page of 8 KB', run: asker(app, asked) }
}

export const cases: readonly Case[] = [
  one('none', []),
  one('(request, next) => next(request)', [(request, next) => next(request)]),
  one('async (request, next) => next(request)', [async (request, next) => next(request)]),
  one('accessLog()', [server.accessLog({ logger: silent })]),
  one("accessLog({ format: 'json' })", [server.accessLog({ format: 'json', logger: silent })]),
  one(
    'basicAuth()',
    [server.basicAuth({ users: { ada: 'engine' } })],
    from(`authorization: Basic ${btoa('ada:engine')}`),
  ),
  one(
    'bearerAuth()',
    [server.bearerAuth({ tokens: ['token'] })],
    from('authorization: Bearer token'),
  ),
  one('bodyLimit()', [server.bodyLimit(1_000)]),
  one('compression() of less than its threshold', [server.compression()]),
  one('cors()', [server.cors({ origin: 'https://a.example' })], from('origin: https://a.example')),
  one('etag()', [server.etag()]),
  one('metrics()', [server.metrics().middleware]),
  one('proxyHeaders()', [server.proxyHeaders({ trusted: 1 })]),
  one('rateLimit()', [server.rateLimit({ limit: 1e12, key: () => 'one' })]),
  one('requestId()', [server.requestId()]),
  one('requestId({ trust: true })', [server.requestId({ trust: true })]),
  one('requestTimeout()', [server.requestTimeout(10_000)]),
  one('sameOrigin(), POST', [server.sameOrigin()], post),
  one('securityHeaders()', [server.securityHeaders()]),
  one('sessions(), reading', [sessions({ secret })], from(`cookie: ${await sessionCookie()}`)),
  one('shedLoad()', [server.shedLoad()]),
  one('none', [], from(), page),
  one(
    "compression({ codings: ['gzip'] })",
    [server.compression({ codings: ['gzip'] })],
    from(),
    page,
  ),
  one("compression({ codings: ['br'] })", [server.compression({ codings: ['br'] })], from(), page),
  one(
    "compression({ codings: ['zstd'] })",
    [server.compression({ codings: ['zstd'] })],
    from(),
    page,
  ),
  one('etag()', [server.etag()], from(), page),
]
