import { describe, expect, it } from 'vitest'
import { formatDuration, parseDuration } from '../../src/cli/duration.ts'

describe('parseDuration()', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['1.5s', 1500],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['5', 5000],
  ])('parseDuration() reads %s as %d ms', (text, expected) => {
    expect(parseDuration(text)).toBe(expected)
  })

  it.each(['', '0', '0s', '-1s', '1 s', '1d', 's', '1e3', 'Infinity', `${'9'.repeat(400)}h`])(
    'parseDuration() refuses "%s"',
    (text) => {
      expect(parseDuration(text)).toBeUndefined()
    },
  )
})

describe('formatDuration()', () => {
  it.each([
    [0.42, '0.4 ms'],
    [12.4, '12 ms'],
    [999.4, '999 ms'],
    [999.6, '1.0 s'],
    [4210, '4.2 s'],
    [59_949, '59.9 s'],
    [60_000, '1:00'],
    [187_000, '3:07'],
    [3_765_000, '1:02:45'],
  ])('formatDuration() writes %d ms as %s', (duration, expected) => {
    expect(formatDuration(duration)).toBe(expected)
  })
})
