import { AsyncLocalStorage } from 'node:async_hooks'
import { expect, test } from 'vitest'
import { rejectionOf } from '../../support/rejection.ts'
import { settle } from '../../../src/testing/index.ts'
import { runInScope } from '../../../src/concurrency/scope/context.ts'
import { Scope } from '../../../src/concurrency/scope/scope.ts'
import { CancelledError, Future, Outcome, sleep, taskGroup, timeout } from '../../../src/index.ts'

test('an outcome can be awaited before and after it is done, as often as one likes', async () => {
  const future = new Future<number>()
  const waits = [future, future.then((value) => value + 1), Promise.all([future, future])]
  future.resolve(1)
  expect(await Promise.all(waits)).toEqual([1, 2, [1, 1]])
  expect(await future).toBe(1)
})

test('an outcome that failed throws wherever it is awaited', async () => {
  const future = new Future<number>()
  const early = future.then(null, (error: unknown) => error)
  const error = new Error('broken')
  future.reject(error)
  expect(future.state).toBe('failed')
  expect([await early, await rejectionOf(future)]).toEqual([error, error])
  expect(await future.then(null, () => 'handled')).toBe('handled')
})

test('result() and exception() tell what it came to', () => {
  const [value, failure, cancelled] = [new Future<number>(), new Future(), new Future()]
  const error = new Error('broken')
  value.resolve(7)
  failure.reject(error)
  cancelled.cancel('enough')
  expect([value.result(), value.exception(), failure.exception()]).toEqual([7, undefined, error])
  expect(() => failure.result()).toThrow(error)
  expect(() => cancelled.result()).toThrow(CancelledError)
  expect(() => cancelled.exception()).toThrow('Cancelled (explicit): enough')
  expect([value.failed, failure.failed, cancelled.failed]).toEqual([false, true, false])
})

test('result() and exception() of what is not done throw', () => {
  const future = new Future({ name: 'answer' })
  expect(() => future.result()).toThrow('Cannot get the result of future "answer": it is not done')
  expect(() => future.exception()).toThrow(
    'Cannot get the exception of future "answer": it is not done',
  )
  expect(future.done).toBe(false)
})

test('an await in a scope that is cancelled throws there, and the outcome goes on', async () => {
  const future = new Future<string>()
  expect(await rejectionOf(timeout(0, () => future))).toMatchObject({ code: 'SPOOL_TIMEOUT' })
  future.resolve('still here')
  expect(await rejectionOf(timeout(0, () => future))).toMatchObject({ code: 'SPOOL_TIMEOUT' })
  expect(await future).toBe('still here')
})

test('addDoneCallback() calls back once, later, in the order of addition', async () => {
  const future = new Future<number>()
  const order: unknown[] = []
  future.addDoneCallback((outcome) => order.push('first', outcome.result()))
  future.addDoneCallback(() => order.push('second'))
  future.resolve(1)
  expect(order).toEqual([])
  await Promise.resolve()
  expect(order).toEqual(['first', 1, 'second'])
  future.addDoneCallback(() => order.push('late'))
  expect(order).toHaveLength(3)
  await Promise.resolve()
  expect(order.at(-1)).toBe('late')
})

test('addDoneCallback() calls back in the context of whoever added the callback', async () => {
  const storage = new AsyncLocalStorage<string>()
  const future = new Future()
  const seen: unknown[] = []
  storage.run('adder', () => future.addDoneCallback(() => seen.push(storage.getStore())))
  storage.run('resolver', () => future.resolve())
  await Promise.resolve()
  expect(seen).toEqual(['adder'])
})

test('addDoneCallback() refuses what is no function', () => {
  expect(() => new Future().addDoneCallback(5 as never)).toThrow(
    'Cannot add a done callback: expected a function, got 5',
  )
})

test('removeDoneCallback() takes a callback back and counts how often it was there', async () => {
  const future = new Future()
  const order: string[] = []
  const twice = () => order.push('twice')
  expect(future.removeDoneCallback(twice)).toBe(0)
  future.addDoneCallback(twice)
  future.addDoneCallback(() => order.push('other'))
  future.addDoneCallback(twice)
  expect(future.removeDoneCallback(twice)).toBe(2)
  future.resolve()
  await settle()
  expect(order).toEqual(['other'])
})

test('a done callback that throws fails the nearest group', async () => {
  const error = await rejectionOf(
    taskGroup(async () => {
      const future = new Future()
      future.addDoneCallback(() => {
        throw new Error('broken')
      })
      future.resolve()
      await settle()
    }),
  )
  expect(error).toMatchObject({
    failures: [{ name: 'a done callback', error: { message: 'broken' } }],
  })
})

test('an asynchronous done callback that is rejected fails the nearest group', async () => {
  const error = await rejectionOf(
    taskGroup(async () => {
      const future = new Future()
      future.addDoneCallback(async () => {
        await Promise.resolve()
        throw new Error('broken')
      })
      future.resolve()
      await settle()
    }),
  )
  expect(error).toMatchObject({
    failures: [{ name: 'a done callback', error: { message: 'broken' } }],
  })
})

