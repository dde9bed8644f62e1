import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseByteRanges } from '../../../src/http/fields/byte-ranges.ts'

const read = (value: string, size = 100): string | undefined =>
  parseByteRanges(value, size)
    ?.map(({ start, end }) => `${start}-${end - 1}`)
    .join(',')

test.each([
  ['bytes=0-0', '0-0'],
  ['bytes=0-', '0-99'],
  ['bytes=90-1000', '90-99'],
  ['bytes=-5', '95-99'],
  ['bytes=-1000', '0-99'],
  ['bytes=-0', ''],
  ['bytes=100-', ''],
  ['bytes=100-200,-0', ''],
  ['BYTES = 1-2', '1-2'],
  ['bytes=1-2, 4-5', '1-2,4-5'],
  ['bytes=4-5,1-2', '4-5,1-2'],
  ['bytes=,1-2,,', '1-2'],
  ['bytes=200-,1-2', '1-2'],
  ['bytes=1-3,2-5', '1-5'],
  ['bytes=1-3,4-5', '1-5'],
  ['bytes=10-12,0-1,2-9', '0-12'],
  ['bytes=10-12,20-22,0-1,2-9', '0-12,20-22'],
])('parseByteRanges() reads %j as %j', (value, expected) => {
  expect(read(value)).toBe(expected)
})

test.each([
  'lines=0-1',
  'bytes',
  'bytes=',
  'bytes=,',
  'bytes=-',
  'bytes=a-b',
  'bytes=2-1',
  'bytes=1-2,x',
  'bytes=1-2-3',
  'bytes=+1-2',
  'bytes=1.0-2',
  'bytes=1 -2',
  `bytes=${'9'.repeat(16)}-`,
  `bytes=${Array.from({ length: 17 }, (_, at) => `${at * 3}-${at * 3}`).join(',')}`,
  `bytes=${'0-1,'.repeat(5_000)}0-1`,
])('parseByteRanges() ignores %j', (value) => {
  expect(read(value)).toBeUndefined()
})

test('parseByteRanges() gives nothing of what is empty', () => {
  expect(read('bytes=0-', 0)).toBe('')
  expect(read('bytes=-1', 0)).toBe('')
})

test('parseByteRanges() covers what was asked for, and nothing twice', () => {
  const ranges = fc.array(fc.tuple(fc.nat(60), fc.nat(60)), { minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(ranges, (pairs) => {
      const value = pairs.map(([start, length]) => `${start}-${start + length}`).join(',')
      const wanted = new Set<number>()
      for (const [start, length] of pairs) {
        for (let at = start; at <= start + length && at < 50; at++) wanted.add(at)
      }
      const got = (parseByteRanges(`bytes=${value}`, 50) ?? []).flatMap(({ start, end }) =>
        Array.from({ length: end - start }, (_, at) => start + at),
      )
      expect(new Set(got)).toEqual(wanted)
      expect(got).toHaveLength(wanted.size)
    }),
  )
})
