import { expect, it } from 'vitest'
import { CancelledError, TimeoutError } from '../../../src/concurrency/errors.ts'
import { inAttempts } from '../../../src/concurrency/pool/attempts.ts'
import { PoolTask } from '../../../src/concurrency/pool/pool-task.ts'
import { RetryPolicy } from '../../../src/concurrency/pool/policy/retry-policy.ts'
import { runInScope } from '../../../src/concurrency/scope/context.ts'
import { Scope } from '../../../src/concurrency/scope/scope.ts'
import type { TaskFunction } from '../../../src/concurrency/tasks/task.ts'
import { sleep } from '../../../src/concurrency/time/sleep.ts'
import { MockClock } from '../../../src/testing/mock-clock.ts'
import { settle } from '../../../src/testing/settle.ts'

function attempts(fn: TaskFunction<unknown>, limit?: number, retry?: number) {
  const pauses: unknown[] = []
  const keeper = {
    pause: async (task: PoolTask, delay: number, error: unknown): Promise<void> => {
      pauses.push([task.name, delay, error])
      await sleep(delay)
    },
  }
  const policy = retry === undefined ? undefined : new RetryPolicy({ attempts: retry, jitter: 0 })
  const task = new PoolTask(
    inAttempts(fn, limit, policy, keeper),
    { taskEnded: () => {} },
    new Scope(undefined),
    'tried',
    0,
    undefined,
    undefined,
  )
  runInScope(task.scope, () => task.run())
  return { task, pauses }
}

it('inAttempts() tries again until it succeeds, and pauses in between', async () => {
  using _clock = MockClock.install({ autoJump: true })
  let tries = 0
  const { task, pauses } = attempts(
    () => {
      if (++tries < 3) throw new Error(`try ${tries}`)
      return 'at last'
    },
    undefined,
    5,
  )
  expect(await task).toBe('at last')
  expect(pauses).toEqual([
    ['tried', 100, new Error('try 1')],
    ['tried', 200, new Error('try 2')],
  ])
})

it('inAttempts() throws the last error when the policy gives up, or without a policy', async () => {
  using _clock = MockClock.install({ autoJump: true })
  let tries = 0
  const fail = () => Promise.reject(new Error(`try ${++tries}`))
  await expect(attempts(fail, undefined, 2).task).rejects.toThrow('try 2')
  await expect(attempts(fail, 1_000).task).rejects.toThrow('try 3')
})

it('inAttempts() stops each attempt that takes too long', async () => {
  using clock = MockClock.install()
  const { task, pauses } = attempts(() => sleep(1_000), 10, 2)
  await clock.advance(500)
  await expect(task).rejects.toThrow(new TimeoutError('scope', 10))
  expect(pauses.length).toBe(1)
})

it('inAttempts() does not try again what was cancelled, whatever it throws', async () => {
  const { task, pauses } = attempts(
    async () => {
      await sleep(1_000).catch(() => {})
      throw new Error('cleaning up')
    },
    undefined,
    5,
  )
  await settle()
  task.cancel()
  await expect(task).rejects.toThrow('cleaning up')
  expect(pauses).toEqual([])
  const waiting = attempts(() => sleep(1_000), undefined, 5)
  await settle()
  waiting.task.cancel()
  await expect(waiting.task).rejects.toThrow(CancelledError)
})
