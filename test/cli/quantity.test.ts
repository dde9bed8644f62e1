import { describe, expect, it } from 'vitest'
import { formatBytes, formatCount } from '../../src/cli/quantity.ts'

describe('formatBytes()', () => {
  it.each([
    [0, '0 B'],
    [13, '13 B'],
    [999, '999 B'],
    [1000, '1.00 kB'],
    [4100, '4.10 kB'],
    [12_345, '12.3 kB'],
    [123_456, '123 kB'],
    [999_600, '1.00 MB'],
    [2_050_000_000, '2.05 GB'],
    [5e15, '5000 TB'],
  ])('formatBytes() writes %d as %s', (bytes, expected) => {
    expect(formatBytes(bytes)).toBe(expected)
  })
})

describe('formatCount()', () => {
  it('formatCount() rounds and separates thousands', () => {
    expect(formatCount(1_234_567.4)).toBe('1,234,567')
  })
})
