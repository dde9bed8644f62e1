import { describe, expect, it } from 'vitest'
import { moveOnAfter } from 'spool'
import { ClientSession, type ClientSessionOptions, TransferError } from 'spool/client'
import { MockTransport, settle } from 'spool/testing'
import { rejectionOf } from '../../support/rejection.ts'
import { checkNothingLeft, MemoryFixture, redirect, response } from '../support/memory-server.ts'

function fixtureOf(options: ClientSessionOptions = {}): {
  mock: MockTransport
  session: ClientSession
  fetch: typeof globalThis.fetch
} {
  const mock = new MockTransport()
  const session = new ClientSession({ transport: mock, ...options })
  return { mock, session, fetch: session.fetch }
}

async function library(take: typeof globalThis.fetch): Promise<unknown> {
  const response = await take(new URL('http://api.test/x?y#z'))
  expect(response).toBeInstanceOf(Response)
  expect([response.status, response.ok, response.statusText, response.type]).toEqual([
    200,
    true,
    'OK',
    'basic',
  ])
  expect([response.url, response.redirected]).toEqual(['http://api.test/x?y', false])
  expect(response.headers.get('x-a')).toBe('1')
  const clone = response.clone()
  expect([clone.url, await clone.json()]).toEqual([response.url, { a: 1 }])
  return response.json()
}

