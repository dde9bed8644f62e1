import { expect, it } from 'vitest'
import { rejectionOf } from '../../support/rejection.ts'
import { Uncaught } from '../../support/uncaught.ts'
import { CancelledError } from '../../../src/concurrency/errors.ts'
import { Pool } from '../../../src/concurrency/pool/pool.ts'
import { enclosingScope, runInScope } from '../../../src/concurrency/scope/context.ts'
import { Scope } from '../../../src/concurrency/scope/scope.ts'
import { AsyncEvent } from '../../../src/concurrency/sync/async-event.ts'
import { taskGroup } from '../../../src/concurrency/tasks/task-group.ts'
import type { TaskGroupError } from '../../../src/concurrency/tasks/task-group-error.ts'
import { sleep } from '../../../src/concurrency/time/sleep.ts'
import { MockClock } from '../../../src/testing/mock-clock.ts'
import { settle } from '../../../src/testing/settle.ts'

const idle = { running: 0, waiting: 0 }

async function collect<T>(results: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const result of results) all.push(result)
  return all
}

function double(item: number | string): string {
  return `${item}${item}`
}

async function fail(): Promise<never> {
  await settle()
  throw new Error('broken')
}

async function* generated() {
  yield 1
  await settle()
  yield 2
}

function slowly(item: number): Promise<number> {
  return sleep(10).then(() => item)
}

async function* counted(from: number) {
  for (let item = from; item < from + 5; item++) yield item
}

function* broken() {
  yield 1
  throw new Error('no more')
}

it('pool.map() returns the results in the order of the items', async () => {
  using _clock = MockClock.install({ autoJump: true })
  const pool = new Pool({ limit: 3 })
  const results = await pool.map([30, 10, 20, 5], async (delay, index) => {
    await sleep(delay)
    return `${index}:${delay}`
  })
  expect(results).toEqual(['0:30', '1:10', '2:20', '3:5'])
  expect(await pool.map([], () => 1)).toEqual([])
})

it('pool.map() takes items from whatever can be iterated', async () => {
  const pool = new Pool({ limit: 2 })
  expect(await pool.map(new Set([1, 2]), double)).toEqual(['11', '22'])
  expect(await pool.map('ab', double)).toEqual(['aa', 'bb'])
  expect(await pool.map(generated(), double)).toEqual(['11', '22'])
  await expect(pool.map(5 as unknown as [], double)).rejects.toThrow(
    new TypeError('Cannot iterate over 5: expected an iterable'),
  )
  await expect(pool.map(null as unknown as [], double)).rejects.toThrow(TypeError)
})

it('pool.map() cancels the others on the first failure, and throws it once they are over', async () => {
  const pool = new Pool({ limit: 3 })
  const log: string[] = []
  const mapped = pool.map([0, 1, 2, 3], async (item) => {
    if (item === 1) {
      await settle()
      throw new Error('broken')
    }
    try {
      await new AsyncEvent().wait()
    } finally {
      log.push(`${item} stopped`)
    }
  })
  await expect(mapped).rejects.toThrow(new Error('broken'))
  expect(log).toEqual(['0 stopped', '2 stopped'])
  expect(pool.statistics()).toMatchObject({ ...idle, failed: 1, cancelled: 3 })
  await pool.join()
})

it('pool.map() that is cancelled cancels its tasks and waits for them', async () => {
  const pool = new Pool({ limit: 2 })
  const scope = new Scope(undefined)
  const mapped = runInScope(scope, () => pool.map([1, 2, 3], () => new AsyncEvent().wait()))
  await settle()
  scope.cancel('enough')
  await expect(mapped).rejects.toThrow('Cancelled (explicit): enough')
  expect(pool.statistics()).toMatchObject({ ...idle, cancelled: 3 })
  expect([...scope.members()]).toEqual([])
})

it('pool.map() takes no item in a cancelled scope', async () => {
  const pool = new Pool({ limit: 2 })
  const scope = new Scope(undefined)
  scope.cancel()
  const items: number[] = []
  function* generated() {
    items.push(1)
    yield 1
  }
  await expect(runInScope(scope, () => pool.map(generated(), () => 1))).rejects.toThrow(
    CancelledError,
  )
  expect(items).toEqual([])
})

it('pool.map() throws when the pool is cancelled or closed under it', async () => {
  const pool = new Pool({ limit: 1 })
  const mapped = pool.map([1, 2, 3], () => new AsyncEvent().wait())
  await settle()
  pool.cancel('over')
  await expect(mapped).rejects.toThrow('over')
  await expect(pool.map([1], () => 1)).rejects.toThrow('is closed')
  expect(pool.statistics()).toMatchObject(idle)
})

it('pool.map() takes items only as they can be worked off', async () => {
  const pool = new Pool({ limit: 3 })
  let taken = 0
  let most = 0
  let done = 0
  function* items() {
    for (let item = 0; item < 100; item++) {
      most = Math.max(most, ++taken - done)
      yield item
    }
  }
  await pool.map(items(), async () => {
    await settle()
    done++
  })
  expect(done).toBe(100)
  expect(most).toBe(6)
})

