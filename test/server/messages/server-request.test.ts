import { gunzipSync, gzipSync } from 'node:zlib'
import { HTTPError, text } from 'spool/server'
import { describe, expect, test } from 'vitest'
import type { RequestHead } from '../../../src/wire/http1/messages.ts'
import { IncomingBody } from '../../../src/http/incoming-body.ts'
import { ServerRequest } from '../../../src/server/messages/server-request.ts'
import { MemoryServer } from '../../support/memory-server.ts'

function nothing(): void {}

function request(head: Partial<RequestHead> = {}, body?: string | Uint8Array): ServerRequest {
  const made = new ServerRequest(
    {
      method: 'GET',
      target: '/',
      minorVersion: 1,
      fields: [],
      framing: 'none',
      contentLength: 0,
      host: 'example.org',
      keepAlive: true,
      expectContinue: false,
      upgrade: undefined,
      ...head,
    },
    { remoteAddress: '192.0.2.1', secure: false, authority: '127.0.0.1:80' },
  )
  made.bodyLimit = 100
  if (body === undefined) return made
  made.incoming = new IncomingBody({ pause: nothing, resume: nothing, abandon: nothing })
  made.incoming.push(typeof body === 'string' ? Buffer.from(body) : body, false)
  made.incoming.end(['x-checksum', '7'])
  return made
}

test.each([
  ['/', '/', '', 'http://example.org/'],
  ['/a%20b?c=d&c=%20', '/a%20b', 'c=d&c=+', 'http://example.org/a%20b?c=d&c=%20'],
  ['/?', '/', '', 'http://example.org/?'],
  ['/a?b?c', '/a', 'b%3Fc=', 'http://example.org/a?b?c'],
  ['//a/b', '//a/b', '', 'http://example.org//a/b'],
  ['http://other.org/a?b=c', '/a', 'b=c', 'http://other.org/a?b=c'],
  ['http://other.org', '/', '', 'http://other.org/'],
  ['http://other.org?b=c', '/', 'b=c', 'http://other.org/?b=c'],
  ['*', '*', '', 'http://example.org/'],
])('ServerRequest takes the target %j apart', (target, path, query, url) => {
  const made = request({ target })
  expect(made).toMatchObject({ target, path })
  expect(String(made.query)).toBe(query)
  expect(made.url.href).toBe(url)
})

test('ServerRequest.url of HTTP/1.0 without a host is where it was received', () => {
  expect(request({ host: undefined, target: '/a' }).url.href).toBe('http://127.0.0.1/a')
})

test('ServerRequest.url of an empty host is where it was received, and no part of the path', () => {
  const { url } = request({ host: '', target: '/evil.example/x' })
  expect(url.href).toBe('http://127.0.0.1/evil.example/x')
})

test('ServerRequest.url has no zone of an address', () => {
  const made = request({ host: '[fe80::1%25eth0]:8080', target: '/a%25' })
  expect(made.url.href).toBe('http://[fe80::1]:8080/a%25')
  expect(request({ target: 'http://[fe80::1%25eth0]/a' }).url.href).toBe('http://[fe80::1]/a')
})

test('ServerRequest.url throws 400 where there is none', () => {
  expect(() => request({ host: 'a:99999' }).url).toThrow(HTTPError)
})

test('ServerRequest gives what it was made of', () => {
  const made = request({ fields: ['X-A', 'b'], minorVersion: 0 })
  expect(made.headers.get('x-a')).toBe('b')
  expect(made.minorVersion).toBe(0)
  expect(made.remoteAddress).toBe('192.0.2.1')
  expect(made.params).toEqual({})
  expect(() => made.signal).toThrow('not handled yet')
})

describe('The body of a ServerRequest', () => {
  test('is read in every form, and again', async () => {
    const made = request({}, '{"a":1}')
    expect(made.trailers.get('x-checksum')).toBe('7')
    expect(await made.text()).toBe('{"a":1}')
    expect(await made.json()).toEqual({ a: 1 })
    expect((await made.bytes()).byteLength).toBe(7)
    expect(await request().text()).toBe('')
    expect(request().trailers.raw).toEqual([])
  })

  test('is decoded by its charset', async () => {
    const latin1 = { fields: ['content-type', 'text/plain; charset=ISO-8859-1'] }
    expect(await request(latin1, Uint8Array.of(0xe4)).text()).toBe('ä')
    const unknown = { fields: ['content-type', 'text/plain; charset=klingon'] }
    await expect(request(unknown, 'x').text()).rejects.toMatchObject({ status: 415 })
  })

  test('that is no JSON is 400, and its form 415', async () => {
    await expect(request({}, '{').json()).rejects.toMatchObject({
      status: 400,
      cause: expect.any(SyntaxError),
    })
    await expect(request({}, 'a=b').form()).rejects.toMatchObject({ status: 415 })
    const form = { fields: ['Content-Type', 'application/x-www-form-urlencoded; charset=utf-8'] }
    expect([...(await request(form, 'a=b+c&a=%C3%A4').form())]).toEqual([
      ['a', 'b c'],
      ['a', 'ä'],
    ])
  })

  test('that is compressed is 415 as a text, JSON and form, and stays as it is as bytes', async () => {
    const packed = (type: string): ServerRequest =>
      request({ fields: ['content-type', type, 'content-encoding', 'gzip'] }, gzipSync('{"a":1}'))
    const refused = { status: 415, message: 'Expected a body without a content coding' }
    await expect(packed('application/json').json()).rejects.toMatchObject(refused)
    await expect(packed('text/plain').text()).rejects.toMatchObject(refused)
    const form = 'application/x-www-form-urlencoded'
    await expect(packed(form).form()).rejects.toMatchObject(refused)
    expect(() => packed('multipart/form-data; boundary=b').multipart()).toThrow(refused.message)
    expect(gunzipSync(await packed('text/plain').bytes()).toString()).toBe('{"a":1}')
    expect(await request({ fields: ['content-encoding', 'Identity'] }, 'a').text()).toBe('a')
  })

  test('is JSON by the content type that the head or a middleware says', async () => {
    const found = { contentType: 'text/plain', fields: ['content-type', 'text/plain'] }
    await expect(request(found, '1').json()).rejects.toMatchObject({ status: 415 })
    const changed = request(found, '1')
    changed.headers.set('Content-Type', 'application/json')
    expect(await changed.json()).toBe(1)
    const spoilt = request({ ...found, contentType: 'application/json' }, '1')
    spoilt.headers.set('Content-Type', 'text/plain')
    await expect(spoilt.json()).rejects.toMatchObject({ status: 415 })
  })

  test('over the limit is 413', async () => {
    await expect(request({}, 'x'.repeat(101)).bytes()).rejects.toMatchObject({
      status: 413,
      message: 'The body is longer than the 100 bytes allowed',
    })
    expect(await request({}, 'x'.repeat(100)).text()).toHaveLength(100)
  })

  test('that a handler reads in two ways at once is 500, and says why', async () => {
    const server = new MemoryServer(async ({ body }) => {
      const first = body.text()
      await body.bytes()
      return text(await first)
    })
    const client = server.connect()
    await client.send('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nx')
    expect(client.statuses()).toEqual([500])
    expect(server.errors).toMatchObject([{ code: 'SPOOL_BUSY' }])
    await client.end()
    server.host.end()
  })
})
