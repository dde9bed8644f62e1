import { describe, expect, test } from 'vitest'
import { formString, queryString, withQuery } from '../../../src/client/url/query.ts'

describe('queryString()', () => {
  test('leaves a string as it is, but for its question mark', () => {
    expect(queryString('?a=%2f&b')).toBe('a=%2f&b')
    expect(queryString('a=b c')).toBe('a=b c')
  })

  test('encodes names and values as UTF-8', () => {
    expect(queryString({ 'a b': 'c&d=é', "it's": '+' })).toBe('a%20b=c%26d%3D%C3%A9&it%27s=%2B')
  })

  test('repeats the name for a list, and leaves out what is undefined or null', () => {
    expect(queryString({ a: [1, 'two', true], b: undefined, c: null, d: 10n })).toBe(
      'a=1&a=two&a=true&d=10',
    )
  })

  test('takes pairs and URLSearchParams', () => {
    expect(queryString([['a', 1] as const, ['a', 2] as const])).toBe('a=1&a=2')
    expect(queryString(new URLSearchParams('a=b+c'))).toBe('a=b%20c')
  })

  test.each([Number.NaN, Infinity, {}, Symbol('s')])('refuses %s', (value) => {
    expect(() => queryString({ a: value as number })).toThrow(TypeError)
  })
})

describe('formString()', () => {
  test('encodes a space as a plus', () => {
    expect(formString({ a: 'b c', d: ['e', '+'] })).toBe('a=b+c&d=e&d=%2B')
    expect(formString('as=it is')).toBe('as=it is')
  })
})

describe('withQuery()', () => {
  test.each([
    ['/a', 'b=c', '/a?b=c'],
    ['/a?', 'b=c', '/a?b=c'],
    ['/a?x=y', 'b=c', '/a?x=y&b=c'],
    ['/a?x=y&', 'b=c', '/a?x=y&b=c'],
    ['/a#f?g', 'b=c', '/a?b=c#f?g'],
    ['/a#f', '', '/a#f'],
  ])('adds to %s', (url, query, expected) => {
    expect(withQuery(url, query)).toBe(expected)
  })
})
