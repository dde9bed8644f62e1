import { expect, it } from 'vitest'
import { CancelledError } from '../../../src/concurrency/errors.ts'
import { runInScope } from '../../../src/concurrency/scope/context.ts'
import { Scope } from '../../../src/concurrency/scope/scope.ts'
import { Lock } from '../../../src/concurrency/sync/lock.ts'
import { settle } from '../../../src/testing/settle.ts'

const free = { locked: false, waiting: 0 }

it('Lock lets one task through at a time, in the order of arrival', async () => {
  const lock = new Lock()
  const log: string[] = []
  await Promise.all(
    ['a', 'b', 'c'].map(async (name) => {
      using _permit = await lock.acquire()
      log.push(`${name} in`)
      await settle()
      log.push(`${name} out`)
    }),
  )
  expect(log).toEqual(['a in', 'a out', 'b in', 'b out', 'c in', 'c out'])
  expect(lock.statistics()).toEqual(free)
})

it('Lock.acquire() that is cancelled leaves the line', async () => {
  const lock = new Lock()
  const permit = await lock.acquire()
  const scope = new Scope(undefined)
  const cancelled = runInScope(scope, () => lock.acquire())
  const next = lock.acquire()
  expect(lock.statistics()).toEqual({ locked: true, waiting: 2 })
  scope.cancel()
  await expect(cancelled).rejects.toThrow(CancelledError)
  await expect(runInScope(scope, () => lock.acquire())).rejects.toThrow(CancelledError)
  permit.release()
  ;(await next).release()
  expect(lock.statistics()).toEqual(free)
})

it('Lock.acquire() delivers a lock that was handed over before the cancellation', async () => {
  const lock = new Lock()
  const first = await lock.acquire()
  const scope = new Scope(undefined)
  const second = runInScope(scope, () => lock.acquire())
  first.release()
  scope.cancel()
  ;(await second).release()
  expect(lock.locked).toBe(false)
})

it('Lock.tryAcquire() takes the lock if it is free', async () => {
  const lock = new Lock()
  const permit = lock.tryAcquire()
  expect(lock.tryAcquire()).toBeUndefined()
  const waiting = lock.acquire()
  permit?.release()
  expect(lock.tryAcquire()).toBeUndefined()
  ;(await waiting).release()
  expect(lock.tryAcquire()?.held).toBe(true)
})

it('Lock refuses a permit that was released', async () => {
  const lock = new Lock()
  const permit = await lock.acquire()
  permit.release()
  const other = await lock.acquire()
  expect(() => permit.release()).toThrow(expect.objectContaining({ code: 'SPOOL_NOT_HELD' }))
  expect(lock.locked).toBe(true)
  other.release()
})

it('Lock.suspend() lets the next one in and refuses the permit until resume()', async () => {
  const lock = new Lock()
  expect(lock.suspend()).toBeUndefined()
  const permit = await lock.acquire()
  const next = lock.acquire()
  expect(lock.suspend()).toBe(permit)
  const other = await next
  expect(() => permit.release()).toThrow(
    'Cannot release a lock during condition.wait(): the lock was let go meanwhile',
  )
  const resumed = lock.resume(permit)
  other.release()
  await resumed
  expect(permit.held).toBe(true)
  permit.release()
  expect(lock.statistics()).toEqual(free)
})

it('Lock.resume() takes a free lock at once, and waits in a cancelled scope too', async () => {
  const lock = new Lock()
  const permit = await lock.acquire()
  lock.suspend()
  await lock.resume(permit)
  expect(lock.locked).toBe(true)

  lock.suspend()
  const other = await lock.acquire()
  const scope = new Scope(undefined)
  scope.cancel()
  const resumed = runInScope(scope, () => lock.resume(permit))
  await settle()
  expect(lock.statistics()).toEqual({ locked: true, waiting: 1 })
  other.release()
  await resumed
  permit.release()
  expect(lock.statistics()).toEqual(free)
  expect([...scope.members()]).toEqual([])
})
