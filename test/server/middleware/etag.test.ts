import { Application, bytes, compression, etag, type ETagOptions, stream, text } from 'spool/server'
import { describe, expect, test } from 'vitest'

function application(options?: ETagOptions): Application {
  return new Application()
    .use(compression({ threshold: 5 }), etag(options))
    .get('/', () => text('Hello', { headers: { 'cache-control': 'max-age=1' } }))
    .get('/bytes', () => bytes(Buffer.from('Hello').buffer))
    .get('/own', () => text('Hello', { headers: { etag: '"own, really"' } }))
    .get('/stream', () => stream(['Hello']))
    .get('/created', () => text('Hello', { status: 201 }))
    .post('/', () => text('Hello'))
}

function ask(
  path: string,
  known?: string,
  init: RequestInit = {},
  options?: ETagOptions,
): Promise<Response> {
  const headers = new Headers(init.headers)
  if (known !== undefined) headers.set('if-none-match', known)
  return application(options).fetch(new Request(`http://a${path}`, { ...init, headers }))
}

const tagOf = async (answer: Promise<Response>): Promise<string | null> =>
  (await answer).headers.get('etag')

describe('etag()', () => {
  test('gives equal bodies equal tags', async () => {
    const tag = await tagOf(ask('/'))
    expect(tag).toMatch(/^"[\w-]{27}"$/)
    expect(await tagOf(ask('/', undefined, { method: 'HEAD' }))).toBe(tag)
    expect(await tagOf(ask('/', undefined, {}, { weak: true }))).toBe(`W/${tag}`)
  })

  test.each(['/stream', '/created'])('gives %s none', async (path) => {
    expect(await tagOf(ask(path))).toBeNull()
  })

  test('gives none to other methods, and to what is long', async () => {
    expect(await tagOf(ask('/', undefined, { method: 'POST' }))).toBeNull()
    expect(await tagOf(ask('/', undefined, {}, { limit: 4 }))).toBeNull()
  })

  test('answers 304 to who has it, with the fields that describe no content', async () => {
    const tag = (await tagOf(ask('/'))) as string
    for (const known of [tag, `W/${tag}`, `"x", ${tag}`, `"x",${tag},"y"`, '*']) {
      const response = await ask('/', known)
      expect([response.status, await response.text()]).toEqual([304, ''])
      expect(Object.fromEntries(response.headers)).toEqual({
        'cache-control': 'max-age=1',
        etag: tag,
      })
    }
    for (const known of ['"x"', tag.slice(1, -1), ''])
      expect((await ask('/', known)).status).toBe(200)
  })

  test('compares the tag of a handler too', async () => {
    expect((await ask('/own', '"own, really"')).status).toBe(304)
    expect((await ask('/own', '"own"')).status).toBe(200)
  })

  test('goes with compression: the tag is weak, and still found', async () => {
    const headers = { 'accept-encoding': 'gzip' }
    const coded = await ask('/', undefined, { headers })
    const tag = coded.headers.get('etag') as string
    expect([coded.headers.get('content-encoding'), tag.slice(0, 2)]).toEqual(['gzip', 'W/'])
    expect((await ask('/', tag, { headers })).status).toBe(304)
  })
})
