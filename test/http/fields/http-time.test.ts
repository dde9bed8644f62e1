import { expect, test } from 'vitest'
import { formatHTTPTime, parseHTTPTime } from '../../../src/http/fields/http-time.ts'

const time = Date.UTC(1994, 10, 6, 8, 49, 37)

test.each([
  'Sun, 06 Nov 1994 08:49:37 GMT',
  'Sunday, 06-Nov-94 08:49:37 GMT',
  'Sun Nov  6 08:49:37 1994',
])('parseHTTPTime() reads %j', (text) => {
  expect(parseHTTPTime(text)).toBe(time)
})

test.each([
  '',
  '0',
  '1994-11-06T08:49:37Z',
  'Sun, 06 Nov 1994 08:49:37',
  'Sun, 06 Nov 1994 08:49:37 PST',
  'Sun, 6 Nov 1994 08:49:37 GMT',
  'Sun, 06 Nox 1994 08:49:37 GMT',
  'Sun, 06 Nov 1994 24:49:37 GMT',
  'Sun, 06 Nov 1994 08:60:37 GMT',
  'Sun, 31 Feb 1994 08:49:37 GMT',
  'Sun, 00 Feb 1994 08:49:37 GMT',
])('parseHTTPTime() reads nothing in %j', (text) => {
  expect(parseHTTPTime(text)).toBeUndefined()
})

test('parseHTTPTime() takes two digits more than 50 years ahead for the century before', () => {
  const year = new Date().getUTCFullYear()
  const short = (offset: number): string => String((year + offset) % 100).padStart(2, '0')
  const read = (offset: number): number | undefined =>
    parseHTTPTime(`Sunday, 06-Nov-${short(offset)} 08:49:37 GMT`)
  expect(read(0)).toBe(Date.UTC(year, 10, 6, 8, 49, 37))
  expect(read(-1)).toBe(Date.UTC(year - 1, 10, 6, 8, 49, 37))
  expect(read(60)).toBe(Date.UTC(year - 40, 10, 6, 8, 49, 37))
})

test('formatHTTPTime() writes what parseHTTPTime() reads, and nothing for no time', () => {
  expect(formatHTTPTime(time + 999)).toBe('Sun, 06 Nov 1994 08:49:37 GMT')
  expect(() => formatHTTPTime(NaN)).toThrow(new RangeError('Invalid time NaN'))
})
