import { expect, it } from 'vitest'
import { CancelledError } from '../../../src/concurrency/errors.ts'
import { Dispatcher } from '../../../src/concurrency/pool/dispatcher.ts'
import { PoolTask } from '../../../src/concurrency/pool/pool-task.ts'
import { KeyLimits } from '../../../src/concurrency/pool/policy/key-limits.ts'
import { TokenBucket } from '../../../src/concurrency/pool/policy/token-bucket.ts'
import type { Turn } from '../../../src/concurrency/pool/turn.ts'
import { Scope } from '../../../src/concurrency/scope/scope.ts'
import { MockClock } from '../../../src/testing/mock-clock.ts'
import { settle } from '../../../src/testing/settle.ts'

interface Setting {
  limit?: number
  rate?: ConstructorParameters<typeof TokenBucket>[0]
  keepArrivals?: boolean
}

/** A dispatcher, and tasks that do nothing but say that they began. */
function dispatch({ limit = 1, rate, keepArrivals = false }: Setting = {}) {
  const log: string[] = []
  const given: string[] = []
  let shrank = 0
  const dispatcher = new Dispatcher(
    limit,
    rate === undefined ? undefined : new TokenBucket(rate),
    keepArrivals,
    () => shrank++,
    { slotGiven: (task) => given.push(task.name) },
  )
  const keys = new KeyLimits<Turn>(1)
  const submit = (
    name: string,
    { priority = 0, key }: { priority?: number; key?: string } = {},
  ) => {
    const slots = key === undefined ? undefined : keys.enter(key)
    const main = () => void log.push(name)
    const owner = { taskEnded: () => {} }
    const task = new PoolTask(main, owner, new Scope(undefined), name, priority, slots, undefined)
    if (dispatcher.startNow(task)) log.push(name)
    else dispatcher.enqueue(task)
    return task
  }
  return { dispatcher, submit, log, given, shrank: () => shrank }
}

it('Dispatcher gives its slots, and then lets wait', () => {
  const { dispatcher, submit, log, given } = dispatch({ limit: 2 })
  const a = submit('a')
  void submit('b')
  void submit('c')
  expect([log, given]).toEqual([
    ['a', 'b'],
    ['a', 'b'],
  ])
  expect([dispatcher.running, dispatcher.waiting, dispatcher.hasRoom]).toEqual([2, 1, false])
  expect(dispatcher.begun.size).toBe(2)
  a.line?.remove(a)
  dispatcher.release(a)
  expect([log, dispatcher.running, dispatcher.waiting]).toEqual([['a', 'b', 'c'], 2, 0])
})

it('Dispatcher says when fewer wait', () => {
  const { submit, dispatcher, shrank } = dispatch()
  const a = submit('a')
  const b = submit('b')
  void submit('c')
  expect(shrank()).toBe(0)
  b.cancel()
  expect(shrank()).toBe(1)
  dispatcher.release(a)
  expect(shrank()).toBe(2)
})

it('Dispatcher starts nothing while it is paused', () => {
  const { dispatcher, submit, log } = dispatch({ limit: 2 })
  dispatcher.pause()
  void submit('a')
  expect([log, dispatcher.hasRoom]).toEqual([[], false])
  dispatcher.resume()
  expect(log).toEqual(['a'])
})

it('Dispatcher fills new slots when it is resized', () => {
  const { dispatcher, submit, log } = dispatch()
  for (const name of ['a', 'b', 'c']) void submit(name)
  dispatcher.resize(2)
  expect(log).toEqual(['a', 'b'])
  expect([...dispatcher.inLine()].map((turn) => turn.task.name)).toEqual(['c'])
})

it('Dispatcher sets aside whose key has no room, and puts them back in order', () => {
  const { dispatcher, submit, log } = dispatch({ limit: 2 })
  const x1 = submit('x1', { key: 'x' })
  void submit('x2', { key: 'x' })
  const x3 = submit('x3', { key: 'x' })
  const y1 = submit('y1', { key: 'y' })
  void submit('free')
  expect(log).toEqual(['x1', 'y1'])
  expect([dispatcher.waiting, [...dispatcher.inLine()].length]).toEqual([3, 1])
  x3.cancel()
  expect(dispatcher.waiting).toBe(2)
  dispatcher.release(x1)
  expect(log).toEqual(['x1', 'y1', 'x2'])
  dispatcher.release(y1)
  expect(log).toEqual(['x1', 'y1', 'x2', 'free'])
})

