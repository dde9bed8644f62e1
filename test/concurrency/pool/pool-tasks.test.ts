import { AsyncLocalStorage } from 'node:async_hooks'
import { expect, it } from 'vitest'
import {
  BusyResourceError,
  CancelledError,
  ClosedResourceError,
  TimeoutError,
} from '../../../src/concurrency/errors.ts'
import { Pool } from '../../../src/concurrency/pool/pool.ts'
import { runInScope } from '../../../src/concurrency/scope/context.ts'
import { currentScope, Scope } from '../../../src/concurrency/scope/scope.ts'
import type { Waiter } from '../../../src/concurrency/scope/waiter.ts'
import { AsyncEvent } from '../../../src/concurrency/sync/async-event.ts'
import { shield } from '../../../src/concurrency/tasks/shield.ts'
import type { Task } from '../../../src/concurrency/tasks/task.ts'
import { currentTask } from '../../../src/concurrency/tasks/task.ts'
import { taskGroup } from '../../../src/concurrency/tasks/task-group.ts'
import { TaskGroupError } from '../../../src/concurrency/tasks/task-group-error.ts'
import { wait } from '../../../src/concurrency/tasks/wait.ts'
import { moveOnAfter, timeout } from '../../../src/concurrency/time/timeout.ts'
import { sleep } from '../../../src/concurrency/time/sleep.ts'
import { MockClock } from '../../../src/testing/mock-clock.ts'
import { settle } from '../../../src/testing/settle.ts'
import { rejectionOf } from '../../support/rejection.ts'

const fresh = {
  limit: 1,
  running: 0,
  waiting: 0,
  backingOff: 0,
  succeeded: 0,
  failed: 0,
  cancelled: 0,
  dropped: 0,
  retried: 0,
}

/** A pool of one slot, which a task holds until the gate is opened. */
function busyPool(options: Partial<ConstructorParameters<typeof Pool>[0]> = {}) {
  const pool = new Pool({ limit: 1, ...options })
  const gate = new AsyncEvent()
  const holder = pool.submit(() => gate.wait(), { name: 'holder' })
  return { pool, gate, holder }
}

it('Pool runs as many tasks at a time as its limit says', async () => {
  const pool = new Pool({ limit: 3 })
  let running = 0
  let most = 0
  const tasks = Array.from({ length: 20 }, (_, index) =>
    pool.submit(async () => {
      most = Math.max(most, ++running)
      await settle()
      running--
      return index
    }),
  )
  expect(pool.statistics()).toEqual({ ...fresh, limit: 3, running: 3, waiting: 17 })
  expect(await Promise.all(tasks)).toEqual(Array.from({ length: 20 }, (_, index) => index))
  expect(most).toBe(3)
  expect(pool.statistics()).toEqual({ ...fresh, limit: 3, succeeded: 20 })
})

it('Pool starts tasks in the order in which they were submitted', async () => {
  const pool = new Pool({ limit: 2 })
  const started: number[] = []
  const tasks = Array.from({ length: 6 }, (_, index) => pool.submit(() => started.push(index)))
  expect(started).toEqual([])
  await Promise.all(tasks)
  expect(started).toEqual([0, 1, 2, 3, 4, 5])
})

it('Pool starts tasks of a higher priority first', async () => {
  const { pool, gate } = busyPool()
  const started: string[] = []
  const submit = (name: string, priority?: number) =>
    pool.submit(() => started.push(name), priority === undefined ? {} : { priority })
  const tasks = [
    submit('low', -1),
    submit('a'),
    submit('high', 9),
    submit('b'),
    submit('higher', 10),
  ]
  gate.set()
  await Promise.all(tasks)
  expect(started).toEqual(['higher', 'high', 'a', 'b', 'low'])
})

it('Pool gives the slot to the next task only once the one before has ended', async () => {
  using clock = MockClock.install()
  const pool = new Pool({ limit: 1, timeout: 10 })
  const log: string[] = []
  const stubborn = pool.submit(async () => {
    try {
      await sleep(1_000)
    } finally {
      await shield(() => sleep(5))
      log.push('stopped')
    }
  })
  const next = pool.submit(() => log.push('next'))
  await clock.advance(14)
  expect(log).toEqual([])
  expect(pool.statistics()).toMatchObject({ running: 1, waiting: 1 })
  await clock.advance(1)
  await expect(stubborn).rejects.toThrow(TimeoutError)
  await next
  expect(log).toEqual(['stopped', 'next'])
})

it('Pool.submit() runs the task in the scope and the context of the caller', async () => {
  const store = new AsyncLocalStorage<string>()
  const { pool, gate, holder } = busyPool()
  const scope = new Scope(undefined)
  const seen = (name: string) =>
    store.run(name, () =>
      runInScope(scope, () =>
        pool.submit(
          async () => {
            const before = store.getStore()
            await settle()
            return [before, store.getStore(), currentTask()?.name, currentScope().parent === scope]
          },
          { name },
        ),
      ),
    )
  const [first, second] = [seen('first'), seen('second')]
  gate.set()
  await holder
  expect(await first).toEqual(['first', 'first', 'first', true])
  expect(await second).toEqual(['second', 'second', 'second', true])
})

