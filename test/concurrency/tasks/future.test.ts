import { expect, test } from 'vitest'
import { rejectionOf } from '../../support/rejection.ts'
import { settle } from '../../../src/testing/index.ts'
import { Future, sleep, taskGroup, timeout } from '../../../src/index.ts'

test('a future is settled from outside', async () => {
  const future = new Future<string>({ name: 'answer' })
  expect([future.state, future.name]).toEqual(['pending', 'answer'])
  await taskGroup((group) => {
    group.spawn(async () => expect(await future).toBe('yes'))
    group.spawn(() => future.resolve('yes'))
  })
  expect(future.state).toBe('succeeded')
  expect(new Future().name).toBe('future')
})

test('a future is settled once', () => {
  const future = new Future<number>({ name: 'answer' })
  future.resolve(1)
  expect(() => future.resolve(2)).toThrow(
    'Cannot resolve future "answer": it is done already (succeeded)',
  )
  expect(() => future.reject(new Error('late'))).toThrow(
    expect.objectContaining({ code: 'SPOOL_INVALID_STATE' }),
  )
  expect([future.result(), future.cancel()]).toEqual([1, false])
})

test('a future that is cancelled throws where it is awaited', async () => {
  const future = new Future()
  const wait = rejectionOf(future)
  expect(future.cancel('enough')).toBe(true)
  expect(await wait).toMatchObject({ source: 'explicit', reason: 'enough' })
  expect(future.state).toBe('cancelled')
})

test('a future that is rejected, and that nobody comes for, fails the group of the task that made it', async () => {
  const error = await rejectionOf(
    taskGroup((group) => {
      group.spawn(() => new Future({ name: 'lost' }).reject(new Error('broken')))
    }),
  )
  expect(error).toMatchObject({
    failures: [{ name: 'future "lost"', error: { message: 'broken' } }],
  })
})

test('a future that is rejected after its task is over fails the group around', async () => {
  const error = await rejectionOf(
    taskGroup(async (group) => {
      const future = await group.spawn(() => [new Future()])
      future[0]?.reject(new Error('broken'))
      await sleep(0)
    }),
  )
  expect(error).toMatchObject({ failures: [{ name: 'future "future"' }] })
})

const claims: Record<string, (future: Future) => unknown> = {
  'awaiting it before': (future) => {
    void rejectionOf(future)
  },
  'a done callback before': (future) => future.addDoneCallback(() => undefined),
}

test.each(Object.entries(claims))('%s claims the error of a future', async (_, claim) => {
  await taskGroup(() => {
    const future = new Future()
    claim(future)
    future.reject(new Error('broken'))
  })
  await settle()
  expect.assertions(0)
})

const lateClaims: Record<string, (future: Future) => unknown> = {
  'awaiting it': (future) => rejectionOf(future),
  'exception()': (future) => future.exception(),
  'result()': (future) => expect(() => future.result()).toThrow('broken'),
  'a done callback': (future) => future.addDoneCallback(() => undefined),
}

test.each(Object.entries(lateClaims))(
  '%s afterwards claims the error of a future',
  async (_, claim) => {
    const value = await taskGroup(async () => {
      const future = new Future()
      future.reject(new Error('broken'))
      await claim(future)
      return future.state
    })
    expect(value).toBe('failed')
  },
)

test('a wait that was cancelled before claims nothing', async () => {
  const error = await rejectionOf(
    taskGroup(async (outer) => {
      const future = new Future()
      await taskGroup((group) => {
        group.spawn(() => future)
        outer.spawn(() => group.cancel())
      })
      future.reject(new Error('broken'))
    }),
  )
  expect(error).toMatchObject({ failures: [{ error: { message: 'broken' } }] })
})

test('a wait in a scope that is cancelled claims nothing', async () => {
  const error = await rejectionOf(
    taskGroup(async () => {
      const future = new Future()
      future.reject(new Error('broken'))
      await rejectionOf(timeout(0, () => future))
    }),
  )
  expect(error).toMatchObject({ failures: [{ error: { message: 'broken' } }] })
})
