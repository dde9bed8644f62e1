/**
 * What a server answers to what it can't read, held against the table of docs/http-support.md: each status
 * of the page has its examples here, each example gets what the page says, and nothing else is said there.
 */
import { readFileSync } from 'node:fs'
import { Application, HTTPError, text } from 'spool/server'
import { MockClock } from 'spool/testing'
import { describe, expect, test } from 'vitest'
import { defaultLimits, defaultTimeouts } from '../../../src/server/server-options.ts'
import { MemoryServer } from '../../support/memory-server.ts'
import { get, post } from '../../support/requests.ts'

const page = readFileSync(new URL('../../../docs/http-support.md', import.meta.url), 'utf8')
const start = page.indexOf('## What a server answers')
const section = page.slice(start, page.indexOf('\n## ', start + 1))

/** What the page says of the connection, by status. */
const documented = new Map(
  Array.from(section.matchAll(/^\| (\d{3}) +\|.*\| *([^|]+?) *\|$/gm), ([, status, connection]) => [
    Number(status),
    connection ?? '',
  ]),
)

interface Example {
  readonly status: number
  readonly what: string
  readonly bytes: string
  /** Whether the connection is kept, where the page leaves both open. */
  readonly kept?: boolean
  /** What is still to come of the request then. */
  readonly rest?: string
  /** How long to wait for the answer, in milliseconds. */
  readonly after?: number
}

const chunked = (target: string, body: string): string =>
  `POST ${target} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n${body}`
const fields = (count: number): string[] => Array.from({ length: count }, (_, at) => `x${at}: y`)

const examples: readonly Example[] = [
  { status: 400, what: 'no HTTP at all', bytes: 'hello\r\n\r\n' },
  { status: 400, what: 'no Host', bytes: 'GET / HTTP/1.1\r\n\r\n' },
  { status: 400, what: 'two Hosts', bytes: get('/', 'host: other') },
  { status: 400, what: 'an obs-fold', bytes: get('/', 'x: y', ' z') },
  { status: 400, what: 'a bare LF', bytes: 'GET / HTTP/1.1\nhost: a\n\n' },
  { status: 400, what: 'NUL in a value', bytes: get('/', 'x: \0') },
  { status: 400, what: 'two lengths', bytes: post('/read', 'abc', 'content-length: 3') },
  {
    status: 400,
    what: 'a length and chunks',
    bytes: post('/read', '0', 'transfer-encoding: chunked'),
  },
  { status: 400, what: 'a bad chunk size', bytes: chunked('/read', '0x1\r\na\r\n') },
  { status: 400, what: 'a body that goes wrong later', bytes: chunked('/read', '1\r\naa') },
  {
    status: 400,
    what: 'a line of a chunk that is too long',
    bytes: chunked('/read', '0'.repeat(1_025)),
  },
  { status: 408, what: 'a slow head', bytes: 'GET / HTTP/1.1\r\nho', after: 16_000 },
  { status: 408, what: 'a slow body', bytes: chunked('/read', '1\r\n'), after: 7_000 },
  {
    status: 408,
    what: 'a body that stops',
    bytes: chunked('/read', `ffff\r\n${'x'.repeat(60_000)}`),
    after: 32_000,
  },
  {
    status: 413,
    what: 'a long body that is here',
    bytes: post('/short', 'x'.repeat(11)),
    kept: true,
  },
  {
    status: 413,
    what: 'a long body in chunks',
    bytes: chunked('/short', `b\r\n${'x'.repeat(11)}\r\n0\r\n\r\n`),
    kept: true,
  },
  {
    status: 413,
    what: 'a long body, of which little is to come',
    bytes: post('/short', 'x'.repeat(1_000)).slice(0, -1),
    rest: 'x',
    kept: true,
  },
  {
    status: 413,
    what: 'a long body, of which much is to come',
    bytes: post('/short', 'x'.repeat(70_000)).slice(0, -60_000),
    kept: false,
  },
  {
    status: 413,
    what: 'a long body that is told only',
    bytes: post('/read', '').replace('h: 0', 'h: 1048577'),
    kept: false,
  },
  {
    status: 413,
    what: 'a long body that waits for 100 Continue',
    bytes: post('/refuse', 'x', 'expect: 100-continue').slice(0, -1),
    kept: false,
  },
  { status: 414, what: 'a target of more than 8 KiB', bytes: get(`/${'x'.repeat(8_192)}`) },
  { status: 414, what: 'a target that does not end', bytes: `GET /${'x'.repeat(8_192)}` },
  {
    status: 417,
    what: 'an expectation that is not known',
    bytes: post('/read', 'x', 'expect: miracles'),
  },
  {
    status: 417,
    what: 'one of several',
    bytes: post('/read', 'x', 'expect: 100-continue, miracles'),
  },
  { status: 431, what: 'a head over 16 KiB', bytes: get('/', `x: ${'y'.repeat(16_384)}`) },
  { status: 431, what: 'more than 100 fields', bytes: get('/', ...fields(100)) },
  {
    status: 431,
    what: 'trailers over 8 KiB',
    bytes: chunked('/read', `0\r\nx: ${'y'.repeat(8_192)}\r\n\r\n`),
  },
  {
    status: 431,
    what: 'more than 50 trailers',
    bytes: chunked('/read', `0\r\n${fields(51).join('\r\n')}\r\n\r\n`),
  },
  {
    status: 501,
    what: 'a transfer coding that is not known',
    bytes: get('/', 'transfer-encoding: gzip, chunked'),
  },
  { status: 501, what: 'a method of 33 bytes', bytes: get('/').replace('GET', 'X'.repeat(33)) },
  { status: 501, what: 'CONNECT', bytes: 'CONNECT a.example:443 HTTP/1.1\r\nhost: a\r\n\r\n' },
  { status: 505, what: 'HTTP/2.0', bytes: 'GET / HTTP/2.0\r\nhost: a\r\n\r\n' },
  { status: 505, what: 'HTTP/1.2', bytes: 'GET / HTTP/1.2\r\nhost: a\r\n\r\n' },
]

