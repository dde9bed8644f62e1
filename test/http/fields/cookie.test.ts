import { expect, test } from 'vitest'
import { parseCookies } from '../../../src/http/fields/cookie.ts'
import { formatSetCookie, isSameCookie } from '../../../src/http/fields/set-cookie.ts'

test.each<[string | null, Record<string, string>]>([
  [null, {}],
  ['', {}],
  ['a=1', { a: '1' }],
  ['a=1; b=2', { a: '1', b: '2' }],
  ['a=1;b=2;', { a: '1', b: '2' }],
  [' a = 1 ;\tb= 2', { a: '1', b: '2' }],
  ['a=1; a=2', { a: '1' }],
  ['a="1 2"; b="', { a: '1 2', b: '"' }],
  ['a=b=c', { a: 'b=c' }],
  ['a=', { a: '' }],
  ['a; b=2', { b: '2' }],
  ['=1; b=2', { b: '2' }],
  ['a=%20%C3%A4; b=%', { a: ' ä', b: '%' }],
  ['a=1, b=2', { a: '1, b=2' }],
])('parseCookies() reads %j', (field, expected) => {
  expect(Object.fromEntries(parseCookies(field))).toEqual(expected)
})

test('parseCookies() gives names of prototypes to nobody', () => {
  const cookies = parseCookies('__proto__=a; constructor=b')
  expect([...cookies]).toEqual([
    ['__proto__', 'a'],
    ['constructor', 'b'],
  ])
  expect(cookies.get('toString')).toBeUndefined()
})

test('parseCookies() keeps 256 at most', () => {
  const field = Array.from({ length: 1_000 }, (_, at) => `c${at}=1`).join('; ')
  expect(parseCookies(field).size).toBe(256)
})

test.each([
  [{}, 'a=b; Path=/; HttpOnly; Secure; SameSite=Lax'],
  [{ path: null, httpOnly: false, secure: false }, 'a=b; SameSite=Lax'],
  [
    { path: '/x', domain: 'example.org', maxAge: 1_999, sameSite: 'strict' as const },
    'a=b; Path=/x; Domain=example.org; Max-Age=1; HttpOnly; Secure; SameSite=Strict',
  ],
  [
    { expires: 0, sameSite: 'none' as const, partitioned: true },
    'a=b; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=None; Partitioned',
  ],
  [{ maxAge: -5 }, 'a=b; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax'],
  [{ maxAge: 1e15 }, 'a=b; Path=/; Max-Age=34560000; HttpOnly; Secure; SameSite=Lax'],
])('formatSetCookie() with %j writes %j', (options, expected) => {
  expect(formatSetCookie('a', 'b', options)).toBe(expected)
})

test('formatSetCookie() encodes what parseCookies() decodes', () => {
  const value = 'ä; b="c", %20\r\nset-cookie: x=1 \\ \u{1f600}'
  const field = formatSetCookie('a', value, {}, false)
  expect(field).toMatch(/^[\x21-\x7e]+; Path=\/; HttpOnly; SameSite=Lax$/)
  expect(parseCookies(field.split(';')[0]!).get('a')).toBe(value)
})

test.each([
  ['a b', {}, 'Invalid name "a b" of a cookie'],
  ['', {}, 'Invalid name "" of a cookie'],
  ['a', { path: 'x' }, 'invalid path "x"'],
  ['a', { path: '/;' }, 'invalid path "/;"'],
  ['a', { domain: 'a\r\nb' }, String.raw`invalid domain "a\r\nb"`],
  ['a', { maxAge: NaN }, 'invalid maxAge of NaN ms'],
  ['a', { sameSite: 'none' as const, secure: false }, '"sameSite: none" needs "secure"'],
  ['a', { sameSite: 'Lax' as 'lax' }, '"strict", "lax" or "none" is allowed'],
  ['a', { partitioned: true, secure: false }, '"partitioned" needs "secure"'],
  ['__Secure-a', { secure: false }, 'its prefix needs "secure"'],
  ['__Host-a', { secure: false }, 'its prefix needs "secure"'],
  ['__Host-a', { domain: 'a.b' }, 'its prefix allows no "domain"'],
  ['__host-a', { path: '/x' }, 'its prefix needs the path "/"'],
])('formatSetCookie() refuses %j with %j', (name, options, message) => {
  expect(() => formatSetCookie(name, 'b', options)).toThrow(message)
})

test('formatSetCookie() refuses what no browser keeps', () => {
  expect(formatSetCookie('a', 'x'.repeat(4_095))).toContain('x; Path=/')
  expect(() => formatSetCookie('a', 'x'.repeat(4_096))).toThrow(
    new RangeError('Cannot set cookie "a" of 4097 bytes: browsers keep 4096 at most'),
  )
})

test('isSameCookie() looks at name, domain and path', () => {
  expect(isSameCookie('a=1; Path=/; Secure', 'a=2; path=/')).toBe(true)
  expect(isSameCookie('a=1; Path=/', 'a=1; Path=/x')).toBe(false)
  expect(isSameCookie('a=1; Path=/', 'b=1; Path=/')).toBe(false)
})
