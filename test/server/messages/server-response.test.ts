import {
  bytes,
  empty,
  html,
  HTTPError,
  json,
  redirect,
  type ServerResponse,
  stream,
  text,
} from 'spool/server'
import { expect, test } from 'vitest'

function type(response: ServerResponse): string | null {
  return response.headers.get('content-type')
}

test('ServerResponse has the type of its kind, unless it is given one', () => {
  expect(type(text('a'))).toBe('text/plain; charset=utf-8')
  expect(type(html('a'))).toBe('text/html; charset=utf-8')
  expect(type(json(1))).toBe('application/json')
  expect(type(bytes(new Uint8Array()))).toBe('application/octet-stream')
  expect(type(stream([]))).toBe('application/octet-stream')
  expect(type(empty())).toBeNull()
  expect(type(text('a', { type: 'text/css' }))).toBe('text/css')
  expect(type(text('a', { headers: { 'Content-Type': 'text/xml' } }))).toBe('text/xml')
})

test('ServerResponse may be changed until it is sent', () => {
  const response = text('a', { headers: { 'x-a': 'b' } })
  response.status = 418
  response.body = 'c'
  response.headers.set('x-a', 'd')
  expect(response).toMatchObject({ status: 418, body: 'c' })
  expect([...response.headers]).toEqual([
    ['content-type', 'text/plain; charset=utf-8'],
    ['x-a', 'd'],
  ])
})

test.each([99, 100, 199, 600, 200.5, Number.NaN])(
  'ServerResponse refuses the status %j',
  (status) => {
    expect(() => text('', { status })).toThrow(`Invalid status ${status}: 200 to 599 is allowed`)
    expect(() => {
      text('').status = status
    }).toThrow(RangeError)
  },
)

test('ServerResponse refuses headers that would end their line', () => {
  expect(() => text('', { headers: { a: 'b\r\nc: d' } })).toThrow(TypeError)
})

test('json() refuses what JSON can not say', () => {
  expect(json({ a: [1, null] }).body).toBe('{"a":[1,null]}')
  expect(() => json(undefined)).toThrow('Cannot answer undefined as JSON')
  expect(() => json(1n)).toThrow(TypeError)
})

test('redirect() encodes what a URL can not have, and nothing else', () => {
  expect(redirect('/a b?ä=%20#x').headers.get('location')).toBe('/a%20b?%C3%A4=%20#x')
  const moved = redirect(new URL('http://a/b'), 308)
  expect([moved.status, moved.headers.get('location')]).toEqual([308, 'http://a/b'])
  expect(redirect('/').status).toBe(302)
  expect(() => redirect('/', 200 as never)).toThrow(RangeError)
  expect(() => redirect('/\r\nset-cookie: a=b')).toThrow(TypeError)
})

test('HTTPError becomes a response', () => {
  const response = new HTTPError(401, 'Who?', {
    headers: [
      ['www-authenticate', 'Basic'],
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ],
  }).toResponse()
  expect(response).toMatchObject({ status: 401, body: 'Who?' })
  expect(response.headers.get('www-authenticate')).toBe('Basic')
  expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
  expect(new HTTPError(404).message).toBe('Not Found')
  expect(new HTTPError(500, 'secret').toResponse().body).toBe('Internal Server Error')
  expect(new HTTPError(500, 'told', { expose: true }).toResponse().body).toBe('told')
  expect(() => new HTTPError(200)).toThrow('Invalid status 200 of an error')
  expect(HTTPError.is(new HTTPError(400))).toBe(true)
  expect(HTTPError.is(new Error('x'))).toBe(false)
})
