import fc from 'fast-check'
import { expect, it } from 'vitest'
import { CancelledError, ClosedResourceError } from '../../../src/concurrency/errors.ts'
import { Queue } from '../../../src/concurrency/queues/queue.ts'
import { RingBuffer } from '../../../src/concurrency/queues/ring-buffer.ts'
import { runInScope } from '../../../src/concurrency/scope/context.ts'
import { Scope } from '../../../src/concurrency/scope/scope.ts'
import { settle } from '../../../src/testing/settle.ts'

const idle = { size: 0, getting: 0, putting: 0, unfinished: 0 }
const closedToPut = new ClosedResourceError('Cannot put into a queue that is closed')
const closedToGet = new ClosedResourceError('Cannot get from a queue that is closed and empty')

function cancelledScope(): Scope {
  const scope = new Scope(undefined)
  scope.cancel()
  return scope
}

it('Queue gives items back in the order in which they were put', async () => {
  const queue = new Queue<number>({ capacity: 0 })
  for (let item = 0; item < 3; item++) await queue.put(item)
  expect(queue.peek()).toBe(0)
  expect([await queue.get(), await queue.get(), queue.tryGet(), queue.tryGet()]).toEqual([
    0,
    1,
    2,
    undefined,
  ])
})

it('Queue.put() waits while the queue is full', async () => {
  const queue = new Queue<number>({ capacity: 1 })
  await queue.put(1)
  let put = false
  const second = queue.put(2).then(() => (put = true))
  await settle()
  expect(put).toBe(false)
  expect(queue.statistics()).toEqual({ ...idle, size: 1, capacity: 1, putting: 1, unfinished: 1 })
  expect(await queue.get()).toBe(1)
  await second
  expect(await queue.get()).toBe(2)
})

it('Queue.get() waits while the queue is empty, and is served in the order of arrival', async () => {
  const queue = new Queue<string>({ capacity: 1 })
  const first = queue.get()
  const second = queue.get()
  expect(queue.statistics()).toEqual({ ...idle, capacity: 1, getting: 2 })
  expect(queue.tryPut('a')).toBe(true)
  expect(queue.tryPut('b')).toBe(true)
  expect(queue.size).toBe(0)
  expect([await first, await second]).toEqual(['a', 'b'])
})

it('Queue lets nobody overtake who waits to put', async () => {
  const queue = new Queue<number>({ capacity: 1 })
  await queue.put(1)
  const waiting = queue.put(2)
  expect(queue.tryGet()).toBe(1)
  expect(queue.tryPut(3)).toBe(false)
  await waiting
  expect(queue.tryGet()).toBe(2)
})

it('Queue.put() that is cancelled has put nothing', async () => {
  const queue = new Queue<number>({ capacity: 1 })
  await queue.put(1)
  const scope = new Scope(undefined)
  const cancelled = runInScope(scope, () => queue.put(2))
  const next = queue.put(3)
  scope.cancel()
  await expect(cancelled).rejects.toThrow(CancelledError)
  expect(queue.tryGet()).toBe(1)
  await next
  expect(queue.tryGet()).toBe(3)
  expect(queue.statistics()).toEqual({ ...idle, capacity: 1, unfinished: 2 })
})

it('Queue.get() that is cancelled has taken nothing', async () => {
  const queue = new Queue<number>({ capacity: 1 })
  const scope = new Scope(undefined)
  const cancelled = runInScope(scope, () => queue.get())
  scope.cancel()
  await expect(cancelled).rejects.toThrow(CancelledError)
  await queue.put(1)
  expect(queue.size).toBe(1)
})

it('Queue.get() delivers an item that was handed over before the cancellation', async () => {
  const queue = new Queue<number>({ capacity: 1 })
  const scope = new Scope(undefined)
  const waiting = runInScope(scope, () => queue.get())
  await queue.put(1)
  scope.cancel()
  expect(await waiting).toBe(1)
})

