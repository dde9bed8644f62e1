import { expect, it } from 'vitest'
import { ItemGetter, Putter, TurnGetter } from '../../../src/concurrency/queues/queue-waiters.ts'
import { Scope } from '../../../src/concurrency/scope/scope.ts'

const scope = new Scope(undefined)

it('ItemGetter gives the item, or throws', async () => {
  const served = new ItemGetter<string>(scope)
  served.deliver('item')
  expect(await served.promise).toBe('item')

  const refused = new ItemGetter<string>(scope)
  const closed = new Error('closed')
  refused.finish(closed)
  await expect(refused.promise).rejects.toBe(closed)
})

it('TurnGetter gives the item, or the end', async () => {
  const served = new TurnGetter<string>(scope)
  served.deliver('item')
  expect(await served.promise).toEqual({ value: 'item', done: false })

  const ended = new TurnGetter<string>(scope)
  ended.finish()
  expect(await ended.promise).toEqual({ value: undefined, done: true })
})

it('Putter keeps what it wants to put', async () => {
  const putter = new Putter('item', scope)
  putter.resolve()
  expect(await putter.promise).toBeUndefined()
  expect(putter.item).toBe('item')
})