it('Pool.submit() hands in a task that is cancelled with the scope that submitted it', async () => {
  const { pool, gate } = busyPool({ limit: 2 })
  const scope = new Scope(undefined)
  let ran = false
  const submit = () => [
    pool.submit(() => new AsyncEvent().wait()),
    pool.submit(() => {
      ran = true
    }),
  ]
  const [running, waiting] = runInScope(scope, submit) as [Task, Task]
  await settle()
  expect(pool.statistics()).toMatchObject({ running: 2, waiting: 1 })
  scope.cancel('enough')
  expect(pool.statistics()).toMatchObject({ running: 2, waiting: 0, cancelled: 1 })
  await expect(running).rejects.toThrow('Cancelled (explicit): enough')
  await expect(waiting).rejects.toThrow('Cancelled (explicit): enough')
  expect(ran).toBe(false)
  expect(pool.statistics()).toMatchObject({ running: 1, waiting: 0, cancelled: 2 })
  gate.set()
  await pool.join()
})

it('Pool.submit() in a cancelled scope hands in nothing', async () => {
  const pool = new Pool({ limit: 1 })
  const scope = new Scope(undefined)
  scope.cancel()
  let ran = false
  const task = runInScope(scope, () => pool.submit(() => (ran = true)))
  await expect(task).rejects.toThrow(CancelledError)
  expect(ran).toBe(false)
  expect(pool.statistics()).toEqual({ ...fresh, cancelled: 1 })
})

it('Pool.submit() hands in a task that the group around is done with cancels', async () => {
  const pool = new Pool({ limit: 1 })
  let left: Task | undefined
  await taskGroup(() => {
    left = pool.submit(() => new AsyncEvent().wait())
  })
  expect(left?.state).toBe('cancelled')
  expect(pool.statistics()).toEqual({ ...fresh, cancelled: 1 })
})

it('Pool.submit() with detached hands in a task that outlives its scope', async () => {
  const { pool, gate } = busyPool()
  const store = new AsyncLocalStorage<string>()
  const scope = new Scope(undefined)
  const task = store.run('kept', () =>
    runInScope(scope, () => pool.submit(() => store.getStore(), { detached: true })),
  )
  scope.cancel()
  gate.set()
  expect(await task).toBe('kept')
})

it('Pool.submit() returns a task that can be cancelled while it waits and while it runs', async () => {
  const { pool, gate, holder } = busyPool()
  let ran = false
  const waiting = pool.submit(() => (ran = true))
  expect(waiting.cancel('changed my mind')).toBe(true)
  expect(waiting.state).toBe('cancelled')
  expect(pool.statistics()).toMatchObject({ running: 1, waiting: 0 })
  await settle()
  expect(holder.cancel()).toBe(true)
  await expect(holder).rejects.toThrow(CancelledError)
  gate.set()
  expect(ran).toBe(false)
  expect(pool.statistics()).toEqual({ ...fresh, cancelled: 2 })
})

it('Pool.submit() refuses what is no function, a priority that is no number and an empty name', () => {
  const pool = new Pool({ limit: 1 })
  const promise = Promise.resolve() as unknown as () => void
  expect(() => pool.submit(promise)).toThrow(
    'Cannot submit a task: expected a function, got Promise; pass a function that returns the promise, not the promise',
  )
  expect(() => pool.submit(() => {}, { priority: NaN })).toThrow(
    new RangeError('Cannot use NaN as a priority: expected a number'),
  )
  expect(() => pool.submit(() => {}, { name: '' })).toThrow(TypeError)
  expect(() => pool.submit(() => {}, { timeout: -1 })).toThrow(RangeError)
  expect(() => pool.submit(() => {}, { retry: 0 })).toThrow(RangeError)
  expect(pool.statistics()).toEqual(fresh)
})

it('Pool.submit() takes any number of tasks unless told otherwise', async () => {
  const { pool, gate } = busyPool({ maxQueue: 2 })
  for (let i = 0; i < 5; i++) pool.submit(() => {})
  expect(pool.full).toBe(true)
  expect(pool.statistics().waiting).toBe(5)
  gate.set()
  await pool.join()
})

it("Pool with whenFull 'reject' refuses tasks while the queue is full", async () => {
  const { pool, gate } = busyPool({ maxQueue: 1, whenFull: 'reject', name: 'small' })
  pool.submit(() => {})
  expect(() => pool.submit(() => {})).toThrow(
    new BusyResourceError('Cannot submit another task: 1 wait already in the pool "small"'),
  )
  gate.set()
  await pool.join()
  expect(pool.statistics()).toEqual({ ...fresh, succeeded: 2 })
})

it("Pool with whenFull 'drop-oldest' cancels the task that has waited longest", async () => {
  const { pool, gate } = busyPool({ maxQueue: 2, whenFull: 'drop-oldest', name: 'small' })
  const [first, second, third] = [
    pool.submit(() => 'first', { priority: 1, name: 'first' }),
    pool.submit(() => 'second'),
    pool.submit(() => 'third', { priority: 2 }),
  ]
  await expect(first).rejects.toThrow(
    'Cancelled (group): Cannot run the task "first": it was dropped for a newer one, since 2 wait already in the pool "small"',
  )
  gate.set()
  expect(await Promise.all([second, third])).toEqual(['second', 'third'])
  expect(pool.statistics()).toEqual({ ...fresh, succeeded: 3, cancelled: 1, dropped: 1 })
})