it('Queue throws in a cancelled scope although nothing would wait', async () => {
  const queue = new Queue<number>({ capacity: 2 })
  await queue.put(1)
  const scope = cancelledScope()
  await expect(runInScope(scope, () => queue.put(2))).rejects.toThrow(CancelledError)
  await expect(runInScope(scope, () => queue.get())).rejects.toThrow(CancelledError)
  await expect(runInScope(scope, () => queue.join())).rejects.toThrow(CancelledError)
  const iterator = queue[Symbol.asyncIterator]()
  await expect(runInScope(scope, () => iterator.next())).rejects.toThrow(CancelledError)
  expect(queue.size).toBe(1)
})

it('Queue.close() lets what is in it be taken out and then ends', async () => {
  const queue = new Queue<number>({ capacity: 2 })
  await queue.put(1)
  await queue.put(2)
  queue.close()
  queue.close()
  expect(queue.closed).toBe(true)
  expect(await queue.get()).toBe(1)
  expect(await queue.get()).toBe(2)
  await expect(queue.get()).rejects.toThrow(closedToGet)
  expect(queue.tryGet()).toBeUndefined()
})

it('Queue.close() tells all who wait', async () => {
  const full = new Queue<number>({ capacity: 1 })
  await full.put(1)
  const puts = [full.put(2), full.put(3)]
  full.close()
  for (const put of puts) await expect(put).rejects.toThrow(closedToPut)
  expect(await full.get()).toBe(1)

  const empty = new Queue<number>({ capacity: 1 })
  const gets = [empty.get(), empty.get()]
  const turn = empty[Symbol.asyncIterator]().next()
  empty.close()
  for (const get of gets) await expect(get).rejects.toThrow(closedToGet)
  expect(await turn).toEqual({ value: undefined, done: true })
})

it('Queue refuses items after close()', async () => {
  const queue = new Queue<number>({ capacity: 1 })
  {
    using closing = queue
    expect(closing.closed).toBe(false)
  }
  await expect(queue.put(1)).rejects.toThrow(closedToPut)
  expect(() => queue.tryPut(1)).toThrow(closedToPut)
})

it('Queue.close({ immediate: true }) drops what is in it and wakes who joins', async () => {
  const queue = new Queue<number>({ capacity: 0 })
  for (let item = 0; item < 5; item++) await queue.put(item)
  await queue.get()
  const joined = queue.join()
  queue.close({ immediate: true })
  expect(queue.statistics()).toEqual({ ...idle, capacity: Infinity, unfinished: 1 })
  await expect(queue.get()).rejects.toThrow(closedToGet)
  queue.taskDone()
  await joined
  expect(queue.statistics().unfinished).toBe(0)
})

it('Queue is iterated until it is closed and empty', async () => {
  const queue = new Queue<number>({ capacity: 2 })
  const items: number[] = []
  const consumer = (async () => {
    for await (const item of queue) items.push(item)
  })()
  for (let item = 0; item < 6; item++) await queue.put(item)
  queue.close()
  await consumer
  expect(items).toEqual([0, 1, 2, 3, 4, 5])
  expect(await queue[Symbol.asyncIterator]().next()).toEqual({ value: undefined, done: true })
})

