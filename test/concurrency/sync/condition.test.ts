import { expect, it } from 'vitest'
import { CancelledError } from '../../../src/concurrency/errors.ts'
import { runInScope } from '../../../src/concurrency/scope/context.ts'
import { Scope } from '../../../src/concurrency/scope/scope.ts'
import { Condition } from '../../../src/concurrency/sync/condition.ts'
import { Lock } from '../../../src/concurrency/sync/lock.ts'
import { settle } from '../../../src/testing/settle.ts'

const idle = { waiting: 0, locked: false }

function waiters(condition: Condition, names: readonly string[], log: string[]) {
  return names.map(async (name) => {
    using _permit = await condition.acquire()
    await condition.wait()
    log.push(name)
    expect(condition.lock.locked).toBe(true)
  })
}

it('Condition.notify() wakes those who have waited longest', async () => {
  const condition = new Condition()
  const log: string[] = []
  const all = waiters(condition, ['a', 'b', 'c', 'd'], log)
  await settle()
  expect(condition.statistics()).toEqual({ waiting: 4, locked: false })
  {
    using _permit = await condition.acquire()
    condition.notify()
    condition.notify(2)
    condition.notify(0)
  }
  await settle()
  expect(log).toEqual(['a', 'b', 'c'])
  {
    using _permit = await condition.acquire()
    condition.notify(5)
  }
  await Promise.all(all)
  expect(log).toEqual(['a', 'b', 'c', 'd'])
  expect(condition.statistics()).toEqual(idle)
})

it('Condition.notifyAll() wakes every task, and each goes on with the lock', async () => {
  const condition = new Condition()
  const log: string[] = []
  const all = waiters(condition, ['a', 'b', 'c'], log)
  await settle()
  {
    using _permit = await condition.acquire()
    condition.notifyAll()
    await settle()
    expect(log).toEqual([])
  }
  await Promise.all(all)
  expect(log).toEqual(['a', 'b', 'c'])
  expect(condition.statistics()).toEqual(idle)
})

it('Condition.waitFor() returns once the predicate is true', async () => {
  const condition = new Condition()
  let balance = 0
  const paid = (async () => {
    using _permit = await condition.acquire()
    await condition.waitFor(() => balance >= 2)
    return balance
  })()
  for (let deposit = 0; deposit < 2; deposit++) {
    await settle()
    using _permit = await condition.acquire()
    balance++
    condition.notifyAll()
  }
  expect(await paid).toBe(2)
})

it('Condition.wait() that is cancelled throws once it has the lock again', async () => {
  const condition = new Condition()
  const scope = new Scope(undefined)
  let left = false
  const cancelled = runInScope(scope, async () => {
    using _permit = await condition.acquire()
    try {
      await condition.wait()
    } finally {
      left = true
    }
  })
  await settle()
  const permit = await condition.acquire()
  scope.cancel()
  await settle()
  expect(left).toBe(false)
  permit.release()
  await expect(cancelled).rejects.toThrow(CancelledError)
  expect(left).toBe(true)
  expect(condition.statistics()).toEqual(idle)
})

it('Condition.wait() that was notified and then cancelled does not lose the notification', async () => {
  const condition = new Condition()
  const scope = new Scope(undefined)
  const notified = runInScope(scope, async () => {
    using _permit = await condition.acquire()
    await condition.wait()
    return 'notified'
  })
  await settle()
  {
    using _permit = await condition.acquire()
    condition.notify()
    scope.cancel()
  }
  expect(await notified).toBe('notified')
})

it('Condition.wait() throws in a cancelled scope without letting the lock go', async () => {
  const condition = new Condition()
  const permit = await condition.acquire()
  const scope = new Scope(undefined)
  scope.cancel()
  await expect(runInScope(scope, () => condition.wait())).rejects.toThrow(CancelledError)
  expect(condition.lock.locked).toBe(true)
  permit.release()
})

it('Condition refuses to wait or notify without its lock', async () => {
  const condition = new Condition()
  await expect(condition.wait()).rejects.toThrow(
    expect.objectContaining({
      code: 'SPOOL_NOT_HELD',
      message: 'Cannot wait for a condition without its lock',
    }),
  )
  expect(() => condition.notify()).toThrow('Cannot notify a condition without its lock')
  expect(() => condition.notifyAll()).toThrow('Cannot notify a condition without its lock')
})

it('Condition.notify() refuses a negative number', async () => {
  const condition = new Condition()
  using _permit = await condition.acquire()
  expect(() => condition.notify(-1)).toThrow(
    'Cannot use -1 as a number of tasks to notify: expected an integer of at least 0',
  )
})

it('Condition shares a lock with another', async () => {
  const lock = new Lock()
  const first = new Condition(lock)
  const second = new Condition(lock)
  using _permit = await first.acquire()
  expect(second.lock.locked).toBe(true)
  second.notify()
})

it('Condition refuses a lock that is none, and a predicate that is no function', async () => {
  expect(() => new Condition({} as Lock)).toThrow(
    new TypeError('Cannot use Object as the lock of a condition: expected a Lock'),
  )
  await expect(new Condition().waitFor(true as never)).rejects.toThrow(
    new TypeError('Cannot wait for a condition: expected a function, got true'),
  )
})
