/**
 * What an application does is the same wherever it is asked: each scenario runs in memory, by
 * `app.fetch()`, over TCP, over a Unix socket and over TLS.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MockClock, settle } from 'spool/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { expectNothingLeft, openResources, turnUntil } from '../support/open-resources.ts'
import { scenarioApplication, Stage } from '../support/scenario-application.ts'
import { type Place, places } from '../support/served-places.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-scenarios-'))
  await writeFile(join(folder, 'digits.txt'), '0123456789')
})
afterAll(() => rm(folder, { recursive: true }))

const scenarios: Record<string, (place: Place, stage: Stage) => Promise<void>> = {
  'routes by path, expression and rest, and decodes what they catch': async (place) => {
    const answers = ['/greet/a%2Fb%20c', '/v12/x', '/files/a/b%20c', '/notes/7', '/greet/a?b'].map(
      async (path) => (await place.ask(path)).text(),
    )
    expect(await Promise.all(answers)).toEqual([
      'Hello, a/b c!',
      'version 12',
      'a/b c',
      'note 7 of notes',
      'Hello, a!',
    ])
  },
  'answers 404, 405 with Allow, OPTIONS, 308 for a slash and 400 for a bad escape': async (
    place,
  ) => {
    const seen: unknown[] = []
    for (const [method, path] of [
      ['GET', '/none'],
      ['GET', '/vx/x'],
      ['DELETE', '/greet/a'],
      ['OPTIONS', '/greet/a'],
      ['GET', '/bytes/'],
      ['GET', '/greet/%zz'],
    ] as const) {
      const answer = await place.ask(path, { method })
      const { headers } = answer
      seen.push([answer.status, headers.get('allow') ?? headers.get('location')])
      expect(headers.get('x-outer')).toBe(method)
      await answer.leave()
    }
    expect(seen).toEqual([
      [404, null],
      [404, null],
      [405, 'GET, HEAD, POST, OPTIONS'],
      [204, 'GET, HEAD, POST, OPTIONS'],
      [308, '/bytes'],
      [400, null],
    ])
  },
  'tells handlers what was asked for': async (place) => {
    const query = await place.ask('/query?page=2&tag=a&tag=b%20c')
    const secure = place.origin.startsWith('https:')
    expect(JSON.parse(await query.text())).toEqual({ page: 2, tags: ['a', 'b c'], secure })
    expect((await place.ask('/query?page=0')).status).toBe(400)
    const where = JSON.parse(await (await place.ask('/where?a=%C3%A4')).text()) as unknown
    expect(where).toEqual({ href: `${place.origin}/where?a=%C3%A4`, address: place.address })
  },
  'reads bodies whole, by their limits and schemas': async (place) => {
    const post = (
      path: string,
      body: string,
      type = 'application/json',
    ): ReturnType<Place['ask']> =>
      place.ask(path, { method: 'POST', body, headers: { 'content-type': type } })
    expect(await (await post('/text', 'grün', 'text/plain')).text()).toBe('grün')
    expect(await (await post('/json', '{"name":"Ada","more":1}')).text()).toBe('{"name":"Ada"}')
    const refused = [
      await post('/json', '{"name":1}'),
      await post('/json', '{'),
      await post('/json', '{"name":"Ada"}', 'text/plain'),
      await post('/small', '12345', 'text/plain'),
      await post('/text', 'x'.repeat(1_048_577), 'text/plain'),
      await post('/text', 'a', 'text/plain; charset=klingon'),
    ]
    expect(refused.map(({ status }) => status)).toEqual([422, 400, 415, 413, 413, 415])
    expect(JSON.parse(await (refused[0] as (typeof refused)[0]).text())).toMatchObject({
      issues: [{ message: 'Expected a string', path: ['name'] }],
    })
  },
  'passes bodies through, however long they are': async (place) => {
    const chunk = Buffer.alloc(100_000, 'x')
    const body = async function* (): AsyncGenerator<Uint8Array> {
      for (let count = 0; count < 20; count++) yield chunk
    }
    const answer = await place.ask('/echo', { method: 'POST', body: body() })
    expect((await answer.bytes()).byteLength).toBe(2_000_000)
    const small = await place.ask('/echo', { method: 'POST', body: Uint8Array.of(1, 0, 255) })
    expect([...(await small.bytes())]).toEqual([1, 0, 255])
    expect(await (await place.ask('/echo', { method: 'POST' })).text()).toBe('')
  },
  'reads forms, urlencoded and multipart, whole and part by part': async (place) => {
    const form = new FormData()
    form.set('name', 'Ada')
    form.set('file', new File(['contents'], 'a.txt'))
    const plain = await place.ask('/form', {
      method: 'POST',
      body: 'name=Ada+L',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    expect(await plain.text()).toBe('{"name":"Ada L"}')
    const whole = await place.ask('/form', { method: 'POST', body: form })
    expect(await whole.text()).toBe('{"name":"Ada","file":["a.txt","contents"]}')
    const parts = await place.ask('/parts', { method: 'POST', body: form })
    expect(await parts.text()).toBe('name=Ada file=contents')
    form.set('file', new File(['x'.repeat(101)], 'a.txt'))
    expect((await place.ask('/parts', { method: 'POST', body: form })).status).toBe(413)
  },
  'answers with text, bytes, nothing, and responses of the web': async (place) => {
    expect([...(await (await place.ask('/bytes')).bytes())]).toEqual([0, 255, 10])
    expect((await (await place.ask('/large')).text()).length).toBe(500_000)
    const nothing = await place.ask('/empty')
    expect([nothing.status, await nothing.text()]).toEqual([204, ''])
    const away = await place.ask('/away')
    expect([away.status, away.headers.get('location')]).toEqual([302, '/greet/%C3%A4?b=c'])
    const web = await place.ask('/web')
    expect([web.status, web.headers.get('x-a'), await web.text()]).toEqual([202, 'b', 'web'])
  },
  'negotiates types and codings, and answers conditions': async (place) => {
    const accept = 'text/html;q=0.5, application/json'
    const typed = await place.ask('/typed', { headers: { accept } })
    expect(await typed.text()).toBe('application/json')
    const headers = { 'accept-encoding': 'br;q=0.5, gzip' }
    const compressed = await place.ask('/compressed', { headers })
    expect(compressed.headers.get('content-encoding')).toBe('gzip')
    expect((await compressed.bytes()).byteLength).toBeLessThan(200)
    const known = await place.ask('/state', { headers: { 'if-none-match': 'W/"1"' } })
    expect([known.status, known.headers.get('etag'), await known.text()]).toEqual([304, '"1"', ''])
    const other = await place.ask('/state', { headers: { 'if-match': '"2"' } })
    expect(other.status).toBe(412)
  },
  'answers HEAD as GET, without the body': async (place) => {
    for (const path of ['/greet/a', '/stream', '/file', '/bytes', '/none']) {
      const head = await place.ask(path, { method: 'HEAD' })
      expect(await head.text()).toBe('')
      expect(head.status).toBe(path === '/none' ? 404 : 200)
    }
    const head = await place.ask('/file', { method: 'HEAD' })
    expect(head.headers.get('content-length')).toBe('10')
  },
  'serves a file by ranges and conditions': async (place) => {
    const whole = await place.ask('/file')
    const etag = whole.headers.get('etag') ?? ''
    expect([await whole.text(), whole.headers.get('accept-ranges')]).toEqual([
      '0123456789',
      'bytes',
    ])
    const part = await place.ask('/file', { headers: { range: 'bytes=2-4' } })
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([
      206,
      'bytes 2-4/10',
      '234',
    ])
    const several = await place.ask('/file', { headers: { range: 'bytes=0-1,-2' } })
    expect(several.headers.get('content-type')).toMatch(/^multipart\/byteranges; boundary=/)
    expect(await several.text()).toMatch(
      /bytes 0-1\/10\r\n\r\n01\r\n[^]*bytes 8-9\/10\r\n\r\n89\r\n/,
    )
    const outside = await place.ask('/file', { headers: { range: 'bytes=10-' } })
    expect([outside.status, outside.headers.get('content-range')]).toEqual([416, 'bytes */10'])
    const same = { range: 'bytes=0-0', 'if-range': etag }
    expect((await place.ask('/file', { headers: same })).status).toBe(206)
    const changed = { range: 'bytes=0-0', 'if-range': '"other"' }
    expect(await (await place.ask('/file', { headers: changed })).text()).toBe('0123456789')
    expect((await place.ask('/file', { headers: { 'if-none-match': etag } })).status).toBe(304)
  },
  'sets, reads and signs cookies': async (place) => {
    const secure = place.origin.startsWith('https:') ? '; Secure' : ''
    const answer = await place.ask('/cookies', { headers: { cookie: 'q="1"; w=%C3%A4' } })
    expect(await answer.text()).toBe('q,1 w,ä')
    expect(answer.headers.getSetCookie()).toEqual([
      `a=%C3%A4%3B; Path=/x; HttpOnly${secure}; SameSite=Lax`,
      `b=; Path=/; Max-Age=0; HttpOnly${secure}; SameSite=Lax`,
    ])
    const first = await place.ask('/visits')
    const cookie = first.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    expect(await (await place.ask('/visits', { headers: { cookie } })).text()).toBe('visit 2')
    const forged = cookie.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))
    expect(await (await place.ask('/visits', { headers: { cookie: forged } })).text()).toBe(
      'visit 1',
    )
  },
  'tells clients of their faults, and onError of its own': async (place) => {
    const conflict = await place.ask('/conflict')
    expect([conflict.status, conflict.headers.get('x-why')]).toEqual([409, 'name'])
    expect(JSON.parse(await conflict.text())).toEqual({
      title: 'Conflict',
      status: 409,
      detail: 'taken',
      name: 'Ada',
    })
    expect(place.errors).toEqual([])
    for (const path of ['/bug', '/nothing']) {
      const answer = await place.ask(path)
      expect([answer.status, await answer.text()]).toEqual([500, 'Internal Server Error'])
    }
    expect(place.errors).toMatchObject([
      { message: 'secret' },
      { message: expect.stringMatching(/^Cannot answer with undefined/) as string },
    ])
  },
  'sends a stream chunk by chunk, to its end': async (place, stage) => {
    const answer = await place.ask('/stream')
    const chunks = answer.chunks()
    expect(Buffer.from((await chunks.next()).value as Uint8Array).toString()).toBe('first ')
    const last = chunks.next()
    stage.go.set()
    expect(Buffer.from((await last).value as Uint8Array).toString()).toBe('last')
    expect((await chunks.next()).done).toBe(true)
  },
  'breaks off a stream that fails, and never ends it in order': async (place, stage) => {
    const answer = await place.ask('/broken')
    const chunks = answer.chunks()
    await chunks.next()
    stage.go.set()
    await expect(chunks.next()).rejects.toBeInstanceOf(Error)
  },
  'sends events as they come, and ends their source when the client leaves': async (
    place,
    stage,
  ) => {
    const answer = await place.ask('/events', { headers: { 'last-event-id': '41' } })
    expect(answer.headers.get('content-type')).toBe('text/event-stream')
    const chunks = answer.chunks()
    const first = Buffer.from((await chunks.next()).value as Uint8Array).toString()
    expect(first).toBe('event: greeting\nid: 1\ndata: after 41\n\n')
    const second = Promise.resolve(chunks.next()).catch(() => undefined)
    await turnUntil(() => stage.begun === 1)
    await answer.leave()
    await second
    await turnUntil(() => stage.ended === 1)
    expect(stage.stopped).toMatchObject([{ source: 'disconnect' }])
  },
  'cancels a handler when its client leaves': async (place, stage) => {
    const client = new AbortController()
    const answer = place.ask('/hold', { signal: client.signal })
    const left = expect(answer).rejects.toBeInstanceOf(Error)
    await turnUntil(() => stage.begun === 1)
    expect(stage.signals[0]?.aborted).toBe(false)
    client.abort()
    await left
    await turnUntil(() => stage.ended === 1)
    expect(stage.stopped).toMatchObject([{ source: 'disconnect' }])
    expect(stage.signals[0]?.reason).toBe(stage.stopped[0])
    expect(place.errors).toEqual([])
  },
  'cancels a handler that reads when its client leaves in the middle of the body': async (
    place,
    stage,
  ) => {
    const client = new AbortController()
    const more = Promise.withResolvers<void>()
    const body = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from('begun')
      await more.promise
    }
    const { signal } = client
    const answer = place.ask('/read', { method: 'POST', body: body(), signal })
    const left = expect(answer).rejects.toBeInstanceOf(Error)
    await turnUntil(() => stage.begun === 1)
    client.abort()
    await left
    await turnUntil(() => stage.ended === 1)
    more.resolve()
    expect(stage.stopped).toMatchObject([{ source: 'disconnect' }])
    expect(place.errors).toEqual([])
  },
  'does not cancel a handler because the body has ended': async (place, stage) => {
    const body = 'all of it'
    const answer = place.ask('/read', { method: 'POST', body })
    expect(await (await answer).text()).toBe(body)
    expect(stage.stopped).toEqual([])
  },
  'lets a handler finish whose route is not to be cancelled': async (place, stage) => {
    const client = new AbortController()
    const answer = place.ask('/stubborn', { signal: client.signal })
    const left = answer.then(
      (late) => late.leave(),
      () => undefined,
    )
    await turnUntil(() => stage.begun === 1)
    client.abort()
    await settle()
    expect([stage.ended, stage.stopped]).toEqual([0, []])
    stage.go.set()
    await turnUntil(() => stage.ended === 1)
    await left
    expect(stage.stopped).toEqual([])
  },
  'answers 503 when the time of a route has passed': async (place, stage) => {
    using clock = MockClock.install()
    const asked = place.ask('/late')
    let answered = false
    void asked.then(() => (answered = true))
    await turnUntil(() => stage.begun === 1)
    await clock.advance(999)
    expect(answered).toBe(false)
    await clock.advance(1)
    expect((await asked).status).toBe(503)
  },
}

let before: string[]
beforeEach(() => {
  before = openResources()
})
afterEach(() => expectNothingLeft(before))

describe.each(Object.keys(places))('An application that is asked %s', (where) => {
  test.each(Object.keys(scenarios))('%s', async (what) => {
    const stage = new Stage()
    {
      await using place = await (places[where] as (typeof places)[string])(
        scenarioApplication(stage, folder),
      )
      await (scenarios[what] as (typeof scenarios)[string])(place, stage)
      stage.go.set()
    }
    expect(stage.ended, 'A handler that began has not ended').toBe(stage.begun)
  })
})
