import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { AsyncEvent } from 'spool'
import {
  Application,
  bytes,
  compression,
  type CompressionOptions,
  empty,
  HTTPError,
  json,
  type ServerResponse,
  stream,
  text,
} from 'spool/server'
import { describe, expect, test } from 'vitest'

const long = 'Hello, world! '.repeat(300)

function ask(
  handler: () => ServerResponse,
  accept: string | null = 'gzip',
  options?: CompressionOptions,
  method = 'GET',
): Promise<Response> {
  const app = new Application().use(compression(options)).get('/', handler)
  const headers = accept === null ? {} : { 'accept-encoding': accept }
  return app.fetch(new Request('http://a/', { method, headers }))
}

const coding = (response: Response): string | null => response.headers.get('content-encoding')

const undo = { gzip: gunzipSync, br: brotliDecompressSync, zstd: zstdDecompressSync }

async function plain(response: Response): Promise<string> {
  const name = coding(response) as keyof typeof undo
  return undo[name](Buffer.from(await response.arrayBuffer())).toString()
}

function broken(): ServerResponse {
  return stream(
    (async function* () {
      yield long
      throw new Error('broken source')
    })(),
    { type: 'text/plain' },
  )
}

describe('compression()', () => {
  test.each([
    ['gzip', 'gzip'],
    ['x-gzip', 'gzip'],
    ['br', 'br'],
    ['zstd', 'zstd'],
    ['gzip, deflate, br, zstd', 'zstd'],
    ['gzip, deflate, br', 'br'],
    ['gzip;q=1, br;q=0.8, zstd;q=0', 'gzip'],
    ['GZIP;Q=0.5', 'gzip'],
    ['*', 'zstd'],
    ['zstd;q=0, *;q=0.3', 'br'],
    ['identity, gzip;q=0.5', null],
    ['identity;q=0.1, gzip;q=0.5', 'gzip'],
    ['deflate', null],
    ['gzip;q=0', null],
    ['gzip;q=2', null],
    ['', null],
  ])('gives to "%s" %s', async (accept, expected) => {
    const response = await ask(() => text(long), accept)
    expect([coding(response), response.headers.get('vary')]).toEqual([expected, 'Accept-Encoding'])
    expect(expected === null ? await response.text() : await plain(response)).toBe(long)
  })

  test('leaves who says nothing alone, and what is short', async () => {
    expect(coding(await ask(() => text(long), null))).toBeNull()
    const short = await ask(() => text('x'.repeat(1_023)))
    expect([coding(short), short.headers.get('vary')]).toEqual([null, null])
    expect(coding(await ask(() => text('x'.repeat(1_024))))).toBe('gzip')
    expect(coding(await ask(() => text('é'.repeat(4)), 'gzip', { threshold: 8 }))).toBe('gzip')
  })

  test.each<[string, () => ServerResponse]>([
    ['a picture', () => bytes(Buffer.from(long), { type: 'image/png' })],
    ['no type', () => bytes(Buffer.from(long))],
    ['a coded body', () => text(long, { headers: { 'content-encoding': 'br' } })],
    ['a part', () => text(long, { status: 206, headers: { 'content-range': 'bytes 0-1/2' } })],
    ['no-transform', () => text(long, { headers: { 'cache-control': 'public, no-transform' } })],
    ['a digest', () => text(long, { headers: { 'repr-digest': 'sha-256=:x:' } })],
    ['nothing', () => empty(204)],
    ['a short stream', () => stream(['x'], { type: 'text/x', headers: { 'content-length': '1' } })],
  ])('leaves %s alone', async (_name, handler) => {
    const before = handler().headers.get('content-encoding')
    expect(coding(await ask(handler))).toBe(before)
  })

  test.each<[string, () => ServerResponse]>([
    ['JSON', () => json(long)],
    ['a suffix', () => bytes(Buffer.from(long), { type: 'application/problem+json' })],
    ['an error', () => new HTTPError(404, long).toResponse()],
    ['an ArrayBuffer', () => bytes(new TextEncoder().encode(long).buffer, { type: 'text/x' })],
    ['a Blob', () => stream(new Blob([long]), { type: 'text/x' })],
    ['a long text', () => text(long.repeat(50))],
    ['a stream', () => stream([long, Buffer.from(long)], { type: 'text/x' })],
  ])('compresses %s', async (_name, handler) => {
    for (const name of ['gzip', 'br', 'zstd']) {
      const response = await ask(handler, name)
      expect(coding(response)).toBe(name)
      expect(response.headers.get('content-length')).toBeNull()
      expect(await plain(response)).toContain(long)
    }
  })

  test('weakens a strong tag, and promises no ranges', async () => {
    const headers = { etag: '"a"', 'accept-ranges': 'bytes' }
    const response = await ask(() => text(long, { headers }))
    expect([response.headers.get('etag'), response.headers.has('accept-ranges')]).toEqual([
      'W/"a"',
      false,
    ])
    const weak = await ask(() => text(long, { headers: { etag: 'W/"a"' } }))
    expect(weak.headers.get('etag')).toBe('W/"a"')
  })

  test('tells HEAD what GET would say, but no length', async () => {
    const response = await ask(() => text(long), 'gzip', {}, 'HEAD')
    expect([coding(response), response.headers.has('content-length')]).toEqual(['gzip', false])
    expect(await response.text()).toBe('')
  })

  test.each(['gzip', 'br', 'zstd'])('sends each chunk of a stream at once as %s', async (name) => {
    const go = new AsyncEvent()
    const handler = (): ServerResponse =>
      stream(
        (async function* () {
          yield 'first'
          await go.wait()
          yield 'second'
        })(),
        { type: 'text/plain' },
      )
    const response = await ask(handler, name)
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    const parts = [(await reader.read()).value as Uint8Array]
    // It has come, though the next chunk waits for us.
    expect(parts[0]?.byteLength).toBeGreaterThan(0)
    go.set()
    for (;;) {
      const { value, done } = await reader.read()
      if (done) break
      parts.push(value)
    }
    const all = Buffer.concat(parts)
    expect(undo[name as keyof typeof undo](all).toString()).toBe('firstsecond')
  })

  test('ends the source of a stream whose client leaves', async () => {
    let ended = 0
    const handler = (): ServerResponse =>
      stream(
        (async function* () {
          try {
            for (;;) yield long
          } finally {
            ended++
          }
        })(),
        { type: 'text/plain' },
      )
    const response = await ask(handler)
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    await reader.read()
    await reader.cancel()
    expect(ended).toBe(1)
  })

  test('passes on what a source throws', async () => {
    await expect((await ask(broken)).text()).rejects.toThrow('broken source')
  })

  test('refuses codings that there are not', () => {
    expect(() => compression({ codings: ['deflate' as never] })).toThrow(
      'Unknown content coding "deflate": expected zstd, br, gzip',
    )
  })
})
