import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parsePattern } from '../../../src/server/routing/route-pattern.ts'
import { type RouteTable, TreeRouteTable } from '../../../src/server/routing/route-table.ts'
import { isOfSegments, SegmentTree } from '../../../src/server/routing/segment-tree.ts'

function table<T extends RouteTable<string>>(made: T, ...patterns: string[]): T {
  for (const pattern of patterns) made.add('GET', parsePattern(pattern), pattern)
  return made
}

describe.each([
  ['TreeRouteTable', () => new TreeRouteTable<string>()],
  ['SegmentTree', () => new SegmentTree<string>()],
])('%s', (_name, make) => {
  const patterns = [
    '/',
    '/{x}',
    '/u/{name}',
    '/u/bob',
    '/u/{name}/',
    '/a/{x}/c',
    '/a/b/{y}',
    '/f/{p}/{r*}',
  ]

  test.each([
    ['/', '/', {}],
    ['/q', '/{x}', { x: 'q' }],
    ['/q%2Fr', '/{x}', { x: 'q%2Fr' }],
    ['/u/bob', '/u/bob', {}],
    ['/u/bobby', '/u/{name}', { name: 'bobby' }],
    ['/u/bob/', '/u/{name}/', { name: 'bob' }],
    ['/a/b/c', '/a/b/{y}', { y: 'c' }],
    ['/a/d/c', '/a/{x}/c', { x: 'd' }],
    ['/f/a/', '/f/{p}/{r*}', { p: 'a', r: '' }],
    ['/f/a/b//c/', '/f/{p}/{r*}', { p: 'a', r: 'b//c/' }],
  ])('finds %j', (path, route, params) => {
    const found = table(make(), ...patterns).find('GET', path)
    expect(found?.route).toBe(route)
    expect({ ...found?.params }).toEqual(params)
  })

  test.each(['//', '/u//', '/u/', '/a/b', '/a//c', '/f/a', '/q/', '/u/a/b', '/Q/R'])(
    'does not find %j',
    (path) => expect(table(make(), ...patterns).find('GET', path)).toBeUndefined(),
  )

  test('finds nothing for another method', () => {
    expect(table(make(), '/a').find('POST', '/a')).toBeUndefined()
  })

  test('gives parameters that inherit no names', () => {
    const { params } = table(make(), '/{a}').find('GET', '/b') ?? { params: {} }
    expect('toString' in params).toBe(false)
  })
})

test.each([
  ['/v{major}.{minor}', '/v1.2', { major: '1', minor: '2' }],
  ['/{id:[0-9]{2,3}}', '/123', { id: '123' }],
  ['/{kind:a|b}/x', '/b/x', { kind: 'b' }],
  ['/{name}x', '/foox', { name: 'foo' }],
  ['/{any:.*}', '/b', { any: 'b' }],
  ['/(a):{b}*?+', '/(a):c*%3F+', { b: 'c' }],
])('TreeRouteTable matches %j', (pattern, path, params) => {
  expect({ ...table(new TreeRouteTable<string>(), pattern).find('GET', path)?.params }).toEqual(
    params,
  )
})

test.each([
  ['/{id:[0-9]{2,3}}', '/1234'],
  ['/{id:[0-9]+}', '/a'],
  ['/{any:.*}', '/b/c'],
  ['/{kind:a|b}', '/c'],
])('TreeRouteTable does not match %j', (pattern, path) => {
  expect(table(new TreeRouteTable<string>(), pattern).find('GET', path)).toBeUndefined()
})

test.each(['/{a:(b)}', '/{a:b/c}', '/{a:^b$}', '/{a:[}'])(
  'TreeRouteTable refuses %j',
  (pattern) => {
    expect(() => table(new TreeRouteTable<string>(), pattern)).toThrow(
      `Invalid route ${JSON.stringify(pattern)}`,
    )
  },
)

function ofSegments(pattern: string): boolean {
  return isOfSegments(parsePattern(pattern))
}

test('isOfSegments() says what SegmentTree can match', () => {
  for (const pattern of ['/', '/a', '/{a}', '/a/{b}/c/', '/{a}/{b}/{c*}']) {
    expect(ofSegments(pattern)).toBe(true)
  }
  for (const pattern of ['/a{b}', '/{a}b', '/{a:b}', '/{a}.{b}']) {
    expect(ofSegments(pattern)).toBe(false)
  }
})

test('SegmentTree finds what TreeRouteTable finds, whatever the routes and the path', () => {
  const segment = fc.constantFrom('a', 'ab', 'abc', 'b', '{}')
  const pattern = fc
    .tuple(fc.array(segment, { maxLength: 4 }), fc.constantFrom('', '/', '/{rest*}'))
    .map(([segments, end]) => {
      const named = segments.map((text, index) => (text === '{}' ? `{p${index}}` : text))
      return `/${named.join('/')}${segments.length === 0 ? end.slice(1) : end}`
    })
  const path = fc
    .array(fc.constantFrom('a', 'ab', 'abc', 'abcd', 'b', 'c', ''), { maxLength: 5 })
    .map((segments) => `/${segments.join('/')}`)
  fc.assert(
    fc.property(
      fc.uniqueArray(pattern, { minLength: 1, maxLength: 8 }),
      fc.array(path, { minLength: 1, maxLength: 8 }),
      (patterns, paths) => {
        const tree = table(new SegmentTree<string>(), ...patterns)
        const general = table(new TreeRouteTable<string>(), ...patterns)
        for (const path of paths) {
          const expected = general.find('GET', path)
          const found = tree.find('GET', path)
          expect(found?.route, `${path} in ${patterns.join(' ')}`).toBe(expected?.route)
          expect({ ...found?.params }).toEqual({ ...expected?.params })
        }
      },
    ),
    { numRuns: 500 },
  )
})
