import { AsyncEvent, sleep } from 'spool'
import {
  accessLog,
  type AccessLogEntry,
  Application,
  requestId,
  serve,
  stream,
  text,
} from 'spool/server'
import { MockClock, settle } from 'spool/testing'
import { expect, test } from 'vitest'
import { MemoryServer } from '../../support/memory-server.ts'
import { rawClient } from '../../support/raw-client.ts'
import { get } from '../../support/requests.ts'

function logged(format?: string): { lines: string[]; app: Application } {
  const lines: string[] = []
  const logger = { info: (line: string) => void lines.push(line) }
  const app = new Application()
    .use(accessLog(format === undefined ? { logger } : { format, logger }))
    .get('/{rest*}', () => text('Hello', { headers: { 'x-out': 'o"1' } }))
  return { lines, app }
}

test('accessLog() writes the line of aiohttp', async () => {
  const { lines, app } = logged()
  const headers = { referer: 'http://a/', 'user-agent': 'test' }
  await app.fetch(new Request('http://a/x?y', { headers }))
  expect(lines[0]).toMatch(
    /^- \[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET \/x\?y HTTP\/1\.1" 200 5 "http:\/\/a\/" "test" \d\.\d{6}$/,
  )
})

test('accessLog() knows every atom', async () => {
  using _clock = MockClock.install({ autoJump: true })
  const lines: string[] = []
  const logger = { info: (line: string) => void lines.push(line) }
  const app = new Application()
    .use(accessLog({ format: '%%|%P|%T|%Tf|%D|%{X-Out}o|%{X-In}i|%{None}i|%a', logger }))
    .get('/', async () => {
      await sleep(1_500)
      return text('', { headers: { 'x-out': 'out' } })
    })
  await app.fetch(new Request('http://a/', { headers: { 'x-in': 'in' } }))
  expect(lines).toEqual([`%|${process.pid}|1|1.500000|1500000|out|in|-|-`])
})

test('accessLog() escapes what could forge a line or end a quote', async () => {
  const { lines, app } = logged('"%r" "%{User-Agent}i" "%{X-Out}o"')
  const server = new MemoryServer(app)
  const client = server.connect()
  await client.send(get('/a', 'user-agent: x" 200 \\ \x80\xff\ty'))
  await client.end()
  server.host.end()
  expect(lines).toEqual([String.raw`"GET /a HTTP/1.1" "x\" 200 \\ \x80ÿ\x09y" "o\"1"`])
})

test('accessLog() writes JSON, or gives a logger of structures an object', async () => {
  const entries: AccessLogEntry[] = []
  const lines: string[] = []
  const messages: string[] = []
  const app = new Application()
    .use(
      requestId({ generate: () => 'id-1' }),
      accessLog({ format: 'json', logger: { info: (line) => void lines.push(line) } }),
      accessLog({
        format: 'object',
        logger: {
          info: (entry, message) => {
            entries.push(entry)
            messages.push(message)
          },
        },
      }),
    )
    .get('/', () => text('Hello'))
  await app.fetch(new Request('http://a/?q'))
  expect(entries).toMatchObject([
    { method: 'GET', target: '/?q', status: 200, bytes: 5, aborted: false, requestId: 'id-1' },
  ])
  expect(messages).toEqual(['GET /?q 200'])
  const { duration, time, ...rest } = JSON.parse(lines[0] ?? '') as AccessLogEntry
  expect(rest).toEqual({
    method: 'GET',
    target: '/?q',
    status: 200,
    bytes: 5,
    aborted: false,
    requestId: 'id-1',
  })
  expect([duration >= 0, new Date(time).toISOString()]).toEqual([true, time])
})

test('accessLog() writes when the response is out, with all its bytes, and 499 for who left', async () => {
  const go = new AsyncEvent()
  const lines: string[] = []
  const app = new Application()
    .use(accessLog({ format: '%s %b', logger: { info: (line) => void lines.push(line) } }))
    .get('/stream', () =>
      stream(
        (async function* () {
          yield 'abc'
          await go.wait()
          yield 'de'
        })(),
      ),
    )
    .get('/wait', async () => {
      await go.wait()
      return text('late')
    })
    .get('/bug', () => {
      throw new Error('bug')
    })
  const server = new MemoryServer(app)
  const left = await server.connect().send(get('/wait'))
  await left.end()
  const client = await server.connect().send(get('/stream'))
  expect(lines).toEqual(['499 0'])
  go.set()
  await settle()
  await client.send(get('/none'))
  await client.send(get('/bug'))
  expect(lines.slice(1)).toEqual(['200 5', '404 9', '500 21'])
  await client.end()
  server.host.end()
})

test('accessLog() leaves out what it is told to', async () => {
  const lines: string[] = []
  const app = new Application()
    .use(
      accessLog({
        format: '%r',
        logger: { info: (line) => void lines.push(line) },
        skip: ({ path }, { response }) => path === '/health' && response?.status === 200,
      }),
    )
    .get('/health', () => text('ok'))
  await app.fetch(new Request('http://a/health'))
  await app.fetch(new Request('http://a/other'))
  expect(lines).toEqual(['GET /other HTTP/1.1'])
})

test.each(['%x', '100%', '%{a}x', '%q %s'])('accessLog() refuses the format %j', (format) => {
  expect(() => accessLog({ format })).toThrow(/^Unknown atom "%/)
})

test('accessLog() knows the address of a client that has left', async () => {
  const called = new AsyncEvent()
  const logged = new AsyncEvent()
  const lines: string[] = []
  const logger = {
    info(line: string): void {
      lines.push(line)
      logged.set()
    },
  }
  const app = new Application().use(accessLog({ format: '%a %s', logger })).get('/', async () => {
    called.set()
    await sleep(60_000)
    return text('late')
  })
  await using server = await serve(app, { host: '127.0.0.1' })
  const client = await rawClient({ port: server.port })
  await client.send(get('/'))
  await called.wait()
  client.destroy()
  await logged.wait()
  expect(lines).toEqual(['127.0.0.1 499'])
})
