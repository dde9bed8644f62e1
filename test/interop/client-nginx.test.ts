/**
 * What nginx can't show: an answer of HTTP/1.0, since it answers in HTTP/1.1 whatever it is asked in (that
 * of Python's http.server is read in client-python.test.ts), and trailers that come from an upstream,
 * which it drops (those here are of its own making).
 */
import { chmodSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ClientSession } from 'spool/client'
import { turnUntil } from '../support/open-resources.ts'
import { type Nginx, startNginx, TemporaryFolder } from '../support/processes.ts'
import { describeWithProgram } from '../support/programs.ts'

describeWithProgram('nginx', 'the client with nginx', (program) => {
  const folder = new TemporaryFolder()
  let nginx: Nginx
  let base: string

  beforeAll(async () => {
    // Its worker may run as another user.
    chmodSync(folder.path, 0o777)
    folder.write('hello.txt', 'Hello, nginx!')
    folder.write('large.txt', 'x'.repeat(500_000))
    nginx = await startNginx(
      program,
      `root ${folder.path};
      location /close/ { alias ${folder.path}/; chunked_transfer_encoding off; }
      location /trailers/ { alias ${folder.path}/; add_trailer X-Sum 13; }
      location /hasty/ { alias ${folder.path}/; keepalive_timeout 50ms; }
      location /single/ { alias ${folder.path}/; keepalive_timeout 0; }
      location /put/ { dav_methods PUT DELETE; create_full_put_path on; client_max_body_size 10m; }
      location /small/ { dav_methods PUT; client_max_body_size 1k; }`,
      'default_type text/plain; keepalive_requests 10; gzip on; gzip_types text/plain;',
    )
    base = `http://127.0.0.1:${nginx.port}`
  })

  afterAll(async () => {
    await nginx[Symbol.asyncDispose]()
    folder[Symbol.dispose]()
  })

  it('reads files, long and short, over one connection', async () => {
    await using session = new ClientSession({ baseUrl: base })
    expect(await session.get('/hello.txt').text()).toBe('Hello, nginx!')
    expect((await session.get('/large.txt').bytes()).byteLength).toBe(500_000)
    expect(session.statistics()).toMatchObject({ open: 1, idle: 1 })
  })

  it('lets a body wait until nginx wants it, and does not send one that it refuses', async () => {
    await using session = new ClientSession({ baseUrl: base, expectContinue: 20_000 })
    let asked = 0
    async function* body(): AsyncGenerator<string> {
      asked++
      yield 'x'.repeat(2000)
    }
    const headers = { 'Content-Length': '2000' }
    expect((await session.put('/put/expected.txt', { body: body(), headers })).status).toBe(201)
    expect(asked).toBe(1)
    // Too large, by its head.
    const refused = await session.put('/small/expected.txt', { body: body(), headers })
    expect(refused.status).toBe(413)
    await refused.text()
    expect(asked).toBe(1)
    expect((await session.get('/put/expected.txt').text()).length).toBe(2000)
  })

  it('reads what is compressed on the way, in chunks', async () => {
    await using session = new ClientSession({ baseUrl: base })
    await using response = await session.get('/large.txt')
    expect(response.headers.get('content-encoding')).toBe('gzip')
    expect(response.headers.get('transfer-encoding')).toBe('chunked')
    expect(await response.text()).toBe('x'.repeat(500_000))
  })

  it('reads what ends with the connection', async () => {
    await using session = new ClientSession({ baseUrl: base })
    await using response = await session.get('/close/large.txt')
    expect(response.headers.has('transfer-encoding')).toBe(false)
    expect(response.headers.has('content-length')).toBe(false)
    expect(await response.text()).toBe('x'.repeat(500_000))
    expect(session.statistics()).toMatchObject({ open: 0 })
  })

  it('reads trailers', async () => {
    await using session = new ClientSession({ baseUrl: base })
    await using response = await session.get('/trailers/hello.txt')
    expect(await response.text()).toBe('Hello, nginx!')
    expect(response.body.trailers.get('x-sum')).toBe('13')
    expect(session.statistics()).toMatchObject({ open: 1, idle: 1 })
  })

  it('asks for the head alone, for a part, and for what has not changed', async () => {
    await using session = new ClientSession({ baseUrl: base })
    const head = await session.head('/hello.txt')
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '13'])
    const part = await session.get('/hello.txt', { headers: { range: 'bytes=0-4' } })
    expect([part.status, await part.text()]).toEqual([206, 'Hello'])
    const headers = { 'if-none-match': head.headers.get('etag') ?? '' }
    const same = await session.get('/hello.txt', { headers })
    expect([same.status, await same.text()]).toEqual([304, ''])
    expect(session.statistics()).toMatchObject({ open: 1, idle: 1, opened: 1 })
  })

  it('opens another connection when nginx has closed one after its number of requests', async () => {
    await using session = new ClientSession({ baseUrl: base })
    for (let count = 0; count < 25; count++) {
      expect(await session.get('/hello.txt').text()).toBe('Hello, nginx!')
    }
    expect(session.statistics().opened).toBe(3)
  })

  it('opens another connection when nginx has closed one for being idle, or keeps none', async () => {
    await using session = new ClientSession({ baseUrl: base })
    for (let round = 0; round < 3; round++) {
      expect(await session.get('/hasty/hello.txt').text()).toBe('Hello, nginx!')
      await turnUntil(() => session.statistics().open === 0)
      expect(await session.get('/single/hello.txt').text()).toBe('Hello, nginx!')
      expect(session.statistics()).toMatchObject({ open: 0 })
    }
  })

  it('sends a file with its length and in chunks, also where 100 Continue comes before', async () => {
    await using session = new ClientSession({ baseUrl: base })
    const text = 'y'.repeat(200_000)
    for (const headers of [{}, { expect: '100-continue' }]) {
      for (const body of [text, pieces(text)]) {
        const response = await session.put('/put/sent.txt', { body, headers })
        expect([201, 204]).toContain(response.status)
        await response.bytes()
        expect(await session.get('/put/sent.txt').text()).toBe(text)
        expect((await session.delete('/put/sent.txt')).status).toBe(204)
      }
    }
  })

  it('hears that a body is too large while it is sent', async () => {
    await using session = new ClientSession({ baseUrl: base })
    const known = await session.put('/small/never.txt', { body: Buffer.alloc(5_000_000) })
    expect([known.status, (await known.text()).includes('413')]).toEqual([413, true])
    const endless = await session.put('/small/never.txt', { body: forever() })
    expect(endless.status).toBe(413)
    await endless.text()
    expect(session.statistics()).toMatchObject({ open: 0, active: 0 })
  })

  it('understands 404, 405 and 400', async () => {
    await using session = new ClientSession({ baseUrl: base })
    const missing = await session.get('/nowhere')
    expect([missing.status, (await missing.text()).includes('404 Not Found')]).toEqual([404, true])
    expect((await session.post('/hello.txt', { body: 'x' })).status).toBe(405)
    const headers = { 'x-long': 'x'.repeat(40_000) }
    expect((await session.get('/hello.txt', { headers })).status).toBe(400)
    expect(session.statistics().waiting).toBe(0)
  })

  it('is what nginx expects of a hundred at once', async () => {
    await using session = new ClientSession({ baseUrl: base, limit: 20 })
    const texts = Array.from({ length: 100 }, () => session.get('/hello.txt').text())
    expect(new Set(await Promise.all(texts))).toEqual(new Set(['Hello, nginx!']))
  })
})

async function* pieces(text: string): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += 10_000) yield text.slice(at, at + 10_000)
}

async function* forever(): AsyncGenerator<Uint8Array> {
  for (;;) yield Buffer.alloc(65_536)
}
