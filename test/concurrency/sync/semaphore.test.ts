import { expect, it } from 'vitest'
import { CancelledError } from '../../../src/concurrency/errors.ts'
import { runInScope } from '../../../src/concurrency/scope/context.ts'
import { Scope } from '../../../src/concurrency/scope/scope.ts'
import { Semaphore } from '../../../src/concurrency/sync/semaphore.ts'
import { settle } from '../../../src/testing/settle.ts'

it('Semaphore lets as many through as it has permits', async () => {
  const semaphore = new Semaphore(2)
  let inside = 0
  let most = 0
  await Promise.all(
    Array.from({ length: 10 }, async () => {
      using _ = await semaphore.acquire()
      most = Math.max(most, ++inside)
      await settle()
      inside--
    }),
  )
  expect(most).toBe(2)
  expect(semaphore.statistics()).toEqual({ free: 2, waiting: 0 })
})

it('Semaphore serves those who wait in the order in which they came', async () => {
  const semaphore = new Semaphore(1)
  const order: number[] = []
  const first = await semaphore.acquire()
  const rest = Array.from({ length: 5 }, async (_, index) => {
    using _permit = await semaphore.acquire()
    order.push(index)
  })
  expect(semaphore.statistics()).toEqual({ free: 0, waiting: 5 })
  first.release()
  await Promise.all(rest)
  expect(order).toEqual([0, 1, 2, 3, 4])
})

it('Semaphore hands a permit over: nobody who comes later can take it', async () => {
  const semaphore = new Semaphore(1)
  const first = await semaphore.acquire()
  const second = semaphore.acquire()
  first.release()
  expect(semaphore.tryAcquire()).toBeUndefined()
  expect(semaphore.locked).toBe(true)
  ;(await second).release()
  expect(semaphore.locked).toBe(false)
})

it('Semaphore.acquire() that is cancelled leaves the line and holds nothing', async () => {
  const semaphore = new Semaphore(1)
  const first = await semaphore.acquire()
  const scope = new Scope(undefined)
  const cancelled = runInScope(scope, () => semaphore.acquire())
  const next = semaphore.acquire()
  scope.cancel()
  await expect(cancelled).rejects.toThrow(CancelledError)
  expect(semaphore.statistics()).toEqual({ free: 0, waiting: 1 })
  first.release()
  ;(await next).release()
  expect(semaphore.statistics()).toEqual({ free: 1, waiting: 0 })
})

it('Semaphore.acquire() delivers a permit that was handed over before the cancellation', async () => {
  const semaphore = new Semaphore(1)
  const first = await semaphore.acquire()
  const scope = new Scope(undefined)
  const waiting = runInScope(scope, () => semaphore.acquire())
  first.release()
  scope.cancel()
  const permit = await waiting
  expect(permit.held).toBe(true)
  permit.release()
  expect(semaphore.statistics()).toEqual({ free: 1, waiting: 0 })
})

it('Semaphore.acquire() throws in a cancelled scope although a permit is free', async () => {
  const semaphore = new Semaphore(1)
  const scope = new Scope(undefined)
  scope.cancel()
  await expect(runInScope(scope, () => semaphore.acquire())).rejects.toThrow(CancelledError)
  expect(semaphore.statistics()).toEqual({ free: 1, waiting: 0 })
})

it('Semaphore.tryAcquire() takes what is free and never waits', () => {
  const semaphore = new Semaphore(1)
  const permit = semaphore.tryAcquire()
  expect(permit?.held).toBe(true)
  expect(semaphore.tryAcquire()).toBeUndefined()
  permit?.release()
  expect(semaphore.tryAcquire()?.held).toBe(true)
})

it('Semaphore.release() makes a permit that nobody held', async () => {
  const semaphore = new Semaphore(0)
  const waiting = semaphore.acquire()
  semaphore.release()
  expect((await waiting).held).toBe(true)
  semaphore.release()
  expect(semaphore.statistics()).toEqual({ free: 1, waiting: 0 })
})

it('Semaphore refuses a negative number of permits', () => {
  expect(() => new Semaphore(-1)).toThrow(
    new RangeError(
      'Cannot use -1 as the permits of a semaphore: expected an integer of at least 0',
    ),
  )
})
