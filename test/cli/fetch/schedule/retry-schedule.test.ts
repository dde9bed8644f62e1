import { describe, expect, it } from 'vitest'
import {
  backoff,
  delayBeforeRetry,
  isIdempotent,
  isTransient,
  parseRetryAfter,
} from '../../../../src/cli/fetch/schedule/retry-schedule.ts'

describe('isIdempotent()', () => {
  it('isIdempotent() knows what may be sent twice', () => {
    expect(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'].every(isIdempotent)).toBe(true)
    expect(['POST', 'PATCH', 'CONNECT', 'BREW'].some(isIdempotent)).toBe(false)
  })
})

describe('isTransient()', () => {
  it('isTransient() holds for 5xx, 408 and 429', () => {
    expect([500, 502, 503, 599, 408, 429].every(isTransient)).toBe(true)
    expect([200, 301, 400, 404, 410].some(isTransient)).toBe(false)
  })
})

describe('backoff()', () => {
  it('backoff() doubles, and half of it is random', () => {
    expect([1, 2, 3, 4].map((attempts) => backoff(attempts, 0))).toEqual([125, 250, 500, 1000])
    expect([1, 2, 3, 4].map((attempts) => backoff(attempts, 1))).toEqual([250, 500, 1000, 2000])
  })

  it('backoff() stays below thirty seconds', () => {
    expect(backoff(2000, 1)).toBe(30_000)
  })
})

describe('parseRetryAfter()', () => {
  const timeOfDay = Date.UTC(1994, 10, 6, 8, 49, 30)

  it.each([
    ['0', 0],
    ['120', 120_000],
    [' 3 ', 3000],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 7000],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 7000],
    ['Sun Nov  6 08:49:37 1994', 7000],
    ['Sun, 06 Nov 1994 08:00:00 GMT', 0],
  ])('parseRetryAfter() reads "%s"', (value, expected) => {
    expect(parseRetryAfter(value, timeOfDay)).toBe(expected)
  })

  it.each([null, '', '-1', '1.5', 'soon', '1 minute', 'Sun, 99 Foo 1994 08:49:37 GMT'])(
    'parseRetryAfter() passes over "%s"',
    (value) => {
      expect(parseRetryAfter(value, timeOfDay)).toBeUndefined()
    },
  )
})

describe('delayBeforeRetry()', () => {
  it('delayBeforeRetry() is what the server asks for, and no less than the backoff', () => {
    expect(delayBeforeRetry(1, 0, undefined)).toBe(125)
    expect(delayBeforeRetry(1, 0, 0)).toBe(125)
    expect(delayBeforeRetry(1, 0, 5000)).toBe(5000)
  })

  it('delayBeforeRetry() gives up when the server asks for more than two minutes', () => {
    expect(delayBeforeRetry(1, 0, 120_000)).toBe(120_000)
    expect(delayBeforeRetry(1, 0, 121_000)).toBeUndefined()
  })
})
