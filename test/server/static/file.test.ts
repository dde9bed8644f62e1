import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Application, file, type FileOptions, text } from 'spool/server'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { MemoryServer } from '../../support/memory-server.ts'
import { openFilesBelow } from '../../support/descriptors.ts'
import { get } from '../../support/requests.ts'

let folder: string
const large = Buffer.from(Array.from({ length: 300_000 }, (_, at) => at % 251))

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-file-'))
  await writeFile(join(folder, 'a.txt'), '0123456789')
  await utimes(join(folder, 'a.txt'), 1_700_000_000, 1_700_000_000)
  await writeFile(join(folder, 'large.bin'), large)
  await writeFile(join(folder, 'empty'), '')
  await mkdir(join(folder, 'sub'))
  await writeFile(join(folder, 'page.html'), '<p>plain')
  await writeFile(join(folder, 'page.html.br'), 'as br')
  await writeFile(join(folder, 'page.html.gz'), 'as gzip')
})

afterAll(() => rm(folder, { recursive: true }))

afterEach(async () => {
  await vi.waitFor(() => expect(openFilesBelow(folder)).toEqual([]))
})

interface Answer {
  status: number
  headers: Headers
  body: string
}

async function ask(
  name: string,
  headers: Record<string, string> = {},
  options?: FileOptions,
  method = 'GET',
): Promise<Answer> {
  const app = new Application().route('*', '/{name}', (request) =>
    file(request, join(folder, request.params.name), options),
  )
  const response = await app.fetch(new Request(`http://a/${name}`, { method, headers }))
  return { status: response.status, headers: response.headers, body: await response.text() }
}

const modified = new Date(1_700_000_000_000).toUTCString()

test('file() answers with all of it and what is known of it', async () => {
  const { status, headers, body } = await ask('a.txt')
  expect([status, body]).toEqual([200, '0123456789'])
  expect(Object.fromEntries(headers)).toEqual({
    'accept-ranges': 'bytes',
    'content-length': '10',
    'content-type': 'text/plain; charset=utf-8',
    etag: expect.stringMatching(/^"[\da-z]+-a"$/) as string,
    'last-modified': modified,
    'x-content-type-options': 'nosniff',
  })
})

test('file() of what is large comes in pieces, and whole', async () => {
  const app = new Application().get('/', (request) => file(request, join(folder, 'large.bin')))
  const response = await app.fetch(new Request('http://a/'))
  const hash = createHash('sha1').update(Buffer.from(await response.arrayBuffer()))
  expect(hash.digest('hex')).toBe(createHash('sha1').update(large).digest('hex'))
})

test('file() answers HEAD with the fields of GET, and POST with the file', async () => {
  const { headers, body } = await ask('large.bin', { range: 'bytes=0-1' }, undefined, 'HEAD')
  expect([headers.get('content-length'), body]).toEqual(['300000', ''])
  const conditions = { 'if-none-match': '*', range: 'bytes=0-1' }
  expect(await ask('a.txt', conditions, undefined, 'POST')).toMatchObject({
    status: 200,
    body: '0123456789',
  })
})

test('file() answers 304 and 412 by the conditions', async () => {
  const etag = (await ask('a.txt')).headers.get('etag')!
  const same = await ask('a.txt', { 'if-none-match': etag }, { cacheControl: 'max-age=5' })
  expect([same.status, same.body]).toEqual([304, ''])
  expect(Object.fromEntries(same.headers)).toEqual({
    'cache-control': 'max-age=5',
    etag,
    'last-modified': modified,
  })
  expect((await ask('a.txt', { 'if-modified-since': modified })).status).toBe(304)
  expect((await ask('a.txt', { 'if-match': '"other"' })).status).toBe(412)
  const long = 'Thu, 01 Jan 1970 00:00:00 GMT'
  expect((await ask('a.txt', { 'if-unmodified-since': long })).status).toBe(412)
})

test.each([
  ['bytes=2-4', 206, 'bytes 2-4/10', '234'],
  ['bytes=-3', 206, 'bytes 7-9/10', '789'],
  ['bytes=8-', 206, 'bytes 8-9/10', '89'],
  ['bytes=0-99', 206, 'bytes 0-9/10', '0123456789'],
  ['bytes=4-5,1-4', 206, 'bytes 1-5/10', '12345'],
  ['bytes=10-', 416, 'bytes */10', 'Range Not Satisfiable'],
  ['lines=1-2', 200, null, '0123456789'],
  ['bytes=5-2', 200, null, '0123456789'],
])('file() with the range %j answers %d', async (range, status, place, body) => {
  const answer = await ask('a.txt', { range })
  expect([answer.status, answer.headers.get('content-range'), answer.body]).toEqual([
    status,
    place,
    body,
  ])
  // A body that is no file has its length from whoever sends it.
  expect([null, String(body.length)]).toContain(answer.headers.get('content-length'))
})