it('pool.map() takes items only while the queue of the pool has room', async () => {
  const pool = new Pool({ limit: 4, maxQueue: 1, whenFull: 'reject' })
  const gate = new AsyncEvent()
  for (let i = 0; i < 4; i++) pool.submit(() => gate.wait())
  let most = 0
  const mapped = pool.map([1, 2, 3, 4, 5, 6], () => {
    most = Math.max(most, pool.statistics().waiting)
  })
  await settle()
  expect(pool.statistics()).toMatchObject({ running: 4, waiting: 1 })
  gate.set()
  await mapped
  expect(most).toBeLessThanOrEqual(1)
})

it('pool.map() in a pool without a limit takes 10,000 items at a time', async () => {
  const pool = new Pool({ limit: Infinity })
  const gate = new AsyncEvent()
  let taken = 0
  function* items() {
    while (taken < 10_500) yield taken++
  }
  const mapped = pool.map(items(), () => gate.wait())
  await settle()
  expect(taken).toBe(10_000)
  gate.set()
  expect((await mapped).length).toBe(10_500)
})

it('pool.map() closes the iterator when it gives up', async () => {
  const pool = new Pool({ limit: 1 })
  let closed = 0
  function* endless() {
    try {
      for (;;) yield 1
    } finally {
      closed++
    }
  }
  async function* slow() {
    try {
      yield 1
      await new AsyncEvent().wait()
    } finally {
      closed++
    }
  }
  await expect(pool.map(endless(), fail)).rejects.toThrow('broken')
  expect(closed).toBe(1)
  await expect(pool.map(slow(), fail)).rejects.toThrow('broken')
  await settle()
  expect(closed).toBe(2)
})

it('pool.map() waits for no iterator that never answers', async () => {
  const pool = new Pool({ limit: 1 })
  const scope = new Scope(undefined)
  const silent = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) }
  const mapped = runInScope(scope, () => pool.map(silent, () => 1))
  await settle()
  scope.cancel()
  await expect(mapped).rejects.toThrow(CancelledError)
})

it('pool.map() throws what the iterator throws', async () => {
  const pool = new Pool({ limit: 2 })
  const gone: number[] = []
  const mapped = pool.map(broken(), async (item) => {
    try {
      await new AsyncEvent().wait()
    } finally {
      gone.push(item)
    }
  })
  await expect(mapped).rejects.toThrow('no more')
  expect(gone).toEqual([1])
})

it('pool.map() refuses what is no function', () => {
  const pool = new Pool({ limit: 1 })
  expect(() => pool.map([1], 1 as unknown as () => void)).toThrow(TypeError)
  expect(() => pool.asCompleted([1], 1 as unknown as () => void)).toThrow(TypeError)
})

it('pool.asCompleted() gives the results as they come', async () => {
  using _clock = MockClock.install({ autoJump: true })
  const pool = new Pool({ limit: 3 })
  const results = pool.asCompleted([30, 10, 20, 5], async (delay) => {
    await sleep(delay)
    return delay
  })
  expect(await collect(results)).toEqual([10, 5, 20, 30])
  expect(await collect(pool.asCompleted([], () => 1))).toEqual([])
})

it('pool.asCompleted() begins when it is read', async () => {
  const pool = new Pool({ limit: 1 })
  let ran = false
  const results = pool.asCompleted([1], () => (ran = true))
  await settle()
  expect(ran).toBe(false)
  expect(await collect(results)).toEqual([true])
})

it('pool.asCompleted() takes items only as results are read', async () => {
  const pool = new Pool({ limit: 2 })
  let taken = 0
  function* endless() {
    for (;;) yield taken++
  }
  const results = pool.asCompleted(endless(), (item) => item)
  expect((await results.next()).value).toBe(0)
  await settle()
  expect(taken).toBe(5)
  await results.next()
  await settle()
  expect(taken).toBe(6)
  await results.return()
  expect(pool.statistics()).toMatchObject(idle)
})

it('pool.asCompleted() gives what was there, and then throws the first failure', async () => {
  const pool = new Pool({ limit: 3 })
  const read: number[] = []
  const reading = (async () => {
    for await (const result of pool.asCompleted([0, 1, 2], async (item) => {
      if (item === 2) {
        await settle()
        throw new Error('broken')
      }
      return item
    })) {
      read.push(result)
    }
  })()
  await expect(reading).rejects.toThrow('broken')
  expect(read).toEqual([0, 1])
})

it('pool.asCompleted() cancels and awaits what still runs when the loop is left', async () => {
  const pool = new Pool({ limit: 3 })
  const stopped: number[] = []
  for await (const result of pool.asCompleted([0, 1, 2, 3], async (item) => {
    try {
      if (item > 0) await new AsyncEvent().wait()
    } finally {
      stopped.push(item)
    }
    return item
  })) {
    expect(result).toBe(0)
    break
  }
  expect(stopped).toEqual([0, 1, 2, 3])
  expect(pool.statistics()).toMatchObject({ ...idle, succeeded: 1, cancelled: 3 })
})

