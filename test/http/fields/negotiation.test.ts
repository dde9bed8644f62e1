import { expect, test } from 'vitest'
import {
  preferredEncoding,
  preferredLanguage,
  preferredType,
} from '../../../src/http/fields/negotiation.ts'

const types = ['text/html', 'application/json', 'image/png']

test.each([
  [null, 'text/html'],
  ['', 'text/html'],
  ['*/*', 'text/html'],
  ['application/json', 'application/json'],
  ['APPLICATION/JSON', 'application/json'],
  ['text/*;q=0.5, application/json;q=0.6', 'application/json'],
  ['text/html;q=0.1, */*', 'application/json'],
  ['text/html;q=0, */*;q=0.1', 'application/json'],
  ['text/html;level=1;q=0.7, application/json;q=0.8', 'application/json'],
  ['image/*;q=0.9,text/plain', 'image/png'],
  ['audio/ogg', undefined],
  ['*/*;q=0', undefined],
  // A weight that is none makes an entry void; if all are, there is no preference.
  ['application/json;q=2, image/png;q=0.1', 'image/png'],
  ['application/json;q=x', 'text/html'],
])('preferredType() for %j: %j', (accept, expected) => {
  expect(preferredType(accept, types)).toBe(expected)
})

test('preferredType() looks at what an offer is, whatever its parameters', () => {
  expect(preferredType('text/html', ['text/html; charset=utf-8'])).toBe('text/html; charset=utf-8')
})

test.each([
  [null, 'en'],
  ['de', 'de'],
  ['pt', 'pt-BR'],
  ['en-GB', 'en'],
  ['en-GB;q=0.1, de;q=0.2', 'de'],
  ['fr, *;q=0.1', 'en'],
  ['fr', undefined],
  ['*;q=0.5, en;q=0', 'de'],
])('preferredLanguage() for %j: %j', (accept, expected) => {
  expect(preferredLanguage(accept, ['en', 'de', 'pt-BR'])).toBe(expected)
})

test.each([
  [null, 'identity'],
  ['', 'identity'],
  ['gzip', 'gzip'],
  ['gzip, br', 'br'],
  ['gzip;q=1.0, br;q=0.9', 'gzip'],
  ['*', 'br'],
  ['br;q=0, *', 'gzip'],
  ['zstd', 'identity'],
  ['identity, gzip;q=0.5', 'identity'],
  ['identity;q=0, zstd', undefined],
  ['*;q=0', undefined],
  ['gzip;q=0', 'identity'],
])('preferredEncoding() for %j: %j', (accept, expected) => {
  expect(preferredEncoding(accept, ['br', 'gzip', 'identity'])).toBe(expected)
})

test('preferredEncoding() reads no more of a field than 64 entries', () => {
  const accept = `${'x,'.repeat(64)}gzip`
  expect(preferredEncoding(accept, ['gzip', 'identity'])).toBe('identity')
})