it('Pool without a queue takes a task only while a slot is free', async () => {
  const { pool, gate } = busyPool({ maxQueue: 0, whenFull: 'reject' })
  expect(() => pool.submit(() => {})).toThrow(BusyResourceError)
  gate.set()
  await pool.join()
  expect(pool.full).toBe(false)
  expect(await pool.submit(() => 'taken')).toBe('taken')
})

it('Pool.ready() waits until there is room', async () => {
  const { pool, gate } = busyPool({ maxQueue: 2 })
  await pool.ready()
  const waiting = new AsyncEvent()
  for (let i = 0; i < 2; i++) pool.submit(() => waiting.wait())
  const order: number[] = []
  const ready = [0, 1, 2].map(async (index) => {
    await pool.ready()
    order.push(index)
    pool.submit(() => waiting.wait())
  })
  await settle()
  expect(order).toEqual([])
  gate.set()
  await settle()
  expect(order).toEqual([0])
  waiting.set()
  await Promise.all(ready)
  expect(order).toEqual([0, 1, 2])
  await pool.join()
})

it('Pool.ready() bounds the queue of many who submit', async () => {
  const pool = new Pool({ limit: 2, maxQueue: 3 })
  let most = 0
  await Promise.all(
    Array.from({ length: 5 }, async () => {
      for (let i = 0; i < 20; i++) {
        await pool.ready()
        pool.submit(() => settle())
        most = Math.max(most, pool.statistics().waiting)
      }
    }),
  )
  await pool.join()
  expect(most).toBe(3)
  expect(pool.statistics().succeeded).toBe(100)
})

it('Pool.ready() leaves nobody waiting, although those who were woken submit nothing', async () => {
  const { pool, gate } = busyPool({ maxQueue: 1 })
  pool.submit(() => {})
  const ready = Array.from({ length: 10 }, () => pool.ready())
  gate.set()
  await Promise.all(ready)
  expect(pool.full).toBe(false)
})

it('Pool.ready() that is cancelled stops waiting', async () => {
  const { pool, gate } = busyPool({ maxQueue: 0 })
  const scope = new Scope(undefined)
  const ready = runInScope(scope, () => pool.ready())
  scope.cancel()
  await expect(ready).rejects.toThrow(CancelledError)
  gate.set()
  await pool.join()
  await expect(runInScope(scope, () => pool.ready())).rejects.toThrow(CancelledError)
})

it('Pool throws a failure to whoever awaits the task, and goes on', async () => {
  const pool = new Pool({ limit: 1 })
  const failing = pool.submit(() => {
    throw new Error('broken')
  })
  const next = pool.submit(() => 'fine')
  await expect(failing).rejects.toThrow('broken')
  expect(await next).toBe('fine')
  await pool.join()
  expect(pool.statistics()).toEqual({ ...fresh, succeeded: 1, failed: 1 })
})

it('Pool.join() throws failures that nobody has looked at, once', async () => {
  const pool = new Pool({ limit: 2, name: 'crawl' })
  pool.submit(() => Promise.reject(new Error('first')), { name: 'a' })
  const seen = pool.submit(() => Promise.reject(new Error('second')), { name: 'b' })
  pool.submit(() => Promise.reject(new Error('third')), { name: 'c' })
  await expect(seen).rejects.toThrow('second')
  const failure: unknown = await pool.join().catch((error: unknown) => error)
  expect(TaskGroupError.is(failure) && failure.failures).toEqual([
    { name: 'a', error: new Error('first') },
    { name: 'c', error: new Error('third') },
  ])
  await pool.join()
})

it('Pool.join() and Pool.close() throw the same failures to all who wait, and to nobody who comes later', async () => {
  const { pool, gate } = busyPool()
  pool.submit(() => Promise.reject(new Error('broken')), { name: 'page' })
  const scope = new Scope(undefined)
  const leaving = runInScope(scope, () => pool.join())
  const ends = Promise.allSettled([pool.join(), pool.join(), pool.close()])
  scope.cancel('not that one')
  gate.set()
  const [first, ...others] = (await ends).map((end) => end.status === 'rejected' && end.reason)
  expect(first).toMatchObject({ failures: [{ name: 'page', error: new Error('broken') }] })
  expect(others).toEqual([first, first])
  expect(others.every((other) => other === first)).toBe(true)
  await expect(leaving).rejects.toMatchObject({ reason: 'not that one' })
  await pool.join()
  await pool.close()
})

it('Pool.close() that is cancelled leaves failures to those who still wait', async () => {
  const { pool, gate, holder } = busyPool()
  const scope = new Scope(undefined)
  holder.addDoneCallback(() => undefined)
  const failing = pool.submit(() =>
    shield(() => gate.wait()).then(() => Promise.reject(new Error('late'))),
  )
  const closing = runInScope(scope, () => pool.close())
  const joined = rejectionOf(pool.join())
  pool.resize(2)
  await settle()
  scope.cancel()
  gate.set()
  await closing
  expect(await joined).toMatchObject({
    failures: [{ name: failing.name, error: new Error('late') }],
  })
})