const app = new Application()
  .get('/', () => text('root'))
  .post('/read', async (request) => text(await request.text()))
  .post('/short', async (request) => text(await request.text()), { bodyLimit: 10 })
  .post('/refuse', () => {
    throw new HTTPError(413)
  })

describe('docs/http-support.md', () => {
  test('has a row for each status that is tried here, and no other', () => {
    expect([...documented.keys()]).toEqual([...new Set(examples.map(({ status }) => status))])
  })

  test('says of each whether the connection is closed or may be kept', () => {
    for (const [status, connection] of documented) {
      expect(connection, `${status}`).toMatch(status === 413 ? /^kept if / : /^closed$/)
    }
  })
})

test('docs/http-support.md has every limit and time-out of a server, with its default', () => {
  const begin = page.indexOf('## What a server waits for')
  const tables = page.slice(begin, page.indexOf('\n## ', begin + 1))
  const told = Array.from(tables.matchAll(/^\| `(\w+)` +\| ([\d,]+) +\|/gm), ([, name, value]) => [
    name,
    Number(value?.replaceAll(',', '')),
  ])
  expect(told).toEqual([...Object.entries(defaultLimits), ...Object.entries(defaultTimeouts)])
})

test.each(examples)(
  '$status is the answer to $what',
  async ({ status, bytes, kept, rest = '', after = 0 }) => {
    using clock = MockClock.install()
    const server = new MemoryServer(app)
    const client = server.connect()
    await client.send(bytes)
    await clock.advance(after)
    expect(client.text.includes('\r\nconnection: close\r\n')).toBe(kept !== true)
    expect(client.statuses()).toEqual([status])
    expect(client.ended).toBe(kept !== true)
    expect(kept === undefined).toBe(documented.get(status) === 'closed')
    // Another request, behind what was left to send, is answered only where the connection is kept.
    await client.send(rest + get('/'))
    expect(client.statuses()).toEqual(kept === true ? [200] : [])
    await client.end()
    expect(client.closed).toBe(true)
    expect(server.host.statistics()).toMatchObject({ connections: 0, active: 0 })
    expect(server.errors).toEqual([])
    server.host.end()
  },
)

test('A request behind one that says Connection: close is not read, however both come', async () => {
  for (const together of [true, false]) {
    const server = new MemoryServer(app)
    const client = server.connect()
    const first = get('/', 'connection: close')
    await client.send(together ? first + get('/') : first)
    if (!together) await client.send(get('/'))
    expect(client.statuses()).toEqual([200])
    expect(client.ended).toBe(true)
    expect(server.host.statistics()).toMatchObject({ requests: 1, malformed: 0 })
    await client.end()
    server.host.end()
  }
})

test('408 is not said to a client that has said nothing', async () => {
  using clock = MockClock.install()
  const server = new MemoryServer(app)
  const client = server.connect()
  await clock.advance(16_000)
  expect(client).toMatchObject({ text: '', ended: true })
  server.host.end()
})