it('pool.asCompleted() that is cancelled cancels and awaits its tasks', async () => {
  const pool = new Pool({ limit: 2 })
  const scope = new Scope(undefined)
  const reading = runInScope(scope, () =>
    collect(pool.asCompleted([1, 2, 3], () => new AsyncEvent().wait())),
  )
  await settle()
  scope.cancel('enough')
  await expect(reading).rejects.toThrow('enough')
  expect(pool.statistics()).toMatchObject({ ...idle, cancelled: 3 })
  expect([...scope.members()]).toEqual([])
})

it('pool.asCompleted() leaves the reader in its own scope', async () => {
  const pool = new Pool({ limit: 2 })
  const scope = new Scope(undefined)
  await runInScope(scope, async () => {
    for await (const result of pool.asCompleted([1, 2, 3], () => settle())) {
      expect(result).toBeUndefined()
      expect(enclosingScope()).toBe(scope)
    }
  })
})

it('pool.map() loses no failure: those after the first go along with it', async () => {
  await using pool = new Pool({ limit: 2 })
  const errors = [new Error('first'), new Error('second')]
  const error = await rejectionOf(pool.map(errors, (one) => Promise.reject(one)))
  expect(error).toBe(errors[0])
  expect(error).toMatchObject({ suppressed: [errors[1]] })
})

it.each([
  { limit: 2, maxQueue: 0, whenFull: 'reject' as const },
  { limit: 1, maxQueue: 1, whenFull: 'reject' as const },
  { limit: 1, maxQueue: 1, whenFull: 'drop-oldest' as const },
])('pool.map() waits for room while others use the pool, with %j', async (options) => {
  using _clock = MockClock.install({ autoJump: true })
  const pool = new Pool(options)
  const results = await Promise.all([
    pool.map(counted(0), slowly),
    pool.map(counted(5), slowly),
    pool.map([10, 11, 12, 13, 14], slowly),
    collect(pool.asCompleted(counted(15), slowly)),
  ])
  expect(results.flat()).toEqual(Array.from({ length: 20 }, (_, item) => item))
  expect(pool.statistics()).toMatchObject({ ...idle, succeeded: 20, dropped: 0 })
})

it("pool.map() loses no item to the tasks of others with whenFull 'drop-oldest'", async () => {
  const pool = new Pool({ limit: 1, maxQueue: 1, whenFull: 'drop-oldest' })
  const gate = new AsyncEvent()
  const mapped = pool.map([1, 2, 3], async (item) => {
    await gate.wait()
    return item
  })
  await settle()
  const older = pool.submit(() => 'older')
  const newer = pool.submit(() => 'newer')
  await expect(older).rejects.toThrow('it was dropped for a newer one')
  gate.set()
  expect(await mapped).toEqual([1, 2, 3])
  expect(await newer).toBe('newer')
  expect(pool.statistics()).toMatchObject({ ...idle, succeeded: 4, cancelled: 1, dropped: 1 })
})

it('pool.map() waits again where others took the room while an item came', async () => {
  const pool = new Pool({ limit: 1, maxQueue: 1, whenFull: 'reject' })
  const gate = new AsyncEvent()
  const coming = new AsyncEvent()
  async function* items() {
    await coming.wait()
    yield 1
  }
  const mapped = pool.map(items(), (item) => item)
  await settle()
  const others = [pool.submit(() => gate.wait()), pool.submit(() => gate.wait())]
  coming.set()
  await settle()
  expect(pool.statistics()).toMatchObject({ running: 1, waiting: 1 })
  gate.set()
  expect(await mapped).toEqual([1])
  await Promise.all(others)
})

it('pool.asCompleted() that is left hands failures of cleaning up to the group around', async () => {
  const pool = new Pool({ limit: 3 })
  const broken = new Error('broken')
  const group = taskGroup(async () => {
    for await (const item of pool.asCompleted([0, 1, 2], async (item) => {
      if (item === 0) return item
      try {
        await new AsyncEvent().wait()
      } catch (error) {
        throw item === 1 ? broken : error
      }
      return item
    })) {
      expect(item).toBe(0)
      break
    }
  })
  expect(((await rejectionOf(group)) as TaskGroupError).errors).toEqual([broken])
})

it('pool.asCompleted() that is left hands over a failure that was not read yet', async () => {
  using uncaught = new Uncaught()
  const pool = new Pool({ limit: 3 })
  const results = pool.asCompleted([0, 1, 2], (item) => {
    if (item === 2) throw new Error('broken')
    return item
  })
  await results.next()
  await settle()
  await results.return()
  await settle()
  expect(uncaught.errors).toEqual([new Error('broken')])
})

it('pool.asCompleted() that is left where all stop as they should hands over nothing', async () => {
  using uncaught = new Uncaught()
  const pool = new Pool({ limit: 2 })
  const results = pool.asCompleted([0, 1], async (item) => {
    if (item === 1) await new AsyncEvent().wait()
    return item
  })
  await results.next()
  await results.return()
  await settle()
  expect(uncaught.errors).toEqual([])
})
