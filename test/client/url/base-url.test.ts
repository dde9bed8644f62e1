import { expect, test } from 'vitest'
import { BaseURL } from '../../../src/client/url/base-url.ts'
import { URLReader } from '../../../src/client/url/request-url.ts'

test.each([
  [undefined, '/a', '/a'],
  ['http://h.test', '/a?b', 'http://h.test/a?b'],
  ['http://h.test', 'a', 'http://h.test/a'],
  ['http://h.test/api/', 'users/1', 'http://h.test/api/users/1'],
  ['http://h.test/api/', '/users/1', 'http://h.test/users/1'],
  ['http://h.test/api/', '/a/../users', 'http://h.test/users'],
  ['http://h.test/api/', '//other.test/x', 'http://other.test/x'],
  ['http://h.test/api/', 'HTTP://other.test/x', 'HTTP://other.test/x'],
  ['http://h.test/api/?key=1', '', 'http://h.test/api/?key=1'],
  // Who the base is for is who asks; another host is not told.
  ['http://u:p@h.test/api/', 'x', 'http://u:p@h.test/api/x'],
  ['http://u:p@h.test', '/x', 'http://u:p@h.test/x'],
  ['http://u:p@h.test/', '//other.test/x', 'http://other.test/x'],
])('BaseURL of %s makes %s to %s', (base, url, absolute) => {
  expect(new BaseURL(base, new URLReader()).absolute(url)).toBe(absolute)
})

test('BaseURL takes a URL object', () => {
  const base = new BaseURL(new URL('http://h.test/api/'), new URLReader())
  expect(base.absolute('x')).toBe('http://h.test/api/x')
})

test.each(['http://h.test/api', '/api/', 'ftp://h.test/', ''])('BaseURL refuses %s', (base) => {
  expect(() => new BaseURL(base, new URLReader())).toThrow(TypeError)
})
