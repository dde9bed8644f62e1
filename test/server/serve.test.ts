import { expect, test } from 'vitest'
import {
  Application,
  bytes,
  empty,
  html,
  HTTPError,
  json,
  redirect,
  serve,
  stream,
  text,
} from 'spool/server'
import { rawClient } from '../support/raw-client.ts'
import { get, post } from '../support/requests.ts'

test('serve() answers requests on one connection until it is closed', async () => {
  const app = new Application()
    .get('/', () => text('Hello, world!'))
    .get('/greet/{name}', async ({ params }) => text(`Hello, ${params.name}!`))
  const server = await serve(app, { host: '127.0.0.1' })
  expect(server.url).toBe(`http://127.0.0.1:${server.port}`)
  const client = await rawClient({ port: server.port })
  await client.send(get('/'))
  const head = await client.readUntil('\r\n\r\n')
  expect(head.replace(/date: .*\r\n/, '')).toBe(
    'HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 13\r\n\r\n',
  )
  expect(head).toMatch(/date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n/)
  expect(await client.readUntil('world!')).toBe('Hello, world!')
  await client.send(get('/greet/a%20b'))
  expect(await client.readUntil('Hello, a b!')).toContain('content-length: 11')
  expect(server.statistics()).toMatchObject({ connections: 1, idle: 1, active: 0, requests: 2 })
  await server.close()
  expect(await client.readAll()).toBe('')
  await client[Symbol.asyncDispose]()
  expect(server.statistics()).toMatchObject({ connections: 0, active: 0 })
  await server.closed
})

const kinds = new Application()
  .get('/html', () => html('<p>ä</p>'))
  .get('/json', () => json({ a: 1 }, { status: 201 }))
  .get('/bytes', () => bytes(new Uint8Array([0x61, 0x62])))
  .get('/empty', () => empty())
  .get('/redirect', () => redirect('/ä b', 303))
  .get('/stream', () => stream(['a', new Uint8Array([0x62, 0x63]), '']))
  .get('/known', () => stream(['abc'], { headers: { 'content-length': '3' } }))
  .get('/web', async () => new Response('web', { status: 202, headers: { 'x-a': 'b' } }))
  .get('/headers', () => text('x', { headers: { 'x-a': 'b', date: 'now', connection: 'upgrade' } }))
  .get('/big', () => text('x'.repeat(300_000)))
  .get('/middle', () => bytes(new Uint8Array(100_000).fill(0x79)))
  .get('/http-error', () => {
    throw new HTTPError(403, 'Not you', { headers: { 'x-why': 'because' } })
  })

test.each([
  [
    '/html',
    '200 OK',
    '<p>\xc3\xa4</p>',
    ['content-type: text/html; charset=utf-8', 'content-length: 9'],
  ],
  ['/json', '201 Created', '{"a":1}', ['content-type: application/json']],
  ['/bytes', '200 OK', 'ab', ['content-type: application/octet-stream', 'content-length: 2']],
  ['/empty', '204 No Content', '', []],
  ['/redirect', '303 See Other', '', ['location: /%C3%A4%20b', 'content-length: 0']],
  ['/stream', '200 OK', '1\r\na\r\n2\r\nbc\r\n0\r\n\r\n', ['transfer-encoding: chunked']],
  ['/known', '200 OK', 'abc', ['content-length: 3']],
  ['/web', '202 Accepted', '3\r\nweb\r\n0\r\n\r\n', ['x-a: b', 'transfer-encoding: chunked']],
  ['/headers', '200 OK', 'x', ['x-a: b', 'date: now']],
  ['/big', '200 OK', 'x'.repeat(300_000), ['content-length: 300000']],
  ['/middle', '200 OK', 'y'.repeat(100_000), ['content-length: 100000']],
  ['/http-error', '403 Forbidden', 'Not you', ['x-why: because']],
  ['/none', '404 Not Found', 'Not Found', []],
])('serve() sends %s as it should be', async (target, status, body, fields) => {
  await using server = await serve(kinds, { host: '127.0.0.1' })
  await using client = await rawClient({ port: server.port })
  await client.send(get(target, 'connection: close'))
  const all = await client.readAll()
  const end = all.indexOf('\r\n\r\n') + 4
  expect(all.slice(end)).toBe(body)
  const lines = all.slice(0, end).split('\r\n')
  expect(lines[0]).toBe(`HTTP/1.1 ${status}`)
  expect(lines).toEqual(expect.arrayContaining([...fields, 'connection: close']))
  expect(lines.filter((line) => line.startsWith('date:'))).toHaveLength(1)
})

test.each([
  ['/html', /content-length: 9\r\n/],
  ['/big', /content-length: 300000\r\n/],
  ['/known', /content-length: 3\r\n/],
  ['/stream', /octet-stream\r\ndate/],
])('serve() answers HEAD %s without a body', async (target, expected) => {
  await using server = await serve(kinds, { host: '127.0.0.1' })
  await using client = await rawClient({ port: server.port })
  await client.send(get(target).replace('GET', 'HEAD'))
  expect(await client.readUntil('\r\n\r\n')).toMatch(expected)
  await client.send(get('/none', 'connection: close'))
  expect(await client.readAll()).toMatch(/^HTTP\/1.1 404 /)
})

test('serve() reads bodies of each kind, and reads away what a handler leaves', async () => {
  const app = new Application()
    .post('/text', async (request) => text((await request.text()).toUpperCase()))
    .post('/json', async (request) => json(await request.json()))
    .post('/form', async (request) => json([...(await request.form())]))
    .post('/stream', (request) => stream(request.body))
    .post('/ignored', () => text('ignored'))
  await using server = await serve(app, { host: '127.0.0.1' })
  await using client = await rawClient({ port: server.port })
  await client.send(post('/text', 'abc'))
  await client.readUntil('ABC')
  await client.send(post('/ignored', 'GET /text HTTP/1.1\r\n\r\n'))
  await client.readUntil('ignored')
  await client.send(post('/json', '{"a":[1]}'))
  await client.readUntil('{"a":[1]}')
  await client.send(post('/form', 'a=1&b=%20', 'content-type: application/x-www-form-urlencoded'))
  await client.readUntil('[["a","1"],["b"," "]]')
  await client.send(
    'POST /stream HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n',
  )
  await client.readUntil('3\r\nabc\r\n')
  await client.send('0\r\n\r\n')
  await client.readUntil('0\r\n\r\n')
  await client.send(post('/json', 'no json'))
  expect(await client.readUntil('The body is not valid JSON')).toMatch(/^HTTP\/1.1 400 /)
  await client.send(post('/form', 'a=1'))
  expect(await client.readUntil('urlencoded')).toMatch(/^HTTP\/1.1 415 /)
})
