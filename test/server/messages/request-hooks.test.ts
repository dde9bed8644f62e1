import { AsyncEvent } from 'spool'
import { Application, HTTPError, type RequestEnd, stream, text } from 'spool/server'
import { settle } from 'spool/testing'
import { describe, expect, test } from 'vitest'
import { MemoryServer } from '../../support/memory-server.ts'
import { get } from '../../support/requests.ts'

function application(ends: RequestEnd[], hold = new AsyncEvent()): Application {
  return new Application()
    .use((request, next) => {
      request.onResponse((response) => response.headers.append('x-hook', 'outer'))
      request.onEnd((end) => ends.push(end))
      return next(request)
    })
    .use((request, next) => {
      request.onResponse((response) => response.headers.append('x-hook', 'inner'))
      return next(request)
    })
    .get('/', () => text('héllo'))
    .get('/stream', () =>
      stream(
        (async function* () {
          yield 'ab'
          await hold.wait()
          yield new Uint8Array(3)
        })(),
      ),
    )
    .get('/hold', async () => {
      await hold.wait()
      return text('held')
    })
    .get('/error', () => {
      throw new HTTPError(409)
    })
    .get('/bug', () => {
      throw new Error('secret')
    })
    .get('/hook', (request) => {
      request.onResponse(() => {
        throw new Error('hook')
      })
      return text('never')
    })
}

describe('onResponse()', () => {
  test.each([
    ['/', 200],
    ['/error', 409],
    ['/bug', 500],
    ['/none', 404],
  ])('sees the response of %s, the last hook first', async (target, status) => {
    const server = new MemoryServer(application([]))
    const client = await server.connect().send(get(target))
    expect(client.text).toContain(`HTTP/1.1 ${status} `)
    expect(client.text).toMatch(/x-hook: inner\r\nx-hook: outer\r\n/)
    await client.end()
    server.host.end()
    const response = await application([]).fetch(new Request(`http://a${target}`))
    expect([response.status, response.headers.get('x-hook')]).toEqual([status, 'inner, outer'])
  })

  test('answers 500 if a hook throws; the other hooks still run', async () => {
    const ends: RequestEnd[] = []
    const server = new MemoryServer(application(ends))
    const client = await server.connect().send(get('/hook'))
    expect(client.text).toMatch(/^HTTP\/1.1 500 [\s\S]*x-hook: inner\r\nx-hook: outer\r\n/)
    expect(server.errors).toMatchObject([{ message: 'hook' }])
    expect(ends).toMatchObject([{ complete: true, bytes: 21, response: { status: 500 } }])
    await client.end()
    server.host.end()
  })
})

describe('onEnd()', () => {
  test('tells the bytes of the body when the response is handed over', async () => {
    const ends: RequestEnd[] = []
    const hold = new AsyncEvent()
    const server = new MemoryServer(application(ends, hold))
    const client = await server.connect().send(get('/'))
    await client.send(get('/').replace('GET', 'HEAD'))
    expect(ends.splice(0)).toMatchObject([
      { bytes: 6, complete: true, response: { status: 200 } },
      { bytes: 0, complete: true },
    ])
    await client.send(get('/stream'))
    expect(ends).toEqual([])
    hold.set()
    await settle()
    expect(ends).toMatchObject([{ bytes: 5, complete: true }])
    await client.end()
    server.host.end()
  })

  test('tells of a client that left, before and while it was answered', async () => {
    const ends: RequestEnd[] = []
    const server = new MemoryServer(application(ends))
    const early = await server.connect().send(get('/hold'))
    await early.end()
    expect(ends.splice(0)).toMatchObject([{ bytes: 0, complete: false, response: undefined }])
    const late = await server.connect().send(get('/stream'))
    await late.end()
    expect(ends).toMatchObject([{ bytes: 2, complete: false, response: { status: 200 } }])
    server.host.end()
  })

  test('is told of requests of the web too', async () => {
    const ends: RequestEnd[] = []
    const hold = new AsyncEvent()
    const app = application(ends, hold)
    await (await app.fetch(new Request('http://a/'))).text()
    const response = await app.fetch(new Request('http://a/stream'))
    expect(ends.splice(0)).toMatchObject([{ bytes: 6, complete: true }])
    hold.set()
    await response.text()
    expect(ends.splice(0)).toMatchObject([{ bytes: 5, complete: true }])
    hold.clear()
    const left = await app.fetch(new Request('http://a/stream'))
    await left.body?.cancel()
    expect(ends).toMatchObject([{ bytes: 0, complete: false }])
  })
})
