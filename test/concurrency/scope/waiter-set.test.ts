import { expect, test } from 'vitest'
import { runInScope } from '../../../src/concurrency/scope/context.ts'
import { Scope } from '../../../src/concurrency/scope/scope.ts'
import { WaiterSet } from '../../../src/concurrency/scope/waiter-set.ts'

test('wake() wakes all who wait, in the order of arrival, and none who come later', async () => {
  const set = new WaiterSet<string>()
  const order: string[] = []
  const waits = ['a', 'b'].map(async (name) => order.push(`${name} ${await set.wait('it')}`))
  expect(set.size).toBe(2)
  set.wake('1')
  await Promise.all(waits)
  expect([order, set.size]).toEqual([['a 1', 'b 1'], 0])
  const late = set.wait('it')
  set.wake('2')
  set.wake('3')
  expect(await late).toBe('2')
})

test('fail() throws where it is waited', async () => {
  const set = new WaiterSet<void>()
  const wait = set.wait('it')
  set.fail(new Error('broken'))
  await expect(wait).rejects.toThrow('broken')
})

test('a wait that is cancelled leaves', async () => {
  const set = new WaiterSet<void>()
  const scope = new Scope(undefined)
  const wait = runInScope(scope, () => set.wait('it'))
  scope.cancel()
  expect(set.size).toBe(0)
  await expect(wait).rejects.toBe(scope.error)
  await expect(runInScope(scope, () => set.wait('it'))).rejects.toBe(scope.error)
  expect(set.size).toBe(0)
})
