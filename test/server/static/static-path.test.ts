import fc from 'fast-check'
import { win32 } from 'node:path'
import { expect, test } from 'vitest'
import { staticPath } from '../../../src/server/static/static-path.ts'

test.each([
  ['', ['']],
  ['a', ['a']],
  ['a/b.c', ['a', 'b.c']],
  ['a/', ['a', '']],
  ['ä/ö ü', ['ä', 'ö ü']],
  ['a..b', ['a..b']],
  ['%2e%2e', ['%2e%2e']],
])('staticPath() of %j is %j', (path, expected) => {
  expect(staticPath(path, '')).toEqual(expected)
})

test.each([
  '..',
  '.',
  '...',
  '../a',
  'a/../b',
  'a/..',
  '/a',
  'a//b',
  '/',
  '//',
  'a\0',
  'a\\b',
  '..\\a',
  'a\nb',
  '\x7f',
  'c:',
  'c:/a',
  'a.txt::$DATA',
  'nul',
  'NUL.txt',
  'con ',
  'a/com1.tar.gz',
  'COM²',
  'lpt9',
  'aux. .txt',
  'CONIN$',
  'a.',
  'a ',
  'a./b',
  '.git',
  'a/.env',
  '.well-known',
])('staticPath() refuses %j', (path) => {
  expect(staticPath(path, '')).toBeUndefined()
})

test.each(['%2f', '/a%2Fb', '/a%5cb', '/a%00', '/%2F%2e'])(
  'staticPath() refuses what was sent as %j',
  (raw) => {
    expect(staticPath('a', raw)).toBeUndefined()
  },
)

test('staticPath() gives dotfiles if they are allowed, but no dot segments', () => {
  expect(staticPath('.git/a', '', 'allow')).toEqual(['.git', 'a'])
  expect(staticPath('..', '', 'allow')).toBeUndefined()
  expect(staticPath('.', '', 'allow')).toBeUndefined()
})

test('staticPath() never leads out of the root, on either kind of system', () => {
  const parts = fc.constantFrom(
    '..',
    '.',
    '/',
    '\\',
    'a',
    'b',
    ':',
    'C',
    '\0',
    ' ',
    'nul',
    '%',
    '2e',
  )
  const joined = fc.array(parts, { maxLength: 12 }).map((all) => all.join(''))
  fc.assert(
    fc.property(fc.oneof(joined, fc.string()), (path) => {
      const names = staticPath(path, '', 'allow')
      if (names === undefined) return
      const root = String.raw`C:\root`
      const resolved = win32.resolve(root, ...names)
      expect(resolved === root || resolved.startsWith(`${root}\\`)).toBe(true)
      expect(names.slice(0, -1).every((name) => name !== '' && !/^\.\.?$/.test(name))).toBe(true)
    }),
    { numRuns: 2_000 },
  )
})
