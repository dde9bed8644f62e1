import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { knownCodings } from '../../src/http/compression.ts'
import { ClientSession, digestAuth, Multipart } from 'spool/client'
import { serve, type Server } from 'spool/server'
import { httpbin } from '../../examples/httpbin/app.ts'

describe('httpbin() and ClientSession', () => {
  let server: Server
  let session: ClientSession

  beforeAll(async () => {
    server = await serve(httpbin(), { host: '127.0.0.1', port: 0, onError: () => {} })
    session = new ClientSession({ baseUrl: server.url })
  })

  afterAll(async () => {
    await session.close()
    expect(session.statistics()).toMatchObject({ open: 0, requests: 0 })
    await server.close()
  })

  it('/cookies shows what a session keeps, until it is deleted', async () => {
    await using own = new ClientSession({ baseUrl: server.url, cookies: true })
    const set = await own.get('/cookies/set?a=1&b=two%20words')
    expect(await set.json()).toEqual({ cookies: { a: '1', b: 'two words' } })
    expect(set.redirected).toBe(true)
    const more = own.get('/cookies', { cookies: { c: '3' } })
    expect(await more.json()).toEqual({ cookies: { c: '3', a: '1', b: 'two words' } })
    expect(await own.get('/cookies/delete?a').json()).toEqual({ cookies: { b: 'two words' } })
    expect(await session.get('/cookies').json()).toEqual({ cookies: {} })
  })

  it('/basic-auth and /bearer let in who has the right words', async () => {
    const auth = { username: 'jürgen', password: 'p:w' }
    const path = '/basic-auth/j%C3%BCrgen/p%3Aw'
    expect((await session.get(path)).status).toBe(401)
    expect((await session.get(path, { auth: { ...auth, password: 'x' } })).status).toBe(401)
    expect(await session.get(path, { auth }).json()).toMatchObject({ authenticated: true })
    expect((await session.get('/bearer')).headers.get('www-authenticate')).toBe('Bearer')
    const bearer = session.get('/bearer', { auth: { token: 'abc' } })
    expect(await bearer.json()).toEqual({ authenticated: true, token: 'abc' })
  })

  it.each(['MD5', 'SHA-256', 'SHA-512-256'])('/digest-auth lets in by %s', async (algorithm) => {
    const path = `/digest-auth/${algorithm}/ada/secret`
    const ada = digestAuth({ username: 'ada', password: 'secret' })
    await using own = new ClientSession({ baseUrl: server.url, middleware: [ada] })
    for (let time = 0; time < 3; time++) {
      expect(await own.get(path).json()).toEqual({ authenticated: true, user: 'ada' })
    }
    const wrong = digestAuth({ username: 'ada', password: 'wrong' })
    await using other = new ClientSession({ baseUrl: server.url, middleware: [wrong] })
    expect((await other.get(path)).status).toBe(401)
  })

  const codings: [path: string, coding: string][] = [
    ['gzip', 'gzip'],
    ['deflate', 'deflate'],
    ['brotli', 'br'],
    ['zstd', 'zstd'],
  ]
  // With Node.js 22 zstd is left as it is.
  const known = codings.filter(([, coding]) => knownCodings(coding) !== undefined)

  it.each(known)('/%s is undone', async (path, coding) => {
    const response = await session.get(path)
    expect(response.headers.get('content-encoding')).toBe(coding)
    expect(await response.json()).toMatchObject({ coding })
  })

  it('/range/{n} is fetched in parts, and to a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'range-'))
    try {
      const path = join(folder, 'file')
      const part = await session.get('/range/1000', { headers: { Range: 'bytes=250-259' } })
      expect([part.status, part.headers.get('content-range')]).toEqual([206, 'bytes 250-259/1000'])
      expect([...(await part.bytes())]).toEqual([250, 251, 252, 253, 254, 255, 0, 1, 2, 3])
      const beyond = await session.get('/range/10', { headers: { Range: 'bytes=10-' } })
      expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */10'])
      expect(await session.download('/range/200000', path)).toMatchObject({ bytes: 200_000 })
      const whole = await session.get('/range/200000').bytes()
      expect(sha256(await readFile(path))).toBe(sha256(whole))
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('/post tells what it was sent', async () => {
    expect(await session.post('/post', { json: { a: [1] } }).json()).toMatchObject({
      type: 'application/json',
      json: { a: [1] },
    })
    const fields = session.post('/post', { form: { a: 'b c', list: ['1', '2'] } })
    expect(await fields.json()).toMatchObject({ form: { a: ['b c'], list: ['1', '2'] } })
    const form = new Multipart()
    form.append('title', 'grün')
    form.append('file', ['a,b\n', '1,2\n'], { filename: 'ü "1".csv', type: 'text/csv' })
    expect(await session.put('/put', { body: form }).json()).toMatchObject({
      form: { title: ['grün'] },
      files: {
        file: [{ filename: 'ü "1".csv', type: 'text/csv', size: 8, content: 'a,b\n1,2\n' }],
      },
    })
    expect(await session.patch('/patch', { body: 'text' }).json()).toMatchObject({ data: 'text' })
  })

  it('/sse sends events over as many connections as it takes', async () => {
    const events: string[] = []
    for await (const { type, data, id } of session.events('/sse?n=5&each=2&ms=1')) {
      events.push(`${type} ${id} ${data}`)
    }
    expect(events).toEqual([1, 2, 3, 4, 5].map((id) => `tick ${id} {"id":${id}}`))
  })
})

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