test('file() answers several ranges as multipart/byteranges of the promised length', async () => {
  const { status, headers, body } = await ask('a.txt', { range: 'bytes=8-9,0-1,5-5' })
  expect(status).toBe(206)
  const type = /^multipart\/byteranges; boundary=([\da-f]{24})$/.exec(headers.get('content-type')!)
  const boundary = type?.[1]
  const part = (place: string, data: string): string =>
    `\r\n--${boundary}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-range: bytes ${place}/10\r\n\r\n${data}`
  expect(body).toBe(
    `${part('8-9', '89')}${part('0-1', '01')}${part('5-5', '5')}\r\n--${boundary}--\r\n`,
  )
  expect(headers.get('content-length')).toBe(String(body.length))
})

test('file() honours a range only if If-Range names this very state', async () => {
  const etag = (await ask('a.txt')).headers.get('etag')!
  const status = async (condition: string): Promise<number> =>
    (await ask('a.txt', { range: 'bytes=0-1', 'if-range': condition })).status
  expect(await status(etag)).toBe(206)
  expect(await status(modified)).toBe(206)
  expect(await status(`W/${etag}`)).toBe(200)
  expect(await status('"other"')).toBe(200)
  expect(await status('Thu, 01 Jan 1970 00:00:00 GMT')).toBe(200)
})

test('file() of nothing has no ranges', async () => {
  expect(await ask('empty')).toMatchObject({ status: 200, body: '' })
  expect((await ask('empty', { range: 'bytes=0-' })).status).toBe(416)
})

test('file() answers 404 for what is no file', async () => {
  expect((await ask('none')).status).toBe(404)
  expect((await ask('sub')).status).toBe(404)
  expect((await ask('a.txt%2Fb')).status).toBe(404)
  expect((await ask('x'.repeat(1_000))).status).toBe(404)
})

test.each([
  ['br, gzip', 'br', 'as br'],
  ['gzip', 'gzip', 'as gzip'],
  ['zstd, gzip;q=0.1', 'gzip', 'as gzip'],
  ['zstd', null, '<p>plain'],
  ['br;q=0', null, '<p>plain'],
  ['identity;q=0, zstd', null, '<p>plain'],
])('file() precompressed for %j has the coding %j', async (accept, coding, body) => {
  const options = { precompressed: true }
  const answer = await ask('page.html', { 'accept-encoding': accept }, options)
  expect([answer.headers.get('content-encoding'), answer.body]).toEqual([coding, body])
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(answer.headers.get('vary')).toBe('accept-encoding')
  expect(answer.headers.get('etag')?.endsWith(`-${coding}"`)).toBe(coding !== null)
})

test('file() takes type, name, caching and fields', async () => {
  const options = {
    type: 'text/x-special',
    download: 'Bericht Ä.txt',
    cacheControl: 'no-cache',
    headers: { 'x-a': 'b', etag: '"mine"' },
  }
  const { headers } = await ask('a.txt', {}, options)
  expect(headers.get('content-type')).toBe('text/x-special')
  expect(headers.get('content-disposition')).toContain(`filename*=UTF-8''Bericht%20%C3%84.txt`)
  expect(headers.get('cache-control')).toBe('no-cache')
  expect([headers.get('x-a'), headers.get('etag')]).toEqual(['b', '"mine"'])
  const own = await ask('a.txt', {}, { download: true })
  expect(own.headers.get('content-disposition')).toBe('attachment; filename="a.txt"')
})

test('file() is closed when the client leaves in the middle', async () => {
  const app = new Application().get('/', (request) => file(request, join(folder, 'large.bin')))
  const server = new MemoryServer(app)
  const client = server.connect({ highWaterMark: 1_000 })
  client.transport.pause()
  await client.send(get('/'))
  await vi.waitFor(() => expect(openFilesBelow(folder)).toEqual([join(folder, 'large.bin')]))
  client.transport.destroy()
  await vi.waitFor(() => expect(openFilesBelow(folder)).toEqual([]))
  await vi.waitFor(() =>
    expect(server.host.statistics()).toMatchObject({ active: 0, connections: 0 }),
  )
  server.host.end()
  expect(server.errors).toEqual([])
})

test('file() is closed when its response is dropped on the way', async () => {
  const app = new Application()
    .use(async (request, next) => {
      await next(request)
      return text('instead')
    })
    .get('/', (request) => file(request, join(folder, 'large.bin')))
  const response = await app.fetch(new Request('http://a/'))
  expect(await response.text()).toBe('instead')
})

test('file() that becomes shorter breaks the connection before the promised length', async () => {
  const path = join(folder, 'shrinking')
  await writeFile(path, large)
  const app = new Application().get('/', async (request) => {
    const response = await file(request, path)
    await truncate(path, 100)
    return response
  })
  const server = new MemoryServer(app)
  const client = server.connect()
  await client.send(get('/'))
  await vi.waitFor(() => expect(client.ended).toBe(true))
  expect(client.take()).toContain('content-length: 300000')
  expect(server.errors).toMatchObject([{ code: 'SPOOL_BROKEN' }])
  server.host.end()
})
