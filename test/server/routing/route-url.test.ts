import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parsePattern } from '../../../src/server/routing/route-pattern.ts'
import { pathFor, queryFor, type URLParam } from '../../../src/server/routing/route-url.ts'
import { Router } from '../../../src/server/routing/router.ts'

const path = (pattern: string, params: Record<string, URLParam>): string =>
  pathFor(parsePattern(pattern), params)

test.each<[string, Record<string, URLParam>, string]>([
  ['/', {}, '/'],
  ['/ä b', {}, '/%C3%A4%20b'],
  ['/users/{id}', { id: 7 }, '/users/7'],
  ['/users/{id}', { id: 'a/b?c#ä' }, '/users/a%2Fb%3Fc%23%C3%A4'],
  ['/users/{id}.json', { id: 'x' }, '/users/x.json'],
  ['/{a}/{b:[0-9]{2}}', { a: true, b: 12 }, '/true/12'],
  ['/files/{rest*}', { rest: 'a b/c' }, '/files/a%20b/c'],
  ['/files/{rest*}', { rest: '' }, '/files/'],
])('pathFor() of %j with %j is %j', (pattern, params, expected) => {
  expect(path(pattern, params)).toBe(expected)
})

test.each<[string, Record<string, URLParam>, string]>([
  ['/users/{id}', {}, 'parameter "id" is missing'],
  ['/users/{toString}', {}, 'parameter "toString" is missing'],
  ['/users/{id}', { id: '' }, 'parameter "id" is empty'],
  ['/users/{id}', { id: 1, name: 'x' }, 'there is no parameter "name"'],
  ['/users/{id:[0-9]+}', { id: 'x' }, 'parameter "id" does not match "[0-9]+": "x"'],
  ['/users/{id}', { id: '..' }, `clients resolve the "." and ".." in "/users/.."`],
  ['/files/{rest*}', { rest: 'a/../b' }, `clients resolve the "." and ".." in "/files/a/../b"`],
])('pathFor() of %j with %j throws', (pattern, params, message) => {
  expect(() => path(pattern, params)).toThrow(
    new TypeError(`Cannot make a URL of "${pattern}": ${message}`),
  )
})

test('pathFor() gives the path that its route matches with the same parameters', () => {
  const router = new Router<string>()
  router.add('GET', '/a/{one}/b-{two}/{rest*}', 'it')
  const segment = fc.string({ minLength: 1 }).filter((text) => !/^\.{1,2}$/.test(text))
  fc.assert(
    fc.property(segment, segment, segment, (one, two, rest) => {
      fc.pre([one, two, rest].every((text) => text.isWellFormed()))
      fc.pre(!rest.split('/').some((part) => /^\.{1,2}$/.test(part)))
      const match = router.find('GET', path('/a/{one}/b-{two}/{rest*}', { one, two, rest }))
      const decoded = Object.entries(match?.params ?? {}).map(([name, value]) => [
        name,
        decodeURIComponent(value),
      ])
      expect(Object.fromEntries(decoded)).toEqual({ one, two, rest })
    }),
  )
})

test('queryFor() takes records, lists and URLSearchParams', () => {
  expect(queryFor(undefined)).toBe('')
  expect(queryFor({})).toBe('')
  const query = { a: 1, b: ['x y', 'z&'], c: undefined, d: null, e: false }
  expect(queryFor(query)).toBe('?a=1&b=x+y&b=z%26&e=false')
  expect(queryFor(new URLSearchParams('a=b'))).toBe('?a=b')
})