const looks: Record<string, (future: Future) => unknown> = {
  'awaiting it': (future) => future.then(null),
  'result()': (future) => future.result(),
  'exception()': (future) => future.exception(),
  'addDoneCallback()': (future) => future.addDoneCallback(() => undefined),
}

test.each(Object.entries(looks))('%s makes an outcome observed', async (_, look) => {
  const future = new Future()
  future.resolve()
  expect([future.done, future.failed, future.observed]).toEqual([true, false, false])
  await look(future)
  expect(future.observed).toBe(true)
})

test('an outcome that knows nothing of claims is awaited like any other', async () => {
  class Plain extends Outcome<string> {
    finish(value: string): void {
      this.settle('succeeded', value)
    }

    peek(): unknown {
      return this.outcome
    }

    override describe(): string {
      return 'plain'
    }
  }
  const plain = new Plain()
  expect(() => plain.result()).toThrow('Cannot get the result of plain: it is not done')
  const fresh = new Plain()
  fresh.finish('seen by its owner')
  expect([fresh.peek(), fresh.observed]).toEqual(['seen by its owner', false])
  plain.finish('value')
  expect(await plain).toBe('value')
})

test('an outcome that is told of the scope around is awaited there without a wait of its own', async () => {
  await taskGroup(async (group) => {
    const [value, failure] = [group.spawn(() => 1), group.spawn(() => sleep(0))]
    const waits = [value.then(String), failure.then(null, String), failure.then(null, String)]
    expect([value.awaitedAround, failure.awaitedAround]).toEqual([true, true])
    expect([...group.scope.members()].map((member) => member instanceof Scope)).toEqual([
      true,
      true,
      false,
    ])
    failure.cancel('alone')
    expect([failure.awaitedAround, value.observed]).toEqual([false, false])
    expect(await Promise.all(waits)).toEqual([
      '1',
      'CancelledError: Cancelled (explicit): alone',
      'CancelledError: Cancelled (explicit): alone',
    ])
    expect([value.observed, failure.observed, group.scope.empty]).toEqual([true, true, true])
  })
})

test('an outcome that is awaited in the scope around, which is cancelled, is not observed', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  await taskGroup(async (group) => {
    const task = group.spawn(() => promise)
    const wait = rejectionOf(task)
    await settle()
    group.cancel('all')
    expect(await wait).toMatchObject({ reason: 'all' })
    expect([task.awaitedAround, task.done]).toEqual([false, false])
    resolve()
    await settle()
    expect([task.done, task.observed]).toEqual([true, false])
  })
})

test('those who wait are woken in the order in which they came, without those who were cancelled', async () => {
  const future = new Future<string>()
  const woken: string[] = []
  await taskGroup(async (group) => {
    const wait = (name: string) =>
      group.spawn(
        async () => {
          woken.push(`${name}: ${await future}`)
        },
        { name },
      )
    const first = wait('first')
    wait('second')
    await settle()
    first.cancel()
    await settle()
    wait('third')
    await settle()
    future.resolve('done')
  })
  expect(woken).toEqual(['second: done', 'third: done'])
})

test('one who comes after the only other was cancelled is woken', async () => {
  const future = new Future<string>()
  await expect(timeout(0, () => future)).rejects.toThrow('0 ms')
  const later = future.then((value) => value)
  future.resolve('done')
  expect(await later).toBe('done')
})

test('whenDone() calls without asking what came of it', async () => {
  const called: string[] = []
  const future = new Future({ name: 'asked' })
  future.whenDone((outcome) => called.push(outcome.describe()))
  future.resolve()
  await settle()
  expect([called, future.observed]).toEqual([['future "asked"'], false])
})

test('an outcome whose wait was cancelled before its end is not observed', async () => {
  const future = new Future()
  await expect(timeout(0, () => future)).rejects.toThrow('Timed out')
  future.resolve()
  expect(future.observed).toBe(false)
})

test('an outcome that others still wait for is observed', async () => {
  const future = new Future<number>()
  const scope = new Scope(undefined)
  const first = runInScope(scope, () => future.then())
  const second = future.then()
  scope.cancel()
  await expect(first).rejects.toThrow('Cancelled')
  future.resolve(1)
  expect([await second, future.observed]).toEqual([1, true])
})

test('an outcome that refuses to be waited for where it would wait for itself is not observed', async () => {
  class Refusing extends Outcome<string> {
    override refusal(): Error {
      return new Error('not here')
    }

    override describe(): string {
      return 'refusing'
    }
  }
  const refusing = new Refusing()
  await expect(refusing).rejects.toThrow('not here')
  expect(refusing.observed).toBe(false)
  await expect(timeout(0, () => refusing)).rejects.toThrow('Timed out')
})

test('a done callback that is cancelled with its scope fails nothing', async () => {
  const future = new Future()
  await taskGroup(async (group) => {
    future.addDoneCallback(() => sleep(Infinity))
    future.resolve()
    await settle()
    group.cancel()
    await settle()
  })
  expect(future.done).toBe(true)
})