it('Pool.join() does not throw what map() has thrown', async () => {
  const pool = new Pool({ limit: 1 })
  await expect(pool.map([1], () => Promise.reject(new Error('told')))).rejects.toThrow('told')
  await pool.join()
  expect(pool.statistics()).toEqual({ ...fresh, failed: 1 })
})

it('Pool.join() waits until no task is left, those that tasks submit included', async () => {
  const pool = new Pool({ limit: 2 })
  let depth = 0
  const crawl = async (level: number): Promise<void> => {
    depth = Math.max(depth, level)
    await settle()
    if (level < 4) pool.submit(() => crawl(level + 1), { detached: true })
  }
  pool.submit(() => crawl(0))
  await pool.join()
  expect(depth).toBe(4)
  await pool.join()
  expect(pool.closed).toBe(false)
})

it('Pool.join() that is cancelled only stops waiting', async () => {
  const { pool, gate, holder } = busyPool()
  const scope = new Scope(undefined)
  const joined = runInScope(scope, () => pool.join())
  scope.cancel()
  await expect(joined).rejects.toThrow(CancelledError)
  expect(holder.state).toBe('running')
  gate.set()
  await pool.join()
  await expect(runInScope(scope, () => pool.join())).rejects.toThrow(CancelledError)
})

it('Pool refuses to be waited for inside one of its tasks', async () => {
  const pool = new Pool({ limit: 1, name: 'own' })
  const message = 'Cannot wait for the pool "own" inside its task "inner": it would wait for itself'
  const join = pool.submit(() => pool.join(), { name: 'inner' })
  await expect(join).rejects.toThrow(new BusyResourceError(message))
  const close = pool.submit(() => timeout(1_000, () => pool.close()), { name: 'inner' })
  await expect(close).rejects.toThrow(new BusyResourceError(message))
  const other = new Pool({ limit: 1 })
  await pool.submit(() => other.close())
})

it('Pool.close() takes no more tasks and waits for those that it has', async () => {
  const { pool, gate } = busyPool({ name: 'closing' })
  const waiting = pool.submit(() => 'done')
  let closed = false
  const closing = pool.close().then(() => (closed = true))
  expect(pool.closed).toBe(true)
  expect(() => pool.submit(() => {})).toThrow(
    new ClosedResourceError('Cannot submit a task: the pool "closing" is closed'),
  )
  await expect(pool.ready()).rejects.toThrow(
    new ClosedResourceError('Cannot wait for room: the pool "closing" is closed'),
  )
  await settle()
  expect(closed).toBe(false)
  gate.set()
  await closing
  expect(await waiting).toBe('done')
  await pool.close()
})

it('Pool.close() tells those who wait for room', async () => {
  const { pool, gate } = busyPool({ maxQueue: 0 })
  const ready = pool.ready()
  const closing = pool.close()
  await expect(ready).rejects.toThrow(ClosedResourceError)
  gate.set()
  await closing
})

it('Pool.close() throws failures that nobody has looked at', async () => {
  const pool = new Pool({ limit: 1 })
  pool.submit(() => Promise.reject(new Error('lost')))
  await expect(pool.close()).rejects.toThrow(TaskGroupError)
})

it('Pool.close() ends a pool that is paused', async () => {
  const pool = new Pool({ limit: 1 })
  pool.pause()
  const task = pool.submit(() => 'ran')
  await pool.close()
  expect(await task).toBe('ran')
})

it('Pool.close() in a cancelled scope cancels all tasks, waits for them and does not throw', async () => {
  const { pool, holder } = busyPool()
  const waiting = pool.submit(() => {})
  pool.submit(() => Promise.reject(new Error('lost')), { priority: 1 })
  await settle()
  const scope = new Scope(undefined)
  scope.cancel('over')
  await runInScope(scope, () => pool.close())
  expect([holder.state, waiting.state]).toEqual(['cancelled', 'cancelled'])
  await runInScope(scope, () => pool.close())
})

it('Pool.close() that is cancelled while it waits cancels all tasks and waits for them', async () => {
  const { pool, holder } = busyPool()
  const scope = new Scope(undefined)
  const closing = runInScope(scope, () => pool.close())
  await settle()
  scope.cancel('over')
  await closing
  expect(holder.state).toBe('cancelled')
  expect(() => holder.result()).toThrow('over')
})

it('Pool.close() that is cancelled ends where tasks wait that have not begun', async () => {
  using clock = MockClock.install()
  const pool = new Pool({ limit: 1, rate: { limit: 1, interval: 60_000 } })
  const first = pool.submit(() => 'first')
  const second = pool.submit(() => 'second')
  const closed = moveOnAfter(20, () => pool.close())
  await clock.advance(20)
  await closed
  expect(await first).toBe('first')
  await expect(second).rejects.toThrow(CancelledError)
  expect(pool.statistics()).toEqual({ ...fresh, succeeded: 1, cancelled: 1 })
  expect(clock.pending).toBe(0)
})

it('Pool is closed at the end of a block', async () => {
  let task: Task<string> | undefined
  {
    await using pool = new Pool({ limit: 1 })
    task = pool.submit(() => settle().then(() => 'done'))
  }
  expect(task.result()).toBe('done')
})

