import { describe, expect, it } from 'vitest'
import { FlakyKeys } from '../../examples/httpbin/flaky-keys.ts'

describe('FlakyKeys', () => {
  it('fails() fails the first times of each key, and never again', () => {
    const keys = new FlakyKeys(2)
    expect(Array.from({ length: 5 }, () => keys.fails('a'))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ])
    expect(keys.fails('b')).toBe(true)
  })

  it('fails() forgets the key that was not asked for in the longest time', () => {
    const keys = new FlakyKeys(1)
    keys.fails('first')
    keys.fails('second')
    for (let index = 0; index < 99_999; index++) keys.fails(`key ${index}`)
    expect(keys.fails('second')).toBe(false)
    expect(keys.fails('first')).toBe(true)
  })
})
