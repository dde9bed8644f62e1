import { describe, expect, expectTypeOf, test } from 'vitest'
import type { PathParams } from '../../../src/server/routing/path-params.ts'
import { parsePattern } from '../../../src/server/routing/route-pattern.ts'

describe('parsePattern()', () => {
  test('tells text, parameters, expressions and the rest apart', () => {
    expect(parsePattern('/a/{b}-{c:[0-9]{2,3}}/{d*}').pieces).toEqual([
      { kind: 'text', text: '/a/' },
      { kind: 'param', name: 'b', regex: undefined },
      { kind: 'text', text: '-' },
      { kind: 'param', name: 'c', regex: '[0-9]{2,3}' },
      { kind: 'text', text: '/' },
      { kind: 'rest', name: 'd' },
    ])
  })

  test('encodes text as URLs do, once', () => {
    expect(parsePattern('/café/a b').path).toBe('/caf%C3%A9/a%20b')
    expect(parsePattern('/a%2Fb').path).toBe('/a%2Fb')
  })

  test('gives patterns that match the same one shape', () => {
    expect(parsePattern('/a/{b}').shape).toBe(parsePattern('/a/{c}').shape)
    expect(parsePattern('/a/{b:x}').shape).not.toBe(parsePattern('/a/{b:y}').shape)
    expect(parsePattern('/a/{b*}').shape).not.toBe(parsePattern('/a/{b}').shape)
  })

  test.each([
    ['a', 'expected a slash at its start'],
    ['', 'expected a slash at its start'],
    ['/{a', 'a brace is not closed'],
    ['/a}', 'a brace is closed that was not opened'],
    ['/{a-b}', '"a-b" is no name of letters, digits and underscores'],
    ['/{}', '"" is no name'],
    ['/{1}', '"1" is no name'],
    ['/{a:}', '"{a:}" has no expression'],
    ['/{a:[^/]+}', 'the expression of "{a}" has a slash, and a parameter is one segment'],
    ['/{a}/{a}', '"a" is named twice'],
    ['/{a}{b}', '"{b}" follows another parameter without text between'],
    ['/{a*}/b', '"{a*}" can only be the whole of the end, behind a slash'],
    ['/x{a*}', '"{a*}" can only be the whole of the end, behind a slash'],
    ['/a/../b', 'clients resolve "." and ".." before they ask'],
    ['/a/%2e', 'clients resolve "." and ".." before they ask'],
    ['/a%2', '"%" is not followed by two digits'],
  ])('refuses %j', (pattern, why) => {
    expect(() => parsePattern(pattern)).toThrow(TypeError)
    expect(() => parsePattern(pattern)).toThrow(`Invalid route ${JSON.stringify(pattern)}: ${why}`)
  })
})

test('PathParams knows the names in a pattern, also behind nested braces', () => {
  expectTypeOf<PathParams<'/{a}'>>().not.toHaveProperty('b')
  expectTypeOf<PathParams<'/{a}/b/{c}'>>().toEqualTypeOf<{
    readonly a: string
    readonly c: string
  }>()
  expectTypeOf<PathParams<'/{id:[a-z]{2,3}}/{rest*}'>>().toEqualTypeOf<{
    readonly id: string
    readonly rest: string
  }>()
  expectTypeOf<PathParams<'/{a:x{1}y{2,}}-{b}'>>().toEqualTypeOf<{
    readonly a: string
    readonly b: string
  }>()
  expectTypeOf<PathParams<string>>().toEqualTypeOf<Readonly<Record<string, string>>>()
})