it('Pool.cancel() cancels all tasks and takes no more', async () => {
  const { pool, holder } = busyPool({ name: 'doomed' })
  const waiting = pool.submit(() => {})
  const detached = pool.submit(() => {}, { detached: true })
  await settle()
  pool.cancel()
  expect(pool.closed).toBe(true)
  expect(pool.statistics().waiting).toBe(0)
  await pool.join()
  expect([holder, waiting, detached].map((task) => task.state)).toEqual(Array(3).fill('cancelled'))
  expect(() => holder.result()).toThrow('Cancelled (group): the pool "doomed" was cancelled')
  pool.cancel('again')
})

it('Pool.cancel() cancels those too who are set aside for their key, or wait to be tried again', async () => {
  using clock = MockClock.install()
  const pool = new Pool({ limit: 5, keyLimit: 1, retry: { attempts: 9, delay: 10 } })
  const tasks = [
    pool.submit(() => new AsyncEvent().wait(), { key: 'a' }),
    pool.submit(() => {}, { key: 'a' }),
    pool.submit(() => Promise.reject(new Error('again'))),
  ]
  await settle()
  expect(pool.statistics()).toMatchObject({ running: 1, waiting: 1, backingOff: 1 })
  pool.cancel()
  await pool.join()
  expect(tasks.map((task) => task.state)).toEqual(['cancelled', 'cancelled', 'cancelled'])
  expect(clock.pending).toBe(0)
})

it('Pool with an adaptive limit counts failures of too much load, each attempt', async () => {
  using clock = MockClock.install()
  const pool = new Pool({ limit: 'adaptive', min: 2, max: 20, timeout: 10, name: 'own' })
  expect(pool.limit).toBe(10)
  pool.submit(() => sleep(50))
  await clock.advance(10)
  expect(pool.limit).toBe(9)
  pool.submit(() => Promise.reject(new Error('not so')), { retry: 2 })
  await clock.advance(200)
  expect(pool.limit).toBe(9)
  expect(() => pool.resize(5)).toThrow(
    new TypeError('Cannot resize the pool "own": its limit is adaptive'),
  )
  await expect(pool.join()).rejects.toThrow(TaskGroupError)
  expect(clock.pending).toBe(0)
})

it('Pool with an adaptive limit makes use of a limit that has grown', async () => {
  using clock = MockClock.install()
  const pool = new Pool({ limit: 'adaptive', max: 100 })
  for (let i = 0; i < 400; i++) pool.submit(() => sleep(10))
  await clock.advance(60)
  expect(pool.limit).toBeGreaterThan(10)
  expect(pool.statistics().running).toBe(pool.limit)
  await clock.advance(1_000)
  expect(pool.statistics()).toMatchObject({ running: 0, succeeded: 400 })
})

it('Pool names what join() waits for', async () => {
  const { pool, gate } = busyPool({ name: 'busy' })
  const scope = new Scope(undefined)
  const joined = runInScope(scope, () => pool.join())
  expect([...scope.members()].map((member) => (member as Waiter<void>).what)).toEqual([
    'the tasks of "busy"',
  ])
  gate.set()
  await joined
})

it('Pool.cancel() gives its reason to the tasks', async () => {
  const { pool, holder } = busyPool()
  await settle()
  pool.cancel('no more time')
  await expect(holder).rejects.toThrow('Cancelled (group): no more time')
})

it('Pool.pause() starts no tasks until resume()', async () => {
  const pool = new Pool({ limit: 2 })
  const started: string[] = []
  pool.submit(() => started.push('running'))
  pool.pause()
  expect(pool.paused).toBe(true)
  pool.submit(() => started.push('waiting'))
  await settle()
  expect(started).toEqual(['running'])
  pool.resume()
  expect(pool.paused).toBe(false)
  await pool.join()
  expect(started).toEqual(['running', 'waiting'])
})

it('Pool.pause() is refused once the pool is closed, so that it comes to its end', async () => {
  const { pool, gate } = busyPool({ name: 'closing' })
  const waiting = pool.submit(() => 'waited')
  const closed = pool.close()
  expect(() => pool.pause()).toThrow(
    new ClosedResourceError('Cannot pause: the pool "closing" is closed'),
  )
  expect(pool.paused).toBe(false)
  gate.set()
  await closed
  expect(await waiting).toBe('waited')
})

it('Pool.resize() starts more tasks, or waits until fewer run', async () => {
  const { pool, gate } = busyPool()
  for (let i = 0; i < 4; i++) pool.submit(() => gate.wait())
  pool.resize(3)
  expect(pool.limit).toBe(3)
  expect(pool.statistics()).toMatchObject({ running: 3, waiting: 2 })
  pool.resize(1)
  expect(pool.statistics()).toMatchObject({ limit: 1, running: 3, waiting: 2 })
  gate.set()
  await pool.join()
  expect(() => pool.resize(0)).toThrow(
    new RangeError(
      'Cannot use 0 as the limit of a pool: expected an integer of at least 1, or Infinity',
    ),
  )
})

it('Pool.resize() makes room for those who wait to submit', async () => {
  const { pool, gate } = busyPool({ maxQueue: 0 })
  const ready = pool.ready()
  pool.resize(2)
  await expect(ready).resolves.toBeUndefined()
  gate.set()
  await pool.join()
})

