import { expect, it } from 'vitest'
import { CancelledError } from '../../../src/concurrency/errors.ts'
import { Scope } from '../../../src/concurrency/scope/scope.ts'
import { LineWaiter, WaitLine } from '../../../src/concurrency/scope/wait-line.ts'

function lineOf(count: number) {
  const scopes = Array.from({ length: count }, () => new Scope(undefined))
  const waiters = scopes.map((scope) => new LineWaiter<string>(scope, 'test'))
  const line = new WaitLine<LineWaiter<string>>()
  for (const waiter of waiters) line.add(waiter)
  return { scopes, waiters, line }
}

it('WaitLine gives its waiters back in the order in which they came', () => {
  const { waiters, line } = lineOf(3)
  expect([line.shift(), line.shift(), line.shift(), line.shift()]).toEqual([...waiters, undefined])
  expect(line.size).toBe(0)
})

it.each([0, 1, 2])(
  'WaitLine loses a cancelled waiter from place %d and nobody else',
  async (at) => {
    const { scopes, waiters, line } = lineOf(3)
    scopes[at]?.cancel('enough')

    await expect(waiters[at]?.promise).rejects.toThrow(CancelledError)
    expect(line.size).toBe(2)
    const rest = waiters.filter((_, index) => index !== at)
    expect([line.shift(), line.shift(), line.shift()]).toEqual([...rest, undefined])
  },
)

it('WaitLine takes a waiter in again after it was empty', () => {
  const { waiters, line } = lineOf(1)
  const [waiter] = waiters
  expect(line.shift()).toBe(waiter)
  if (waiter !== undefined) line.add(waiter)
  expect(line.shift()).toBe(waiter)
})

it('LineWaiter that was taken out and settled keeps what it was given when it is cancelled', async () => {
  const { scopes, line } = lineOf(1)
  const waiter = line.shift()
  waiter?.resolve('given')
  scopes[0]?.cancel()
  await expect(waiter?.promise).resolves.toBe('given')
  expect(line.size).toBe(0)
})

it('LineWaiter made in a cancelled scope is rejected and in no line', async () => {
  const scope = new Scope(undefined)
  scope.cancel('before')
  const waiter = new LineWaiter<string>(scope, 'test')
  expect(waiter.settled).toBe(true)
  await expect(waiter.promise).rejects.toThrow('Cancelled (explicit): before')
})
