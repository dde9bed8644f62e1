import { expect, test } from 'vitest'
import { RecordingGroup } from '../../support/recording-group.ts'
import type { CancelledError } from '../../../src/concurrency/errors.ts'
import { runInScope } from '../../../src/concurrency/scope/context.ts'
import { Scope } from '../../../src/concurrency/scope/scope.ts'
import { Waiter } from '../../../src/concurrency/scope/waiter.ts'
import { replaceWakeUpOrder, wakeUpsMade } from '../../../src/concurrency/scope/wake-ups.ts'

test('a waiter gives its promise the value, once', async () => {
  const waiter = new Waiter<number>()
  expect(waiter.settled).toBe(false)
  expect([waiter.resolve(1), waiter.resolve(2), waiter.reject(new Error('late'))]).toEqual([
    true,
    false,
    false,
  ])
  expect([waiter.settled, await waiter.promise]).toEqual([true, 1])
})

test('a waiter throws where it is waited', async () => {
  const waiter = new Waiter<number>()
  expect(waiter.reject(new Error('broken'))).toBe(true)
  await expect(waiter.promise).rejects.toThrow('broken')
})

test('a waiter belongs to the scope that it is made in, until it is settled', () => {
  const scope = new Scope(undefined)
  const waiter = runInScope(scope, () => new Waiter<void>(undefined, undefined, 'a thing'))
  expect([...scope.members()]).toEqual([waiter])
  expect(waiter.what).toBe('a thing')
  waiter.resolve()
  expect(scope.empty).toBe(true)
})

test('a cancellation takes the wait out of its queue before it throws', async () => {
  const scope = new Scope(undefined)
  const seen: unknown[] = []
  const waiter = new Waiter<void>((error) => seen.push(error, waiter.settled), scope)
  scope.cancel('enough')
  expect(seen).toEqual([scope.error, true])
  await expect(waiter.promise).rejects.toBe(scope.error)
})

test('a value that was delivered is not lost to a cancellation right after it', async () => {
  const scope = new Scope(undefined)
  const waiter = new Waiter<string>(undefined, scope)
  waiter.resolve('delivered')
  scope.cancel()
  expect(await waiter.promise).toBe('delivered')
})

test('a waiter that is over is not told of a cancellation', async () => {
  const scope = new Scope(undefined)
  const seen: unknown[] = []
  const waiter = new Waiter<string>(() => seen.push('told'), scope)
  waiter.resolve('delivered')
  scope.cancel()
  waiter.scopeCancelled(scope.error as CancelledError)
  expect([await waiter.promise, seen]).toEqual(['delivered', []])
})

test('a waiter made in a cancelled scope is over at once', async () => {
  const scope = new Scope(undefined)
  scope.cancel()
  const seen: unknown[] = []
  const waiter: Waiter<void> = new Waiter<void>((error) => seen.push(error, waiter), scope)
  expect([waiter.settled, waiter.resolve(), scope.empty]).toEqual([true, false, true])
  await expect(waiter.promise).rejects.toBe(scope.error)
  expect(seen).toEqual([scope.error, waiter])
})

test('a loop that swallows its cancellation for ever lets the event loop turn', async () => {
  const scope = new Scope(undefined)
  scope.cancel()
  const loop = { turned: false }
  setImmediate(() => {
    loop.turned = true
  })
  let rounds = 0
  while (!loop.turned) {
    rounds++
    await new Waiter<void>(undefined, scope).promise.catch(() => undefined)
  }
  expect(rounds).toBeGreaterThan(1_000)
})

test('a waiter throws the cancellation even if its clean-up throws', async () => {
  const scope = new Scope(undefined)
  const group = new RecordingGroup('g', { scope })
  const waiter = new Waiter<void>(() => {
    throw new Error('clean-up')
  }, scope)
  scope.cancel()
  await expect(waiter.promise).rejects.toBe(scope.error)
  expect(group.taken).toMatchObject([[{ message: 'clean-up' }, 'a listener to the cancellation']])
})

test('an order of wake-ups decides when each is carried out', async () => {
  const waiting: (() => void)[] = []
  const restore = replaceWakeUpOrder({ add: (wake) => void waiting.push(wake) })
  const scope = new Scope(undefined)
  const order: string[] = []
  const waiters = [new Waiter<void>(), new Waiter<void>(), new Waiter<void>(undefined, scope)]
  const all = waiters.map(async ({ promise }, index) => {
    await promise.catch(() => undefined)
    order.push(`${index}`)
  })
  const before = wakeUpsMade()
  waiters[0]?.resolve()
  waiters[1]?.reject(new Error('broken'))
  scope.cancel()
  restore()
  expect(wakeUpsMade() - before).toBe(3)
  await Promise.resolve()
  expect(order).toEqual([])
  for (const wake of waiting.toReversed()) wake()
  await Promise.all(all)
  expect(order).toEqual(['2', '1', '0'])
})

test('what a waiter waits for is asked for when it is shown, and not before', () => {
  const scope = new Scope(undefined)
  let asked = 0
  const thing = { describe: () => `thing ${++asked}` }
  const waiter = new Waiter<void>(undefined, scope, thing)
  expect(asked).toBe(0)
  expect(waiter.what).toBe('thing 1')
  waiter.resolve()
})
