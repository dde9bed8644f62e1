import { expect, test } from 'vitest'
import { rejectionOf } from '../../support/rejection.ts'
import { MockClock } from '../../../src/testing/index.ts'
import {
  Future,
  sleep,
  type Task,
  taskGroup,
  timeout,
  TimeoutError,
  wait,
} from '../../../src/index.ts'

const after = (delay: number) => () => sleep(delay)
test('wait() waits for all, whatever they come to', async () => {
  using clock = MockClock.install({ autoJump: true })
  const [a, b, c] = [new Future(), new Future(), new Future()]
  await taskGroup(async (group) => {
    group.spawn(async () => {
      await sleep(1)
      a.resolve()
      await sleep(1)
      b.reject(new Error('broken'))
      await sleep(1)
      c.cancel()
    })
    expect(await wait([c, a, b, a])).toEqual({ done: [c, a, b], pending: [] })
    expect(clock.now()).toBe(3)
  })
})

test('wait() until the first returns when one is done, and cancels nothing', async () => {
  using clock = MockClock.install({ autoJump: true })
  await taskGroup(async (group) => {
    const tasks = [20, 10, 30].map((delay) => group.spawn(after(delay)))
    const { done, pending } = await wait(tasks, { until: 'first' })
    expect([done, pending, clock.now()]).toEqual([[tasks[1]], [tasks[0], tasks[2]], 10])
    expect(await wait(tasks, { until: 'first' })).toEqual({ done, pending })
  })
  expect(clock.now()).toBe(30)
})

test('wait() until the first error does not count a cancellation as one', async () => {
  using clock = MockClock.install({ autoJump: true })
  const [cancelled, done, failing, never] = [1, 2, 3, 4].map(() => new Future())
  cancelled?.cancel()
  await taskGroup(async (group) => {
    group.spawn(async () => {
      await sleep(10)
      done?.resolve()
      await sleep(10)
      failing?.reject(new Error('broken'))
    })
    const all = [cancelled, done, failing, never].filter((future) => future !== undefined)
    const { pending } = await wait(all, { until: 'first-error' })
    expect([pending, clock.now()]).toEqual([[never], 20])
    expect((await wait(all.slice(0, 2), { until: 'first-error' })).pending).toEqual([])
  })
})

test('wait() with a timeout returns what is done by then', async () => {
  using clock = MockClock.install({ autoJump: true })
  await taskGroup(async (group) => {
    const [fast, slow] = [group.spawn(after(5)), group.spawn(after(50))]
    expect(await wait([fast, slow], { timeout: 10 })).toEqual({ done: [fast], pending: [slow] })
    expect(clock.now()).toBe(10)
    expect(await wait([fast, slow], { timeout: 1_000 })).toEqual({
      done: [fast, slow],
      pending: [],
    })
    expect(clock.pending).toBe(0)
  })
})

test('wait() that is cancelled only stops waiting', async () => {
  const future = new Future()
  const done = new Future()
  done.resolve()
  expect(await rejectionOf(timeout(0, () => wait([future])))).toBeInstanceOf(TimeoutError)
  expect(await rejectionOf(timeout(0, () => wait([done])))).toBeInstanceOf(TimeoutError)
  expect(future.state).toBe('pending')
})

test('wait() refuses bad input', async () => {
  const future = new Future()
  await expect(wait([])).rejects.toThrow(
    new RangeError('Cannot wait for nothing: expected one task at least'),
  )
  await expect(wait([Promise.resolve() as never])).rejects.toThrow(
    new TypeError('Cannot wait for Promise: expected tasks and futures'),
  )
  await expect(wait([future], { timeout: -1 })).rejects.toThrow(RangeError)
  await expect(wait([future], { until: 'some' as never })).rejects.toThrow(
    new TypeError('Invalid until "some": expected first, first-error or all'),
  )
})

test('wait() for the task that it is called in throws, unless something else can end it', async () => {
  using clock = MockClock.install({ autoJump: true })
  await taskGroup(async (group) => {
    const other = group.spawn(after(5))
    const self: Task<void> = group.spawn(
      async () => {
        const refusal = { code: 'SPOOL_BUSY', message: expect.stringContaining('"self" inside') }
        await expect(wait([other, self])).rejects.toMatchObject(refusal)
        await expect(wait([self], { until: 'first' })).rejects.toMatchObject(refusal)
        const first = await wait([self, other], { until: 'first' })
        expect([first, clock.now()]).toEqual([{ done: [other], pending: [self] }, 5])
        expect(await wait([self], { timeout: 5 })).toEqual({ done: [], pending: [self] })
      },
      { name: 'self' },
    )
    await self
    expect(await wait([self, other])).toEqual({ done: [self, other], pending: [] })
  })
})