it('Pool.on() tells when nobody waits any more and when nothing is left', async () => {
  const { pool, gate } = busyPool()
  const log: string[] = []
  pool.on('drain', () => log.push('drain'))
  const off = pool.on('idle', () => log.push('idle'))
  const second = new AsyncEvent()
  pool.submit(() => second.wait())
  gate.set()
  await settle()
  expect(log).toEqual(['drain'])
  second.set()
  await pool.join()
  expect(log).toEqual(['drain', 'idle'])
  off()
  await pool.submit(() => {})
  expect(log).toEqual(['drain', 'idle'])
})

it('Pool limits the tasks of a key without holding up others', async () => {
  const pool = new Pool({ limit: 3, keyLimit: 1 })
  const gates = { a: new AsyncEvent(), b: new AsyncEvent() }
  const started: string[] = []
  const submit = (key: 'a' | 'b', name: string) =>
    pool.submit(
      () => {
        started.push(name)
        return gates[key].wait()
      },
      { key },
    )
  submit('a', 'a1')
  const second = submit('a', 'a2')
  submit('a', 'a3')
  submit('b', 'b1')
  pool.submit(() => started.push('free'))
  await settle()
  expect(started).toEqual(['a1', 'b1', 'free'])
  expect(pool.statistics()).toMatchObject({ running: 2, waiting: 2 })
  second.cancel()
  expect(pool.statistics()).toMatchObject({ running: 2, waiting: 1 })
  gates.a.set()
  gates.b.set()
  await pool.join()
  expect(started).toEqual(['a1', 'b1', 'free', 'a3'])
})

it('Pool starts a task of a key before those that came later, once there is room', async () => {
  const pool = new Pool({ limit: 2, keyLimit: (key) => (key === 'slow' ? 1 : Infinity) })
  const [slow, other] = [new AsyncEvent(), new AsyncEvent()]
  const started: string[] = []
  const log = (name: string, gate?: AsyncEvent) => () => {
    started.push(name)
    return gate?.wait()
  }
  pool.submit(log('slow 1', slow), { key: 'slow' })
  pool.submit(log('slow 2'), { key: 'slow' })
  pool.submit(log('other', other), { key: 'fast' })
  pool.submit(log('last'))
  await settle()
  expect(started).toEqual(['slow 1', 'other'])
  slow.set()
  await settle()
  expect(started).toEqual(['slow 1', 'other', 'slow 2', 'last'])
  other.set()
  await pool.join()
})

it('Pool starts tasks at the rate that it is given', async () => {
  using clock = MockClock.install()
  const pool = new Pool({ limit: 10, rate: { limit: 2, interval: 100 } })
  const times: number[] = []
  for (let i = 0; i < 6; i++) pool.submit(() => times.push(clock.now()))
  expect(pool.full).toBe(false)
  await clock.advance(1_000)
  expect(times).toEqual([0, 0, 50, 100, 150, 200])
  await pool.join()
  expect(clock.pending).toBe(0)
})

it('Pool sets no timer for a rate while nobody waits', async () => {
  using clock = MockClock.install()
  const pool = new Pool({ limit: 10, rate: { limit: 1, interval: 100 } })
  await pool.submit(() => {})
  const waiting = pool.submit(() => {})
  expect(clock.pending).toBe(1)
  waiting.cancel()
  expect(clock.pending).toBe(0)
  const again = pool.submit(() => 'later')
  pool.pause()
  expect(clock.pending).toBe(0)
  await clock.advance(100)
  pool.resume()
  expect(await again).toBe('later')
})

it('Pool stops a task that takes too long, each attempt anew', async () => {
  using clock = MockClock.install()
  const pool = new Pool({ limit: 1, timeout: 10 })
  const slow = pool.submit(() => sleep(50))
  const patient = pool.submit(() => sleep(50), { timeout: 100 })
  await clock.advance(60)
  await expect(slow).rejects.toThrow(new TimeoutError('scope', 10))
  await patient
  expect(pool.statistics()).toEqual({ ...fresh, succeeded: 1, failed: 1 })
})

it('Pool tries a task again, without a slot in between', async () => {
  using clock = MockClock.install()
  const pool = new Pool({ limit: 1, retry: { attempts: 3, delay: 100, jitter: 0 } })
  const times: number[] = []
  const flaky = pool.submit(() => {
    times.push(clock.now())
    if (times.length < 3) throw new Error('not yet')
    return 'at last'
  })
  const other = pool.submit(() => 'meanwhile')
  await clock.advance(0)
  expect(await other).toBe('meanwhile')
  expect(pool.statistics()).toMatchObject({ running: 0, backingOff: 1, retried: 1 })
  await clock.advance(300)
  expect(await flaky).toBe('at last')
  expect(times).toEqual([0, 100, 300])
  expect(pool.statistics()).toEqual({ ...fresh, succeeded: 2, retried: 2 })
})

it('Pool gives up after the last attempt, with the last error', async () => {
  using clock = MockClock.install()
  const pool = new Pool({ limit: 1 })
  let attempts = 0
  const hopeless = pool.submit(
    () => {
      throw new Error(`attempt ${++attempts}`)
    },
    { retry: 2 },
  )
  await clock.advance(100)
  await expect(hopeless).rejects.toThrow('attempt 2')
  expect(pool.statistics()).toEqual({ ...fresh, failed: 1, retried: 1 })
})

