import { expect, it } from 'vitest'
import { BusyResourceError, CancelledError } from '../../../src/concurrency/errors.ts'
import { runInScope } from '../../../src/concurrency/scope/context.ts'
import { Scope } from '../../../src/concurrency/scope/scope.ts'
import { CapacityLimiter } from '../../../src/concurrency/sync/capacity-limiter.ts'

const twice = new BusyResourceError(
  'Cannot borrow twice from a limiter: the borrower holds a permit, or waits for one',
)

it('CapacityLimiter lends as many permits as it has, and knows to whom', async () => {
  const limiter = new CapacityLimiter(2)
  const a = await limiter.acquire('a')
  const b = await limiter.acquire('b')
  const c = limiter.acquire('c')
  expect(limiter.statistics()).toEqual({
    total: 2,
    borrowed: 2,
    borrowers: ['a', 'b'],
    waiting: 1,
  })
  a.release()
  const third = await c
  expect(limiter.statistics().borrowers).toEqual(['b', 'c'])
  b.release()
  third.release()
  expect(limiter.statistics()).toEqual({ total: 2, borrowed: 0, borrowers: [], waiting: 0 })
})

it('CapacityLimiter lends to the current task, once', async () => {
  const limiter = new CapacityLimiter(2)
  const scope = new Scope(undefined)
  const worker = { name: 'worker', scope, stopWaiting: () => undefined }
  scope.task = worker
  await runInScope(scope, async () => {
    {
      using _permit = await limiter.acquire()
      expect(limiter.statistics().borrowers).toEqual([worker])
      await expect(limiter.acquire()).rejects.toThrow(twice)
      expect(() => limiter.tryAcquire()).toThrow(twice)
    }
    limiter.tryAcquire()?.release()
  })
  expect(limiter.statistics().borrowed).toBe(0)
})

it('CapacityLimiter refuses a borrower that waits already', async () => {
  const limiter = new CapacityLimiter(1)
  const first = await limiter.acquire('a')
  const waiting = limiter.acquire('b')
  await expect(limiter.acquire('b')).rejects.toThrow(twice)
  first.release()
  ;(await waiting).release()
})

it('CapacityLimiter only counts permits that nobody stands for', async () => {
  const limiter = new CapacityLimiter(2)
  const permits = [await limiter.acquire(), await limiter.acquire()]
  expect(limiter.tryAcquire()).toBeUndefined()
  expect(limiter.statistics()).toEqual({ total: 2, borrowed: 2, borrowers: [], waiting: 0 })
  for (const permit of permits) permit.release()
  expect(limiter.statistics().borrowed).toBe(0)
})

it('CapacityLimiter.acquire() that is cancelled leaves the line, and its borrower may come again', async () => {
  const limiter = new CapacityLimiter(1)
  const first = await limiter.acquire('a')
  const scope = new Scope(undefined)
  const cancelled = runInScope(scope, () => limiter.acquire('b'))
  scope.cancel()
  await expect(cancelled).rejects.toThrow(CancelledError)
  await expect(runInScope(scope, () => limiter.acquire('b'))).rejects.toThrow(CancelledError)
  const again = limiter.acquire('b')
  first.release()
  ;(await again).release()
  expect(limiter.statistics()).toEqual({ total: 1, borrowed: 0, borrowers: [], waiting: 0 })
})

it('CapacityLimiter that is made larger lets those through who wait', async () => {
  const limiter = new CapacityLimiter(1)
  await limiter.acquire('a')
  const waiting = [limiter.acquire('b'), limiter.acquire('c'), limiter.acquire('d')]
  limiter.total = 3
  await Promise.all(waiting.slice(0, 2))
  expect(limiter.statistics()).toEqual({
    total: 3,
    borrowed: 3,
    borrowers: ['a', 'b', 'c'],
    waiting: 1,
  })
  limiter.total = 4
  await waiting[2]
})

it('CapacityLimiter that is made smaller waits for permits to come back', async () => {
  const limiter = new CapacityLimiter(3)
  const [a, b] = [await limiter.acquire('a'), await limiter.acquire('b')]
  limiter.total = 1
  expect(limiter.total).toBe(1)
  const waiting = limiter.acquire('c')
  a.release()
  expect(limiter.statistics()).toEqual({ total: 1, borrowed: 1, borrowers: ['b'], waiting: 1 })
  b.release()
  expect((await waiting).held).toBe(true)
})

it('CapacityLimiter may be without a limit, but not without any permit', async () => {
  const limiter = new CapacityLimiter(Infinity)
  expect((await limiter.acquire('a')).held).toBe(true)
  expect(() => new CapacityLimiter(0)).toThrow(
    new RangeError(
      'Cannot use 0 as the total of a limiter: expected an integer of at least 1, or Infinity',
    ),
  )
  expect(() => (limiter.total = NaN)).toThrow(RangeError)
  expect(limiter.total).toBe(Infinity)
})