describe('ClientSession.fetch', () => {
  it('is what takes a fetch, and needs no this', async () => {
    const { mock, session, fetch } = fixtureOf()
    mock.reply({ json: { a: 1 }, headers: { 'X-A': '1' } })
    expect(await library(fetch)).toEqual({ a: 1 })
    expect(session.fetch).toBe(fetch)
    await session.close()
  })

  it.each([
    ['a string', () => 'grün', 'grün', 'text/plain;charset=UTF-8'],
    ['bytes', () => new TextEncoder().encode('xyz').subarray(1), 'yz', null],
    ['an ArrayBuffer', () => new TextEncoder().encode('yz').buffer, 'yz', null],
    ['a Blob', () => new Blob(['b'], { type: 'text/x' }), 'b', 'text/x'],
    [
      'parameters',
      () => new URLSearchParams({ a: 'b c' }),
      'a=b+c',
      'application/x-www-form-urlencoded;charset=UTF-8',
    ],
  ])('sends %s with its length and type', async (_, body, text, type) => {
    const { mock, session, fetch } = fixtureOf()
    mock.reply('')
    await fetch('http://api.test/', { method: 'post', body: body() })
    const sent = mock.requests[0]
    expect(sent?.method).toBe('POST')
    expect(sent?.headers.get('content-length')).toBe(String(Buffer.byteLength(text)))
    expect(sent?.headers.get('content-type')).toBe(type)
    expect(String(Buffer.from(sent?.body ?? []))).toBe(text)
    await session.close()
  })

  it('sends forms, streams, and a Request', async () => {
    const { mock, session, fetch } = fixtureOf({ headers: { 'X-Session': '1' } })
    mock.on('*', '/', '')
    const form = new FormData()
    form.append('a', new File(['f'], 'f.txt'))
    await fetch('http://api.test/', { method: 'POST', body: form })
    const stream = ReadableStream.from([new TextEncoder().encode('s')]) as ReadableStream
    await fetch('http://api.test/', { method: 'POST', body: stream, duplex: 'half' })
    const request = new Request('http://api.test/', {
      method: 'PUT',
      body: 'r',
      headers: { 'X-A': '1' },
    })
    await fetch(request, { headers: { 'X-B': '2' } })
    const [first, second, third] = mock.requests
    const read = await new Response(new Uint8Array(first?.body ?? []), {
      headers: { 'Content-Type': first?.headers.get('content-type') ?? '' },
    }).formData()
    expect((read.get('a') as File).name).toBe('f.txt')
    expect(second?.headers.get('transfer-encoding')).toBe('chunked')
    expect([third?.method, String(Buffer.from(third?.body ?? []))]).toEqual(['PUT', 'r'])
    expect([third?.headers.get('x-a'), third?.headers.get('x-b')]).toEqual([null, '2'])
    expect(third?.headers.get('x-session')).toBe('1')
    await session.close()
  })

  it('resolves against baseUrl, keeps cookies, and goes through middlewares', async () => {
    const seen: string[] = []
    const { mock, session, fetch } = fixtureOf({
      baseUrl: 'http://api.test/v1/',
      cookies: true,
      middleware: [
        (request, next) => {
          seen.push(request.url)
          return next(request)
        },
      ],
    })
    mock.reply({ headers: { 'Set-Cookie': 'a=1; Path=/' } }).reply('')
    await (await fetch('users')).text()
    await (await fetch('/x')).text()
    expect(seen).toEqual(['http://api.test/v1/users', 'http://api.test/x'])
    expect(mock.requests[1]?.headers.get('cookie')).toBe('a=1')
    await session.close()
  })

  it.each([204, 304])('gives no body for %s, nor for HEAD', async (status) => {
    const { mock, session, fetch } = fixtureOf()
    mock.reply({ status }).reply('x')
    const none = await fetch('http://api.test/')
    expect([none.status, none.body]).toEqual([status, null])
    const head = await fetch('http://api.test/', { method: 'HEAD' })
    expect([head.headers.get('content-length'), head.body]).toEqual(['1', null])
    await session.close()
  })

  it('follows 20 redirects, gives one as it is, or fails', async () => {
    await using fixture = new MemoryFixture(async (peer) => {
      for (;;) {
        const { target } = await peer.request()
        const left = Number(target.slice(1))
        peer.send(left === 0 ? response('there') : redirect(302, `/${left - 1}`))
      }
    })
    const { fetch } = fixture.session
    const there = await fetch('http://test/20#x')
    expect([there.url, there.redirected, await there.text()]).toEqual([
      'http://test/0',
      true,
      'there',
    ])
    const tooMany = await rejectionOf(fetch('http://test/21'))
    expect(tooMany).toBeInstanceOf(TypeError)
    expect(tooMany).toMatchObject({ message: 'fetch failed', cause: { code: 'SPOOL_REDIRECT' } })
    const manual = await fetch('http://test/1', { redirect: 'manual' })
    expect([manual.status, manual.headers.get('location')]).toEqual([302, '/0'])
    await manual.body?.cancel()
    const refused = await rejectionOf(fetch('http://test/1', { redirect: 'error' }))
    expect(refused).toMatchObject({ message: 'fetch failed', cause: { code: 'SPOOL_REDIRECT' } })
  })

  it('rejects with the reason of a signal, before and in the middle', async () => {
    await using fixture = new MemoryFixture(async (peer) => {
      await peer.request()
      peer.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc')
    })
    const { fetch } = fixture.session
    const before = await rejectionOf(fetch('http://test/', { signal: AbortSignal.abort() }))
    expect(before).toMatchObject({ name: 'AbortError' })
    const controller = new AbortController()
    const response = await fetch('http://test/', { signal: controller.signal })
    const reader = response.body!.getReader()
    expect(String(Buffer.from((await reader.read()).value ?? []))).toBe('abc')
    const next = rejectionOf(reader.read())
    const reason = new RangeError('enough')
    controller.abort(reason)
    expect(await next).toBe(reason)
    await fixture.server.peers[0]?.untilClosed()
    const waiting = new AbortController()
    const head = rejectionOf(fetch('http://test/', { signal: waiting.signal }))
    waiting.abort()
    expect(await head).toMatchObject({ name: 'AbortError' })
  })

  it('fails as the web says, with what went wrong as the cause', async () => {
    const { mock, session, fetch } = fixtureOf()
    mock.reply(new Error('gone'))
    const failed = await rejectionOf(fetch('http://api.test/', { method: 'POST' }))
    expect(failed).toBeInstanceOf(TypeError)
    expect((failed as Error).message).toBe('fetch failed')
    expect(TransferError.is((failed as Error).cause)).toBe(true)
    expect(await rejectionOf(fetch('/no-base'))).toBeInstanceOf(TypeError)
    const withBody = { method: 'HEAD', body: 'x' }
    expect(await rejectionOf(fetch('http://api.test/', withBody))).toBeInstanceOf(TypeError)
    expect(await rejectionOf(fetch('ftp://api.test/'))).toMatchObject({ message: 'fetch failed' })
    await session.close()
  })

  it('says that a body broke off', async () => {
    await using fixture = new MemoryFixture(async (peer) => {
      await peer.request()
      peer.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc')
      peer.end()
    })
    const response = await fixture.session.fetch('http://test/')
    const error = await rejectionOf(response.text())
    expect(error).toMatchObject({ message: 'terminated', cause: { code: 'SPOOL_TRANSFER' } })
  })

  it.each([600, 999])('fails for status %s, which the web does not know', async (status) => {
    await using fixture = new MemoryFixture(async (peer) => {
      await peer.request()
      peer.send(`HTTP/1.1 ${status} Odd\r\nContent-Length: 10\r\n\r\nabc`)
    })
    const error = await rejectionOf(fixture.session.fetch('http://test/'))
    expect(error).toMatchObject({ message: 'fetch failed', cause: { name: 'RangeError' } })
    await fixture.server.peers[0]?.untilClosed()
    expect(fixture.session.statistics().active).toBe(0)
  })

  it('reads nothing ahead, and closes the connection where the body is cancelled', async () => {
    await using fixture = new MemoryFixture(async (peer) => {
      await peer.request()
      peer.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc')
    })
    const response = await fixture.session.fetch('http://test/')
    await settle()
    expect(fixture.session.statistics().active).toBe(1)
    await response.body?.cancel()
    await fixture.server.peers[0]?.untilClosed()
  })

  it('gives a response that nobody reads, and a session that closes releases it', async () => {
    const fixture = new MemoryFixture(async (peer) => {
      await peer.request()
      peer.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc')
    })
    const response = await fixture.session.fetch('http://test/')
    await fixture.session.close()
    await checkNothingLeft(fixture)
    expect(await rejectionOf(response.text())).toMatchObject({
      message: 'terminated',
      cause: { code: 'SPOOL_CLOSED' },
    })
  })

  it('is cancelled with its scope, as everything is', async () => {
    await using fixture = new MemoryFixture(async (peer) => {
      await peer.request()
    })
    const { timedOut } = await moveOnAfter(5, () => fixture.session.fetch('http://test/'))
    expect(timedOut).toBe(true)
    await fixture.server.peers[0]?.untilClosed()
  })

  it('reads data: and blob: URLs without a connection', async () => {
    const { mock, session, fetch } = fixtureOf()
    expect(await (await fetch('data:text/plain,hi')).text()).toBe('hi')
    expect(mock.requests).toEqual([])
    await session.close()
  })
})
