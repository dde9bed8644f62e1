import { describe, expect, test } from 'vitest'
import { resolveReference } from '../../../src/client/url/resolve-reference.ts'

describe('resolveReference()', () => {
  // RFC 3986 §5.4.1 and §5.4.2.
  test.each([
    ['g:h', 'g:h'],
    ['g', 'http://a/b/c/g'],
    ['./g', 'http://a/b/c/g'],
    ['g/', 'http://a/b/c/g/'],
    ['/g', 'http://a/g'],
    ['//g', 'http://g'],
    ['?y', 'http://a/b/c/d;p?y'],
    ['g?y', 'http://a/b/c/g?y'],
    ['#s', 'http://a/b/c/d;p?q#s'],
    ['g#s', 'http://a/b/c/g#s'],
    ['g?y#s', 'http://a/b/c/g?y#s'],
    [';x', 'http://a/b/c/;x'],
    ['g;x', 'http://a/b/c/g;x'],
    ['g;x?y#s', 'http://a/b/c/g;x?y#s'],
    ['', 'http://a/b/c/d;p?q'],
    ['.', 'http://a/b/c/'],
    ['./', 'http://a/b/c/'],
    ['..', 'http://a/b/'],
    ['../', 'http://a/b/'],
    ['../g', 'http://a/b/g'],
    ['../..', 'http://a/'],
    ['../../', 'http://a/'],
    ['../../g', 'http://a/g'],
    ['../../../g', 'http://a/g'],
    ['../../../../g', 'http://a/g'],
    ['/./g', 'http://a/g'],
    ['/../g', 'http://a/g'],
    ['g.', 'http://a/b/c/g.'],
    ['.g', 'http://a/b/c/.g'],
    ['g..', 'http://a/b/c/g..'],
    ['..g', 'http://a/b/c/..g'],
    ['./../g', 'http://a/b/g'],
    ['./g/.', 'http://a/b/c/g/'],
    ['g/./h', 'http://a/b/c/g/h'],
    ['g/../h', 'http://a/b/c/h'],
    ['g;x=1/./y', 'http://a/b/c/g;x=1/y'],
    ['g;x=1/../y', 'http://a/b/c/y'],
    ['g?y/./x', 'http://a/b/c/g?y/./x'],
    ['g?y/../x', 'http://a/b/c/g?y/../x'],
    ['g#s/./x', 'http://a/b/c/g#s/./x'],
    ['g#s/../x', 'http://a/b/c/g#s/../x'],
  ])('resolves %j to %s', (reference, expected) => {
    expect(resolveReference('http://a/b/c/d;p?q', reference)).toBe(expected)
  })

  test('resolves against a base without a path', () => {
    expect(resolveReference('http://a', 'g')).toBe('http://a/g')
    expect(resolveReference('http://a', '?y')).toBe('http://a?y')
    expect(resolveReference('http://a', '/g')).toBe('http://a/g')
  })

  test('changes nothing of what was written', () => {
    expect(resolveReference('http://A:80/%7e/x', 'b%2fc?%zz')).toBe('http://A:80/%7e/b%2fc?%zz')
    expect(resolveReference('http://a/', 'HTTPS://B/C')).toBe('HTTPS://B/C')
    expect(resolveReference('http://a//b/', '..')).toBe('http://a//')
  })
})
