import { expect, it } from 'vitest'
import { CancelledError } from '../../../src/concurrency/errors.ts'
import { Batch, type ItemFunction, type Items } from '../../../src/concurrency/pool/batch.ts'
import { PoolTasks } from '../../../src/concurrency/pool/pool-tasks.ts'
import { RingBuffer } from '../../../src/concurrency/queues/ring-buffer.ts'
import { runInScope } from '../../../src/concurrency/scope/context.ts'
import { Scope } from '../../../src/concurrency/scope/scope.ts'
import { AsyncEvent } from '../../../src/concurrency/sync/async-event.ts'
import { sleep } from '../../../src/concurrency/time/sleep.ts'
import { RecordingGroup } from '../../support/recording-group.ts'
import { settle } from '../../../src/testing/settle.ts'

async function fail(): Promise<never> {
  await settle()
  throw new Error('broken')
}

interface Setting {
  limit?: number
  maxQueue?: number
  /** Whether results are read as they come. */
  read?: boolean
}

function batch<I, R>(
  items: Items<I>,
  fn: ItemFunction<I, R>,
  { limit = 2, maxQueue = 10, read = false }: Setting = {},
) {
  const tasks = new PoolTasks({ limit, maxQueue })
  const results = new RingBuffer<R>()
  const sink = read ? { size: 0, add: () => {} } : results
  return { tasks, results, batch: new Batch<I, R>(tasks, items, fn, undefined, sink) }
}

it('Batch runs the function for each item, and ends', async () => {
  const { batch: work, results } = batch([1, 2, 3], (item, index) => item * 10 + index)
  expect(work.over).toBe(false)
  await work.finish()
  expect(work.over).toBe(true)
  await work.stop()
  expect([results.take(), results.take(), results.take()]).toEqual([10, 21, 32])
  expect(() => work.throwFailure()).not.toThrow()
  await work.finish()
})

it('Batch takes items only as results are taken', async () => {
  let taken = 0
  function* endless() {
    for (;;) yield taken++
  }
  const { batch: work, results } = batch(endless(), (item) => item)
  await settle()
  expect([taken, results.size]).toEqual([4, 4])
  results.take()
  work.resultTaken()
  await settle()
  expect([taken, results.size]).toEqual([5, 4])
  await work.stop()
  expect(work.over).toBe(true)
  expect(() => work.throwFailure()).toThrow(CancelledError)
})

it('Batch takes 10,000 items at a time if the pool has no limit', async () => {
  let taken = 0
  function* endless() {
    for (;;) yield taken++
  }
  const { batch: work } = batch(endless(), () => new AsyncEvent().wait(), { limit: Infinity })
  await settle()
  expect(taken).toBe(10_000)
  await work.stop()
})

it('Batch waits while the queue of the pool is full', async () => {
  const gate = new AsyncEvent()
  const { batch: work, tasks } = batch([1, 2, 3, 4], () => gate.wait(), {
    limit: 2,
    maxQueue: 1,
    read: true,
  })
  await settle()
  expect(tasks.statistics()).toMatchObject({ running: 2, waiting: 1 })
  gate.set()
  await work.finish()
  expect(tasks.statistics()).toMatchObject({ running: 0, waiting: 0, succeeded: 4 })
})

it('Batch tells the reader of each result and of the end', async () => {
  const gate = new AsyncEvent()
  const { batch: work, results } = batch([1, 2], async (item) => {
    if (item === 2) await gate.wait()
    return item
  })
  await work.change()
  expect(results.size).toBe(1)
  const next = work.change()
  gate.set()
  await next
  await settle()
  expect([results.size, work.over]).toEqual([2, true])
  await work.finish()
})

it('Batch keeps the first failure and cancels the rest', async () => {
  const stopped: number[] = []
  const { batch: work } = batch([1, 2, 3], async (item) => {
    if (item === 2) throw new Error('broken')
    try {
      await new AsyncEvent().wait()
    } finally {
      stopped.push(item)
    }
  })
  await work.finish()
  expect(stopped).toEqual([1])
  expect(() => work.throwFailure()).toThrow(new Error('broken'))
})

