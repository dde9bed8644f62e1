import { expect, it } from 'vitest'
import { BoundedSemaphore } from '../../../src/concurrency/sync/bounded-semaphore.ts'

const refused = new RangeError('Cannot release a permit: all 2 are free')

it('BoundedSemaphore gives and takes back as many permits as it began with', async () => {
  const semaphore = new BoundedSemaphore(2)
  const permits = [await semaphore.acquire(), await semaphore.acquire()]
  const third = semaphore.acquire()
  permits[0]?.release()
  permits[1]?.release()
  ;(await third).release()
  expect(semaphore.permits).toBe(2)
  expect(semaphore.statistics()).toEqual({ free: 2, waiting: 0 })
})

it('BoundedSemaphore.release() finds a release too many', async () => {
  const semaphore = new BoundedSemaphore(2)
  expect(() => semaphore.release()).toThrow(refused)
  await semaphore.acquire()
  semaphore.release()
  expect(() => semaphore.release()).toThrow(refused)
})

it('BoundedSemaphore finds a permit that was released behind its back', async () => {
  const semaphore = new BoundedSemaphore(2)
  const permit = await semaphore.acquire()
  semaphore.release()
  expect(() => permit.release()).toThrow(refused)
  expect(semaphore.statistics().free).toBe(2)
})
