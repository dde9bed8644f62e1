import { expect, test } from 'vitest'
import { evaluatePreconditions, rangeApplies } from '../../../src/http/fields/preconditions.ts'
import { HeaderFields } from '../../../src/http/header-fields.ts'

const lastModified = Date.UTC(2026, 0, 2, 3, 4, 5) + 678
const state = { etag: '"v1"', lastModified }
const [before, same, after] = [-1_000, 0, 1_000].map((offset) =>
  new Date(lastModified + offset).toUTCString(),
) as [string, string, string]

type Case = [method: string, headers: Record<string, string>, expected: string]

test.each<Case>([
  ['GET', {}, 'proceed'],
  ['GET', { 'if-match': '"v1"' }, 'proceed'],
  ['GET', { 'if-match': '"v0", "v1"' }, 'proceed'],
  ['PUT', { 'if-match': '"v0"' }, 'failed'],
  ['PUT', { 'if-match': 'W/"v1"' }, 'failed'],
  ['PUT', { 'if-match': '*' }, 'proceed'],
  ['PUT', { 'if-match': 'broken' }, 'failed'],
  ['GET', { 'if-none-match': '"v1"' }, 'not-modified'],
  ['HEAD', { 'if-none-match': 'W/"v1"' }, 'not-modified'],
  ['PUT', { 'if-none-match': '"v1"' }, 'failed'],
  ['PUT', { 'if-none-match': '*' }, 'failed'],
  ['GET', { 'if-none-match': '"v0"' }, 'proceed'],
  ['GET', { 'if-modified-since': same }, 'not-modified'],
  ['GET', { 'if-modified-since': after }, 'not-modified'],
  ['GET', { 'if-modified-since': before }, 'proceed'],
  ['POST', { 'if-modified-since': same }, 'proceed'],
  ['GET', { 'if-modified-since': 'yesterday' }, 'proceed'],
  ['PUT', { 'if-unmodified-since': before }, 'failed'],
  ['PUT', { 'if-unmodified-since': same }, 'proceed'],
  // RFC 9110 §13.2.2: the tags have precedence over the dates, and If-Match comes first.
  ['PUT', { 'if-match': '"v1"', 'if-unmodified-since': before }, 'proceed'],
  ['GET', { 'if-none-match': '"v0"', 'if-modified-since': after }, 'proceed'],
  ['GET', { 'if-match': '"v0"', 'if-none-match': '"v1"' }, 'failed'],
  ['GET', { 'if-unmodified-since': before, 'if-none-match': '"v1"' }, 'failed'],
])('evaluatePreconditions() of %s with %j says %j', (method, headers, expected) => {
  expect(evaluatePreconditions(method, HeaderFields.from(headers), state)).toBe(expected)
})

test.each<[Record<string, string>, string]>([
  [{ 'if-none-match': '*' }, 'proceed'],
  [{ 'if-match': '*' }, 'failed'],
  [{ 'if-match': '"v1"' }, 'failed'],
])('evaluatePreconditions() of what does not exist with %j says %j', (headers, expected) => {
  const result = evaluatePreconditions('PUT', HeaderFields.from(headers), { exists: false })
  expect(result).toBe(expected)
})

test.each([
  [undefined, true],
  ['"v1"', true],
  ['"v0"', false],
  ['W/"v1"', false],
  [same, true],
  [after, false],
  [before, false],
  ['nonsense', false],
])('rangeApplies() with If-Range %j: %j', (value, expected) => {
  expect(rangeApplies(HeaderFields.from({ 'if-range': value }), state)).toBe(expected)
})

test('rangeApplies() never by a weak tag', () => {
  const headers = HeaderFields.from({ 'if-range': '"v1"' })
  expect(rangeApplies(headers, { etag: 'W/"v1"' })).toBe(false)
  expect(rangeApplies(headers, {})).toBe(false)
})
