import { beforeEach, describe, expect, test } from 'vitest'
import { loopTurns, sendsTooMuch, untilTurned } from '../../../src/concurrency/time/turn-budget.ts'

/** How many messages of `size` bytes can be sent until it is too much. */
function countSent(size: number): number {
  let count = 0
  while (!sendsTooMuch(size)) count++
  return count
}

beforeEach(() => loopTurns())

describe('sendsTooMuch()', () => {
  test.each([
    [0, 128],
    [32, 126],
    [100_000, 2],
    [300_000, 0],
  ])('of messages of %i bytes, %i are sent before others have their turn', (size, expected) => {
    expect(countSent(size)).toBe(expected)
  })

  test('counts anew once something has come from outside', () => {
    countSent(1_000)
    loopTurns()
    expect(sendsTooMuch(1_000)).toBe(false)
  })
})

describe('untilTurned()', () => {
  test('waits until the loop has turned, for all who wait together, and counts anew', async () => {
    const turned: string[] = []
    countSent(0)
    setImmediate(() => turned.push('a turn'))
    await Promise.all([untilTurned(), untilTurned()])
    expect(turned).toEqual(['a turn'])
    expect(countSent(0)).toBe(128)
  })
})
