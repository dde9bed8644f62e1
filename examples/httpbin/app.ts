/** A small server for trying clients: each path answers in a way of its own. */
import { createHash } from 'node:crypto'
import { sleep } from 'spool'
import {
  Application,
  HTTPError,
  json,
  redirect,
  ServerResponse,
  type ServerRequest,
  stream,
  text,
} from 'spool/server'
import { addAuthRoutes } from './auth-routes.ts'
import { addCodingRoutes } from './coding-routes.ts'
import { addCookieRoutes } from './cookie-routes.ts'
import { addEventRoutes } from './event-routes.ts'
import { FlakyKeys } from './flaky-keys.ts'
import { addFormRoutes } from './form-routes.ts'
import { drip, pattern } from './generated-bodies.ts'
import { addRangeRoutes } from './range-routes.ts'
import { addWebSocketRoutes } from './websocket-routes.ts'

// So that one URL can't keep the server busy for ever.
const longestDelay = 60_000
const mostBytes = 2 ** 30
const mostChunks = 10_000
const mostRedirects = 100

/** The application; each one has its own memory of `/flaky/`. */
export function httpbin(): Application {
  const flaky = new FlakyKeys(2)
  const app = new Application()
    .get('/', () => text('Hello, world!'))
    .get('/greet/{name}', ({ params }) => text(`Hello, ${params.name}!`))
    .route('*', '/echo', echo)
    .get('/headers', ({ method, target, headers }) =>
      json({ method, url: target, headers: Object.fromEntries(headers) }),
    )
    .get('/bytes/{n}', ({ params }) => {
      const length = numberOf(params.n, mostBytes)
      return stream(pattern(length), { headers: { 'content-length': String(length) } })
    })
    .get('/drip', ({ query }) => {
      const chunks = numberOf(query.get('n') ?? '10', mostChunks)
      return stream(drip(chunks, numberOf(query.get('ms') ?? '100', longestDelay)))
    })
    .get('/slow/{ms}', async ({ params }) => {
      await sleep(numberOf(params.ms, longestDelay))
      return text(`Slept for ${params.ms} ms\n`)
    })
    .route('*', '/status/{code}', ({ params }) => {
      const code = numberOf(params.code, 599)
      if (code < 200) throw new HTTPError(400, 'Expected a final status, from 200 to 599')
      const bodiless = code === 204 || code === 205 || code === 304
      return new ServerResponse(bodiless ? null : `${code}\n`, { status: code, type: 'text/plain' })
    })
    .get('/redirect/{n}', ({ params }) => {
      const left = numberOf(params.n, mostRedirects)
      return left === 0 ? text('Arrived\n') : redirect(left === 1 ? '/' : `/redirect/${left - 1}`)
    })
    .get('/flaky/{key}', ({ params }) => {
      if (flaky.fails(params.key)) throw new HTTPError(503, 'Not yet', { expose: true })
      return text(`Recovered: ${params.key}\n`)
    })
    .get('/error', () => {
      throw new Error('This handler always fails')
    })
    .post('/upload', async ({ body }) => {
      const hash = createHash('sha256')
      let bytes = 0
      for await (const chunk of body) {
        hash.update(chunk)
        bytes += chunk.length
      }
      return json({ bytes, sha256: hash.digest('hex') })
    })
  addAuthRoutes(app)
  addCodingRoutes(app)
  addCookieRoutes(app)
  addEventRoutes(app)
  addFormRoutes(app)
  addWebSocketRoutes(app)
  return addRangeRoutes(app)
}

/** Sends back what comes, while it comes. */
function echo({ headers, body }: ServerRequest): ServerResponse {
  const type = headers.get('content-type') ?? 'application/octet-stream'
  const length = headers.get('content-length')
  return stream(body, { type, headers: length === null ? {} : { 'content-length': length } })
}

function numberOf(value: string, most: number): number {
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN
  if (number <= most) return number
  throw new HTTPError(400, `Expected a whole number up to ${most} instead of "${value}"`)
}
