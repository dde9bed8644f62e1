import fc from 'fast-check'
import { expect, it } from 'vitest'
import { CancelledError } from '../../../src/concurrency/errors.ts'
import { Scope } from '../../../src/concurrency/scope/scope.ts'
import {
  type LinePlace,
  LineWaiter,
  waitInLine,
  WaitLine,
} from '../../../src/concurrency/scope/wait-line.ts'

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

it('WaitLine takes a waiter in before another, at the front and in between', () => {
  const { waiters, line } = lineOf(3)
  const [first, second, third] = waiters as [
    LineWaiter<string>,
    LineWaiter<string>,
    LineWaiter<string>,
  ]
  for (const waiter of waiters) line.remove(waiter)
  expect([line.first, line.last]).toEqual([undefined, undefined])
  line.add(third)
  line.add(first, third)
  line.add(second, third)
  expect([...line.members()]).toEqual([first, second, third])
  expect([line.first, line.last, line.size]).toEqual([first, third, 3])
})

it('WaitLine keeps its order, whoever comes and goes', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat())), (steps) => {
      const line = new WaitLine<LinePlace>()
      const model: LinePlace[] = []
      for (const [add, random] of steps) {
        const at = random % (model.length + 1)
        if (add) {
          const place = { line: undefined, ahead: undefined, behind: undefined }
          line.add(place, model[at])
          model.splice(at, 0, place)
        } else {
          const [gone] = model.splice(at, 1)
          if (gone !== undefined) line.remove(gone)
        }
        // By identity: the places are linked with each other, and too deep to be compared.
        expect([...line.members()].every((place, index) => place === model[index])).toBe(true)
        expect(line.size).toBe(model.length)
      }
    }),
  )
})

it('waitInLine() waits at the end of the line', async () => {
  const line = new WaitLine<LineWaiter<string>>()
  const waits = ['a', 'b'].map((name) => waitInLine(line, new Scope(undefined), name))
  expect([...line.members()].map((waiter) => waiter.what)).toEqual(['a', 'b'])
  line.shift()?.resolve('first')
  line.shift()?.resolve('second')
  expect(await Promise.all(waits)).toEqual(['first', 'second'])
})

it('waitInLine() in a cancelled scope throws and was never in the line', async () => {
  const line = new WaitLine<LineWaiter<string>>()
  const scope = new Scope(undefined)
  scope.cancel()
  const wait = waitInLine(line, scope, 'it')
  expect(line.size).toBe(0)
  await expect(wait).rejects.toThrow(CancelledError)
})
