import { expect, it } from 'vitest'
import { BrokenResourceError, CancelledError } from '../../../src/concurrency/errors.ts'
import { runInScope } from '../../../src/concurrency/scope/context.ts'
import { Scope } from '../../../src/concurrency/scope/scope.ts'
import { Barrier } from '../../../src/concurrency/sync/barrier.ts'
import { settle } from '../../../src/testing/settle.ts'

it('Barrier lets its parties go on together, again and again', async () => {
  const barrier = new Barrier(3)
  for (let round = 0; round < 2; round++) {
    const early = [barrier.wait(), barrier.wait()]
    let passed = 0
    for (const wait of early) void wait.then(() => passed++)
    await settle()
    expect(passed).toBe(0)
    expect(barrier.statistics()).toEqual({ parties: 3, waiting: 2, broken: false })
    expect(await Promise.all([...early, barrier.wait()])).toEqual([0, 1, 2])
    expect(barrier.statistics()).toEqual({ parties: 3, waiting: 0, broken: false })
  }
})

it('Barrier of one party holds nobody up', async () => {
  expect(await new Barrier(1).wait()).toBe(0)
})

it('Barrier.wait() that is cancelled counts as not arrived', async () => {
  const barrier = new Barrier(3)
  const scope = new Scope(undefined)
  const cancelled = runInScope(scope, () => barrier.wait())
  const early = barrier.wait()
  scope.cancel()
  await expect(cancelled).rejects.toThrow(CancelledError)
  await expect(runInScope(scope, () => barrier.wait())).rejects.toThrow(CancelledError)
  const late = [barrier.wait(), barrier.wait()]
  expect(await Promise.all([early, ...late])).toEqual([0, 1, 2])
})

it('Barrier.reset() refuses those who wait and begins anew', async () => {
  const barrier = new Barrier(2)
  const waiting = barrier.wait()
  barrier.reset()
  await expect(waiting).rejects.toThrow(
    new BrokenResourceError('Cannot wait at a barrier on which reset() was called'),
  )
  expect(await Promise.all([barrier.wait(), barrier.wait()])).toEqual([0, 1])
})

it('Barrier.abort() refuses everybody until reset()', async () => {
  const barrier = new Barrier(2)
  const waiting = barrier.wait()
  barrier.abort()
  const refused = new BrokenResourceError('Cannot wait at a barrier on which abort() was called')
  await expect(waiting).rejects.toThrow(refused)
  await expect(barrier.wait()).rejects.toThrow(refused)
  expect(barrier.broken).toBe(true)
  barrier.reset()
  expect(barrier.broken).toBe(false)
  expect(await Promise.all([barrier.wait(), barrier.wait()])).toEqual([0, 1])
})

it('Barrier refuses to wait for fewer than one', () => {
  expect(() => new Barrier(0)).toThrow(
    new RangeError('Cannot use 0 as the parties of a barrier: expected an integer of at least 1'),
  )
})