it('Queue shares its items between several loops', async () => {
  const queue = new Queue<number>({ capacity: 1 })
  const loops = Array.from({ length: 3 }, async () => {
    const items: number[] = []
    for await (const item of queue) items.push(item)
    return items
  })
  for (let item = 0; item < 9; item++) await queue.put(item)
  queue.close()
  const shares = await Promise.all(loops)
  expect(shares.flat().sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
  expect(shares.map((share) => share.length)).toEqual([3, 3, 3])
})

it('Queue hands promises over as they are to a loop', async () => {
  const queue = new Queue<Promise<number>>({ capacity: 2 })
  const promise = Promise.resolve(1)
  await queue.put(promise)
  const iterator = queue[Symbol.asyncIterator]()
  const first = await iterator.next()
  expect(first.value).toBe(promise)
  const second = iterator.next()
  await queue.put(promise)
  expect((await second).value).toBe(promise)
})

it('Queue.join() waits until every item is marked', async () => {
  const queue = new Queue<number>({ capacity: 1 })
  await queue.join()
  await queue.put(1)
  const second = queue.put(2)
  let joined = 0
  const joins = [queue.join().then(() => joined++), queue.join().then(() => joined++)]
  await queue.get()
  await second
  queue.taskDone()
  await queue.get()
  await settle()
  expect(joined).toBe(0)
  queue.taskDone()
  await Promise.all(joins)
  expect(joined).toBe(2)
})

it('Queue.join() that is cancelled stops waiting', async () => {
  const queue = new Queue<number>({ capacity: 1 })
  await queue.put(1)
  const scope = new Scope(undefined)
  const joined = runInScope(scope, () => queue.join())
  scope.cancel()
  await expect(joined).rejects.toThrow(CancelledError)
  expect(queue.size).toBe(1)
})

it('Queue.taskDone() refuses to mark more than was put', async () => {
  const queue = new Queue<number>({ capacity: 1 })
  expect(() => queue.taskDone()).toThrow(
    new RangeError('Cannot mark an item as done: all items that were put are marked'),
  )
})

it('Queue.put() throws what its store throws, at once or when there is room', async () => {
  const broken = new Error('broken')
  class Picky extends RingBuffer<number> {
    override add(item: number): void {
      if (item < 0) throw broken
      super.add(item)
    }
  }
  const queue = new Queue<number>({ capacity: 1 }, new Picky())
  await expect(queue.put(-1)).rejects.toBe(broken)
  await queue.put(1)
  const refused = queue.put(-2)
  const next = queue.put(2)
  expect(queue.tryGet()).toBe(1)
  await expect(refused).rejects.toBe(broken)
  await next
  expect(queue.statistics()).toMatchObject({ size: 1, putting: 0, unfinished: 2 })
})

it('Queue is closed by the last of its producers', () => {
  const queue = new Queue<number>({ capacity: 1 })
  const producers = [queue.producer(), queue.producer()]
  producers[0]?.close()
  expect(queue.closed).toBe(false)
  producers[1]?.close()
  expect(queue.closed).toBe(true)
  expect(() => queue.producer()).toThrow(closedToPut)
})

it('Queue refuses a capacity that is negative or no integer', () => {
  expect(() => new Queue({ capacity: -1 })).toThrow(
    new RangeError(
      'Cannot use -1 as the capacity of a queue: expected an integer of at least 0, or Infinity',
    ),
  )
  expect(new Queue({ capacity: 0 }).capacity).toBe(Infinity)
  expect(new Queue({ capacity: Infinity }).capacity).toBe(Infinity)
})

it('Queue loses and doubles no item, whatever is put, taken and cancelled', async () => {
  const step = fc.oneof(
    fc.constant('put'),
    fc.constant('get'),
    fc.constant('cancel'),
    fc.constant('run'),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(step, { maxLength: 40 }),
      async (capacity, steps) => {
        const queue = new Queue<number>({ capacity })
        const scopes: Scope[] = []
        const put: number[] = []
        const got: number[] = []
        let next = 0
        for (const step of steps) {
          if (step === 'run') await Promise.resolve()
          else if (step === 'cancel')
            scopes.splice((next * 7) % (scopes.length + 1), 1)[0]?.cancel()
          else {
            const scope = new Scope(undefined)
            scopes.push(scope)
            const item = next++
            if (step === 'put') {
              void runInScope(scope, () => queue.put(item)).then(
                () => put.push(item),
                () => {},
              )
            } else
              void runInScope(scope, () => queue.get()).then(
                (taken) => got.push(taken),
                () => {},
              )
          }
        }
        await settle()
        const { getting, putting } = queue.statistics()
        expect(getting > 0 && queue.size > 0).toBe(false)
        expect(putting > 0 && queue.size < capacity).toBe(false)
        for (const scope of scopes) scope.cancel()
        await settle()
        for (let item = queue.tryGet(); item !== undefined; item = queue.tryGet()) got.push(item)
        expect(got.sort((a, b) => a - b)).toEqual(put.sort((a, b) => a - b))
      },
    ),
    { numRuns: 100 },
  )
})

it('Queue refuses what are no options', () => {
  const Untyped = Queue as unknown as new (options?: unknown) => unknown
  expect(() => new Untyped()).toThrow(
    new TypeError(
      'Cannot use undefined as the options of a queue: expected an object, as in { capacity: 10 }',
    ),
  )
})
