import { expect, test, vi } from 'vitest'

test('atStandstill() calls when the process has nothing more to do, as long as it is not taken back', async () => {
  // Of its own: what other tests left behind is not to be told here.
  vi.resetModules()
  const { atStandstill } = await import('../../../src/concurrency/observe/lost-at-exit.ts')
  const before = process.listeners('beforeExit')
  const told: string[] = []
  const forget = ['a', 'b'].map((name) => atStandstill(() => told.push(name)))
  const added = process.listeners('beforeExit').filter((listener) => !before.includes(listener))
  expect(added).toHaveLength(1)
  forget[0]?.()
  added[0]?.(0)
  expect(told).toEqual(['b'])
  forget[1]?.()
  expect(process.listeners('beforeExit')).toEqual(before)
})