it('Dispatcher waits for tokens with one timer, and for nobody with none', async () => {
  using clock = MockClock.install()
  const { dispatcher, submit, log } = dispatch({ limit: 9, rate: { limit: 1, interval: 10 } })
  void submit('a')
  const b = submit('b')
  void submit('c')
  expect([log, clock.pending, dispatcher.hasRoom]).toEqual([['a'], 1, false])
  await clock.advance(10)
  expect([log, clock.pending, b.state]).toEqual([['a', 'b'], 1, 'succeeded'])
  await clock.advance(10)
  expect([log, clock.pending]).toEqual([['a', 'b', 'c'], 0])
  const d = submit('d')
  expect(clock.pending).toBe(1)
  d.cancel()
  expect(clock.pending).toBe(0)
  await clock.advance(10)
  expect(dispatcher.hasRoom).toBe(true)
})

it('Dispatcher takes no token for a task that its key sets aside', async () => {
  using clock = MockClock.install()
  const { submit, log, dispatcher } = dispatch({ limit: 9, rate: { limit: 1, interval: 10 } })
  const x1 = submit('x1', { key: 'x' })
  void submit('x2', { key: 'x' })
  await clock.advance(10)
  void submit('y')
  expect(log).toEqual(['x1', 'y'])
  dispatcher.release(x1)
  expect(log).toEqual(['x1', 'y'])
  await clock.advance(10)
  expect(log).toEqual(['x1', 'y', 'x2'])
})

it('Dispatcher knows who has waited longest, whatever the priority, if it is to', () => {
  const { dispatcher, submit } = dispatch({ keepArrivals: true })
  const a = submit('a')
  expect(dispatcher.oldest()).toBeUndefined()
  const b = submit('b')
  const c = submit('c', { priority: 5 })
  expect(dispatcher.oldest()).toBe(b)
  dispatcher.release(a)
  expect(dispatcher.oldest()).toBe(b)
  b.cancel()
  expect(dispatcher.oldest()).toBeUndefined()
  expect(c.done).toBe(false)
  const { dispatcher: other, submit: add } = dispatch()
  void add('a')
  void add('b')
  expect(other.oldest()).toBeUndefined()
})

it('Dispatcher lets a task wait again, in the line of its priority', async () => {
  const { dispatcher, submit, log } = dispatch()
  const a = submit('a')
  dispatcher.release(a)
  const b = submit('b')
  const again = dispatcher.waitAgain(a, 'a slot')
  void submit('c')
  expect(dispatcher.waiting).toBe(2)
  dispatcher.release(b)
  await again
  expect([log, dispatcher.running, dispatcher.waiting]).toEqual([['a', 'b'], 1, 1])
  expect(dispatcher.begun.size).toBe(2)

  const cancelled = dispatcher.waitAgain(b, 'a slot')
  b.cancel()
  await expect(cancelled).rejects.toThrow(CancelledError)
  await expect(dispatcher.waitAgain(b, 'a slot')).rejects.toThrow(CancelledError)
  await settle()
  expect(dispatcher.waiting).toBe(1)
})

it('Dispatcher tells of a token that nobody in a line takes, if that is all that is missing', async () => {
  using clock = MockClock.install()
  const { dispatcher, submit } = dispatch({ limit: 3, rate: { limit: 2, interval: 20 } })
  let told = 0
  dispatcher.onToken = () => told++
  expect(dispatcher.room).toBe(2)
  const [a] = [submit('a'), submit('b')]
  expect([dispatcher.running, dispatcher.room]).toEqual([2, 0])
  dispatcher.expectToken()
  await clock.advance(10)
  expect([told, dispatcher.room, clock.pending]).toEqual([1, 1, 0])
  dispatcher.expectToken()
  expect(clock.pending).toBe(0)
  void submit('c')
  dispatcher.expectToken()
  // A slot is missing as well.
  expect([dispatcher.room, clock.pending]).toEqual([0, 0])
  dispatcher.release(a)
  dispatcher.pause()
  dispatcher.expectToken()
  expect(clock.pending).toBe(0)
})

it('Dispatcher without a rate has as much room as slots, and expects no tokens', () => {
  using clock = MockClock.install()
  const { dispatcher, submit } = dispatch({ limit: 3 })
  void submit('a')
  dispatcher.expectToken()
  expect([dispatcher.room, clock.pending]).toEqual([2, 0])
})