it('Pool lets a task that waits to be tried again be cancelled', async () => {
  using clock = MockClock.install()
  const { pool, gate } = busyPool({ limit: 1, retry: { attempts: 9, delay: 10, jitter: 0 } })
  const flaky = pool.submit(() => Promise.reject(new Error('never')))
  gate.set()
  await settle()
  expect(pool.statistics()).toMatchObject({ running: 0, backingOff: 1 })
  const second = new AsyncEvent()
  pool.submit(() => second.wait())
  await clock.advance(10)
  expect(pool.statistics()).toMatchObject({ running: 1, waiting: 1, backingOff: 0 })
  flaky.cancel()
  await expect(flaky).rejects.toThrow(CancelledError)
  expect(pool.statistics()).toMatchObject({ running: 1, waiting: 0 })
  second.set()
  await pool.join()

  const sleeping = pool.submit(() => Promise.reject(new Error('never')))
  await settle()
  sleeping.cancel()
  await expect(sleeping).rejects.toThrow(CancelledError)
  expect(pool.statistics()).toMatchObject({ running: 0, waiting: 0, backingOff: 0, cancelled: 2 })
  expect(clock.pending).toBe(0)
})

it.each([
  [{ limit: 0 }, RangeError],
  [{ limit: -1 }, RangeError],
  [{ limit: '4' as unknown as number }, TypeError],
  [{ limit: 1, maxQueue: -1 }, RangeError],
  [{ limit: 1, whenFull: 'panic' as 'wait' }, TypeError],
  [{ limit: 1, whenFull: 'drop-oldest' as const, maxQueue: 0 }, RangeError],
  [{ limit: 1, keyLimit: 0 }, RangeError],
  [{ limit: 1, rate: { limit: 0 } }, RangeError],
  [{ limit: 1, timeout: NaN }, RangeError],
  [{ limit: 1, retry: 0 }, RangeError],
  [{ limit: 1, name: '' }, TypeError],
])('Pool refuses %j', (options, kind) => {
  expect(() => new Pool(options)).toThrow(kind)
})

it.each([
  [undefined, 'undefined as the options of a pool: expected an object, as in { limit: 10 }'],
  [null, 'null as the options of a pool: expected an object, as in { limit: 10 }'],
  [
    { limit: 1, retry: null },
    'null as the options of a retry policy: expected an object, as in { attempts: 3 }',
  ],
  [
    { limit: 1, rate: null },
    'null as the options of a rate: expected an object, as in { limit: 10 }',
  ],
  [{ limit: 1, rate: { limit: '5' } }, '"5" as the limit of a rate: expected a number above 0'],
  [{ limit: [] }, 'Array as the limit of a pool: expected an integer of at least 1, or Infinity'],
])('Pool says what is wrong with %j', (options, message) => {
  expect(() => new Pool(options as unknown as { limit: number })).toThrow(
    new TypeError(`Cannot use ${message}`),
  )
})

it('Pool has a name, given or counted', () => {
  expect(new Pool({ limit: 1, name: 'given' }).name).toBe('given')
  expect(new Pool({ limit: 1 }).name).toMatch(/^pool-\d+$/)
})

const failing = () => Promise.reject(new Error('lost'))
const lostBy = (name: string) => ({
  failures: [{ name: `task "${name}" of "own"`, error: new Error('lost') }],
})

it('Pool that nobody waits for gives failures that nobody has looked at to the group around it, once', async () => {
  const pools: Pool[] = []
  const group = taskGroup(async () => {
    const pool = new Pool({ limit: 2, name: 'own' })
    pools.push(pool)
    await taskGroup((inner) => {
      inner.spawn(async () => {
        pool.submit(failing, { name: 'a' })
        await settle()
      })
    })
    expect(currentScope().cancelled).toBe(false)
  })
  await expect(group).rejects.toMatchObject(lostBy('a'))
  await pools[0]?.close()
})

it('Pool that was made outside of every scope gives its failures to the scope that submitted', async () => {
  const pool = new Pool({ limit: 2, name: 'own' })
  const group = taskGroup(async () => {
    pool.submit(failing, { name: 'a' })
    await settle()
  })
  await expect(group).rejects.toMatchObject(lostBy('a'))
  await pool.close()
})

it('Pool that was made outside of every scope keeps the failures of detached tasks', async () => {
  const pool = new Pool({ limit: 2, name: 'own' })
  await taskGroup(async () => {
    pool.submit(failing, { name: 'a', detached: true })
    await settle()
  })
  await expect(pool.close()).rejects.toThrow('Task group "own" failed: "a" (lost)')
})

it('Pool.close() in a cancelled scope leaves failures to the group around', async () => {
  using _ = MockClock.install({ autoJump: true })
  const group = taskGroup(async () => {
    await moveOnAfter(5, async () => {
      await using pool = new Pool({ limit: 2, name: 'own' })
      pool.submit(failing, { name: 'a' })
      await sleep(Infinity)
    })
  })
  await expect(group).rejects.toMatchObject(lostBy('a'))
})

