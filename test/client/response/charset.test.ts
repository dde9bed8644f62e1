import { expect, test } from 'vitest'
import { decodableCharset } from '../../../src/client/response/charset.ts'

test.each([
  [undefined, undefined],
  ['text/plain', undefined],
  ['text/plain; charset=UTF-8', undefined],
  ['text/plain; charset="utf8"', undefined],
  ['text/plain; charset=latin1', 'windows-1252'],
  ['text/plain; charset=Shift_JIS', 'shift_jis'],
  ['text/plain; charset=klingon', undefined],
])('decodableCharset() of %j is %j, the second time too', (type, charset) => {
  expect(decodableCharset(type)).toBe(charset)
  expect(decodableCharset(type)).toBe(charset)
})

test('decodableCharset() remembers a bounded number of types', () => {
  for (let index = 0; index < 500; index++) decodableCharset(`text/plain; v=${index}`)
  expect(decodableCharset('text/plain; charset=latin1')).toBe('windows-1252')
})