it('Batch is cancelled with the scope in which it was made', async () => {
  const scope = new Scope(undefined)
  const { batch: work, tasks } = runInScope(scope, () =>
    batch([1, 2, 3, 4, 5], () => new AsyncEvent().wait()),
  )
  await settle()
  scope.cancel('enough')
  await work.finish()
  expect(() => work.throwFailure()).toThrow('enough')
  expect(tasks.statistics()).toMatchObject({ running: 0, waiting: 0 })
  expect([...scope.members()]).toEqual([])
})

it('Batch fails if the pool takes no more tasks', async () => {
  const { batch: work, tasks } = batch([1, 2, 3, 4, 5, 6], () => settle(), {
    limit: 2,
    read: true,
  })
  await settle()
  tasks.closed = true
  await work.finish()
  expect(() => work.throwFailure()).toThrow('is closed')
})

it('Batch closes an iterator that is not at its end, and waits for that', async () => {
  const log: string[] = []
  async function* items() {
    try {
      yield 1
      yield 2
    } finally {
      await settle()
      log.push('closed')
    }
  }
  const { batch: work } = batch(items(), fail, { limit: 1 })
  await work.finish()
  expect(log).toEqual(['closed'])
})

it('Batch does not wait for an iterator that never answers', async () => {
  let returned = 0
  const items = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise<IteratorResult<number>>(() => {}),
      return: () => {
        returned++
        return Promise.reject(new Error('late'))
      },
    }),
  }
  const { batch: work } = batch(items, () => 1)
  await settle()
  await work.stop()
  expect(returned).toBe(1)
})

it('Batch refuses what can not be iterated', async () => {
  const { batch: work } = batch(5 as unknown as [], () => 1)
  await work.finish()
  expect(() => work.throwFailure()).toThrow(
    new TypeError('Cannot iterate over 5: expected an iterable'),
  )
})

it('Batch throws the first failure, with the further ones that are no cancellation', async () => {
  const errors = [new Error('first'), new Error('second')]
  const { batch: work } = batch(
    [0, 1, 2],
    async (index) => {
      // The third waits, and is cancelled for the first.
      if (index === 2) await new AsyncEvent().wait()
      throw errors[index] as Error
    },
    { limit: 3 },
  )
  await work.finish()
  await work.stop()
  expect(() => work.throwFailure()).toThrow(errors[0])
  expect(errors[0]).toMatchObject({ suppressed: [errors[1]] })
})

it('Batch whose reader has left gives what failed to the group around, each once', async () => {
  const { scope, taken } = new RecordingGroup('around')
  const both = new Error('both')
  const { batch: work } = runInScope(scope, () =>
    batch(
      [1, 2, 3, 4],
      async (item) => {
        if (item === 4) await sleep(Infinity)
        await settle()
        throw item === 3 ? new Error('other') : both
      },
      { limit: 4 },
    ),
  )
  await work.stop()
  work.reportFailures()
  const from = expect.stringMatching(/^the pool "pool-\d+"$/)
  expect(taken).toEqual([
    [both, from],
    [new Error('other'), from],
  ])
  const { batch: fine } = batch([1], (item) => item)
  await fine.finish()
  fine.reportFailures()
  const { batch: left } = runInScope(scope, () => batch([1], () => sleep(Infinity)))
  await left.stop()
  left.reportFailures()
  expect(taken).toHaveLength(2)
})

it('Batch waits for room again if others took it while an item was on its way', async () => {
  const item = Promise.withResolvers<string>()
  const gate = new AsyncEvent()
  async function* items() {
    yield await item.promise
  }
  const { batch: work, tasks, results } = batch(items(), (one) => one, { limit: 1, maxQueue: 0 })
  await settle()
  const other = tasks.submit(() => gate.wait())
  item.resolve('late')
  await settle()
  expect([tasks.full, results.size]).toEqual([true, 0])
  gate.set()
  await other
  await work.finish()
  expect(results.take()).toBe('late')
})
