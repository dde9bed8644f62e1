import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { httpbin } from '../../examples/httpbin/app.ts'
import { serve, type Server } from '../../src/server/index.ts'

describe('httpbin()', () => {
  let server: Server
  let base: string

  beforeAll(async () => {
    server = await serve(httpbin(), { host: '127.0.0.1', port: 0, onError: () => {} })
    base = `http://127.0.0.1:${server.port}`
  })

  afterAll(() => server.close())

  it('/ greets with thirteen bytes of plain text', async () => {
    const response = await fetch(`${base}/`)
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/)
    expect(response.headers.get('content-length')).toBe('13')
    expect(await response.text()).toBe('Hello, world!')
  })

  it('/greet/{name} greets', async () => {
    expect(await (await fetch(`${base}/greet/J%C3%BCrgen`)).text()).toBe('Hello, Jürgen!')
  })

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])(
    '/echo sends the body of a %s back',
    async (method) => {
      const sent = { method, body: 'abc', headers: { 'content-type': 'text/x-test' } }
      const response = await fetch(`${base}/echo`, sent)
      expect(response.headers.get('content-type')).toBe('text/x-test')
      expect(await response.text()).toBe('abc')
      const empty = await fetch(`${base}/echo`)
      expect([empty.status, await empty.text()]).toEqual([200, ''])
    },
  )

  it('/headers tells what arrived', async () => {
    const response = await fetch(`${base}/headers?a=1`, { headers: { 'X-Test': 'yes' } })
    expect(await response.json()).toMatchObject({
      method: 'GET',
      url: '/headers?a=1',
      headers: { 'x-test': 'yes', host: `127.0.0.1:${server.port}` },
    })
  })

  it('/bytes/{n} sends that many bytes, with their number before', async () => {
    for (const n of [0, 1, 65_536, 65_537, 200_000]) {
      const response = await fetch(`${base}/bytes/${n}`)
      expect(response.headers.get('content-length')).toBe(String(n))
      const bytes = new Uint8Array(await response.arrayBuffer())
      expect(bytes.length).toBe(n)
      expect(bytes.every((byte, index) => byte === (index & 255))).toBe(true)
    }
    expect((await fetch(`${base}/bytes/many`)).status).toBe(400)
    expect((await fetch(`${base}/bytes/99999999999`)).status).toBe(400)
  })

  it('/drip sends chunks one by one', async () => {
    const response = await fetch(`${base}/drip?n=3&ms=1`)
    expect(response.headers.get('transfer-encoding')).toBe('chunked')
    expect(await response.text()).toBe('1\n2\n3\n')
    expect((await fetch(`${base}/drip?n=x`)).status).toBe(400)
  })

  it('/slow/{ms} takes its time', async () => {
    const before = performance.now()
    expect((await fetch(`${base}/slow/20`)).status).toBe(200)
    expect(performance.now() - before).toBeGreaterThanOrEqual(20)
  })

  it('/status/{code} answers with that status', async () => {
    for (const code of [200, 201, 204, 301, 304, 404, 418, 500, 503, 599]) {
      const response = await fetch(`${base}/status/${code}`, { redirect: 'manual' })
      await response.text()
      expect(response.status).toBe(code)
    }
    for (const code of ['100', '600', 'x']) {
      expect((await fetch(`${base}/status/${code}`)).status).toBe(400)
    }
  })

  it('/redirect/{n} redirects that many times', async () => {
    const response = await fetch(`${base}/redirect/3`)
    expect(response.url).toBe(`${base}/`)
    const first = await fetch(`${base}/redirect/3`, { redirect: 'manual' })
    expect([first.status, first.headers.get('location')]).toEqual([302, '/redirect/2'])
    expect((await fetch(`${base}/redirect/0`, { redirect: 'manual' })).status).toBe(200)
  })

  it('/flaky/{key} fails twice and then recovers', async () => {
    const statuses: number[] = []
    for (let time = 0; time < 4; time++) statuses.push((await fetch(`${base}/flaky/k`)).status)
    expect(statuses).toEqual([503, 503, 200, 200])
  })

  it('/error answers with 500', async () => {
    const response = await fetch(`${base}/error`)
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain('always fails')
  })

  it('/upload counts bytes and hashes them', async () => {
    const body = Buffer.alloc(300_000, 'upload')
    const response = await fetch(`${base}/upload`, { method: 'POST', body })
    const sha256 = createHash('sha256').update(body).digest('hex')
    expect(await response.json()).toEqual({ bytes: 300_000, sha256 })
  })
})