it('Pool does not take a failure for told where the wait was cancelled before, or was wait()', async () => {
  const pool = new Pool({ limit: 2, name: 'own' })
  const gate = new AsyncEvent()
  const task = pool.submit(() => gate.wait().then(failing), { name: 'a' })
  const other = pool.submit(() => gate.wait().then(failing), { name: 'b' })
  const told = pool.submit(() => gate.wait().then(failing), { name: 'c' })
  expect(await moveOnAfter(0, () => task)).toEqual({ timedOut: true })
  expect(() => told.result()).toThrow('it is not done')
  const waited = wait([other])
  const seen = told.then(() => 'no', String)
  gate.set()
  expect(await waited).toEqual({ done: [other], pending: [] })
  expect(await seen).toBe('Error: lost')
  await expect(pool.close()).rejects.toThrow('"a" (lost), "b" (lost)')
})

const narrow: [string, ConstructorParameters<typeof Pool>[0]][] = [
  ['a rate', { limit: 2, maxQueue: 0, rate: { limit: 1 } }],
  ['a rate of one at a time', { limit: Infinity, maxQueue: 0, rate: { limit: 10, burst: 1 } }],
  ['a rate and a queue of one', { limit: 1, maxQueue: 1, rate: { limit: 1 } }],
  ['a limit for each key', { limit: 3, maxQueue: 0, keyLimit: 1 }],
  ['a limit for each key and a rate', { limit: 3, maxQueue: 0, keyLimit: 1, rate: { limit: 5 } }],
  ['an adaptive limit', { limit: 'adaptive', maxQueue: 0, min: 1, max: 3 }],
  ['an adaptive limit and a rate', { limit: 'adaptive', maxQueue: 0, rate: { limit: 5 } }],
  ['retries', { limit: 1, maxQueue: 0, retry: { attempts: 2 }, rate: { limit: 5 } }],
]

it.each(narrow)(
  'Pool.ready() lets in all who wait for room, one after the other, with %s',
  async (_, options) => {
    using clock = MockClock.install({ autoJump: true })
    const pool = new Pool(options)
    const tries = new Set<number>()
    const done: number[] = []
    await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        await pool.ready()
        await pool.submit(
          async () => {
            await sleep(10)
            if (options.retry !== undefined && !tries.has(index)) {
              tries.add(index)
              throw new Error('once')
            }
            done.push(index)
          },
          { key: index % 2 },
        )
      }),
    )
    expect(done).toHaveLength(12)
    await pool.close()
    expect(clock.pending).toBe(0)
  },
)

it('Pool.ready() lets in no more than there are tokens, and again when there is one', async () => {
  using clock = MockClock.install()
  const pool = new Pool({ limit: 10, maxQueue: 0, rate: { limit: 2, interval: 1_000 } })
  const most = { waiting: 0 }
  const submitted: number[] = []
  const all = [0, 1, 2, 3, 4].map(async (index) => {
    await pool.ready()
    pool.submit(() => sleep(60_000))
    submitted.push(index)
    most.waiting = Math.max(most.waiting, pool.statistics().waiting)
  })
  await settle()
  expect([submitted, pool.full, clock.pending]).toEqual([[0, 1], true, 3])
  await clock.advance(500)
  expect(submitted).toEqual([0, 1, 2])
  pool.pause()
  await clock.advance(1_000)
  expect(submitted).toEqual([0, 1, 2])
  pool.resume()
  await settle()
  await Promise.all(all)
  expect([submitted, most.waiting]).toEqual([[0, 1, 2, 3, 4], 0])
  pool.cancel()
  await pool.join()
  expect(clock.pending).toBe(0)
})

it('Pool.ready() sees the slot that a task gives back until it is tried again', async () => {
  using clock = MockClock.install()
  const pool = new Pool({ limit: 1, maxQueue: 0, retry: { attempts: 2, delay: 60_000 } })
  const retried = pool.submit(() => Promise.reject(new Error('broken')))
  const ready = pool.ready()
  await settle()
  await ready
  expect([await pool.submit(() => 'first'), clock.now()]).toEqual(['first', 0])
  pool.cancel()
  await expect(retried).rejects.toThrow(CancelledError)
})

it("Pool with whenFull 'drop-oldest' drops none of a batch that fills its queue", async () => {
  const { pool, gate } = busyPool({ maxQueue: 1, whenFull: 'drop-oldest' })
  const mapped = pool.map(['a'], (item) => item)
  await settle()
  const submitted = pool.submit(() => 'b')
  expect(pool.statistics()).toMatchObject({ waiting: 2, dropped: 0 })
  gate.set()
  expect([await mapped, await submitted]).toEqual([['a'], 'b'])
})

it('tasks that throw before they wait for anything end one after the other, however many', async () => {
  const pool = new Pool({ limit: 1, maxQueue: Infinity })
  const error = new Error('broken')
  const tasks: Task[] = []
  for (let at = 0; at < 20_000; at++) {
    tasks.push(
      pool.submit(() => {
        throw error
      }),
    )
  }
  const ends = await Promise.allSettled(tasks)
  expect(new Set(ends.map((end) => end.status === 'rejected' && end.reason === error))).toEqual(
    new Set([true]),
  )
  expect(pool.statistics()).toEqual({ ...fresh, failed: 20_000 })
})
