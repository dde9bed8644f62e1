import { expect, it } from 'vitest'
import { CancelledError } from '../../../src/concurrency/errors.ts'
import { runInScope } from '../../../src/concurrency/scope/context.ts'
import { Scope } from '../../../src/concurrency/scope/scope.ts'
import { AsyncEvent } from '../../../src/concurrency/sync/async-event.ts'
import { settle } from '../../../src/testing/settle.ts'

it('AsyncEvent lets all through who wait once it is set', async () => {
  const event = new AsyncEvent()
  const log: number[] = []
  const all = [0, 1, 2].map((index) => event.wait().then(() => log.push(index)))
  await settle()
  expect(event.statistics()).toEqual({ waiting: 3 })
  expect(log).toEqual([])
  event.set()
  await Promise.all(all)
  expect(log).toEqual([0, 1, 2])
  expect(event.isSet).toBe(true)
  expect(event.statistics()).toEqual({ waiting: 0 })
})

it('AsyncEvent that is set holds nobody up until it is cleared', async () => {
  const event = new AsyncEvent()
  event.set()
  await event.wait()
  event.clear()
  expect(event.isSet).toBe(false)
  const waiting = event.wait()
  expect(event.statistics()).toEqual({ waiting: 1 })
  event.set()
  await waiting
})

it('AsyncEvent lets those through who waited when it was set, although it is cleared at once', async () => {
  const event = new AsyncEvent()
  const waiting = event.wait()
  event.set()
  event.clear()
  await expect(waiting).resolves.toBeUndefined()
})

it('AsyncEvent.wait() that is cancelled stops waiting', async () => {
  const event = new AsyncEvent()
  const scope = new Scope(undefined)
  const waiting = runInScope(scope, () => event.wait())
  scope.cancel()
  await expect(waiting).rejects.toThrow(CancelledError)
  event.set()
  await expect(runInScope(scope, () => event.wait())).rejects.toThrow(CancelledError)
  expect(event.statistics()).toEqual({ waiting: 0 })
})
