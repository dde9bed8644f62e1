import { expect, test } from 'vitest'
import { charsetOf, isJSON, parseContentType } from '../../src/http/content-type.ts'

test.each([
  ['text/html', 'text/html', {}],
  ['Text/HTML; Charset=UTF-8', 'text/html', { charset: 'UTF-8' }],
  ['a/b ; x="q \\" \\\\ ;" ; y=z', 'a/b', { x: 'q " \\ ;', y: 'z' }],
  ['a/b;;x=1;', 'a/b', { x: '1' }],
  ['a/b; x=1; X=2', 'a/b', { x: '1' }],
  ['a/b; x=1 broken', 'a/b', { x: '1' }],
  ['a/b; x = 1', 'a/b', {}],
])('parseContentType(%j) reads type and parameters', (value, type, parameters) => {
  const parsed = parseContentType(value)
  expect(parsed?.type).toBe(type)
  expect(Object.fromEntries(parsed?.parameters ?? [])).toEqual(parameters)
})

test.each([null, undefined, '', 'text', '/x', 'text/'])(
  'parseContentType(%j) finds no type',
  (value) => expect(parseContentType(value)).toBeUndefined(),
)

test('parseContentType() takes no longer for hostile input', () => {
  const value = `a/b${';'.repeat(100_000)}x="${'\\"'.repeat(100_000)}`
  expect(parseContentType(value)?.type).toBe('a/b')
})

test('charsetOf() gives the charset in lower case', () => {
  expect(charsetOf('text/plain; charset="ISO-8859-1"')).toBe('iso-8859-1')
  expect(charsetOf('text/plain')).toBeUndefined()
  expect(charsetOf(null)).toBeUndefined()
})

test('isJSON() knows the suffix', () => {
  expect(isJSON('application/json; charset=utf-8')).toBe(true)
  expect(isJSON('application/problem+json')).toBe(true)
  expect(isJSON('text/json2')).toBe(false)
})
