import { Application, bodyLimit, text } from 'spool/server'
import { settle } from 'spool/testing'
import { describe, expect, test } from 'vitest'
import { MemoryServer } from '../../support/memory-server.ts'
import { post } from '../../support/requests.ts'

const app = new Application()
  .use(bodyLimit(5))
  .post('/text', async (request) => text(await request.text()))
  .post('/stream', async (request) => {
    let size = 0
    for await (const chunk of request.body) size += chunk.byteLength
    return text(String(size))
  })
  .post('/ignore', () => text('ignored'))

const chunked = (target: string): string =>
  `POST ${target} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n`

function ask(
  app: Application,
  path: string,
  body: NonNullable<RequestInit['body']>,
): Promise<Response> {
  return app.fetch(new Request(`http://a${path}`, { method: 'POST', body, duplex: 'half' }))
}

const unsized = (): ReadableStream<Uint8Array> =>
  new Response('123456').body as ReadableStream<Uint8Array>

describe('bodyLimit()', () => {
  test.each(['/text', '/stream', '/ignore'])('refuses a length over it at %s', async (target) => {
    const server = new MemoryServer(app)
    const client = await server.connect().send(post(target, '123456'))
    expect(client.statuses()).toEqual([413])
    await client.end()
    server.host.end()
    expect(server.errors).toEqual([])
  })

  test.each(['/text', '/stream'])('stops a chunked body at %s', async (target) => {
    const server = new MemoryServer(app)
    const client = await server.connect().send(`${chunked(target)}3\r\nabc\r\n`)
    expect(client.count).toBe(0)
    await client.send('3\r\ndef\r\n')
    expect(client.statuses()).toEqual([413])
    // All at once, head and body.
    const other = await server.connect().send(`${chunked(target)}6\r\nabcdef\r\n0\r\n\r\n`)
    expect(other.statuses()).toEqual([413])
    await Promise.all([client.end(), other.end()])
    server.host.end()
    expect(server.errors).toEqual([])
  })

  test('takes what is as long as it, however it comes', async () => {
    const server = new MemoryServer(app)
    const client = server.connect()
    await client.send(post('/text', '12345'))
    await client.send(`${chunked('/stream')}2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n`)
    await settle()
    expect(client.text).toMatch(/12345HTTP[\s\S]*\r\n5$/)
    await client.end()
    server.host.end()
  })

  test('stands in place of the limits of server and route, also in fetch()', async () => {
    const lenient = new Application()
      .use(bodyLimit(2_000_000))
      .post('/', async (request) => text(String((await request.text()).length)), { bodyLimit: 1 })
    const body = 'x'.repeat(1_500_000)
    expect(await (await ask(lenient, '/', body)).text()).toBe('1500000')
    expect((await ask(app, '/text', unsized())).status).toBe(413)
    expect((await ask(app, '/stream', unsized())).status).toBe(413)
    expect((await ask(app, '/ignore', unsized())).status).toBe(200)
  })

  test.each([-1, Number.NaN])('refuses %d', (limit) => {
    expect(() => bodyLimit(limit)).toThrow(RangeError)
  })
})
