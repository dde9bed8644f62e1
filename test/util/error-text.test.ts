import { expect, test } from 'vitest'
import { SpoolError, taskGroup } from '../../src/index.ts'
import { isError, messageOf, stackOf } from '../../src/util/error-text.ts'
import { rejectionOf } from '../support/rejection.ts'

class Mute extends Error {
  override get message(): string {
    throw new Error('not this one')
  }
  override get name(): string {
    throw new Error('nor this one')
  }
}

const refusing = (): never => {
  throw new Error('refused')
}
const closed = new Proxy(new Error('closed'), {
  get: refusing,
  has: refusing,
  getPrototypeOf: refusing,
})
const strange: [string, unknown][] = [
  ['an object without a prototype', Object.create(null)],
  ['an error that throws for its message', new Mute()],
  ['a proxy that refuses everything', closed],
]

test('messageOf() gives the message of an error, and the text of anything else', () => {
  expect([messageOf(new Error('no route')), messageOf('text'), messageOf(undefined)]).toEqual([
    'no route',
    'text',
    'undefined',
  ])
})

test('stackOf() gives the stack of an error, or its message if it has none', () => {
  const error = new Error('no route')
  expect(stackOf(error)).toBe(error.stack)
  Object.defineProperty(error, 'stack', { value: undefined })
  expect([stackOf(error), stackOf(5)]).toEqual(['no route', '5'])
})

test('isError() tells an error from anything else', () => {
  expect([isError(new TypeError('x')), isError('x'), isError(closed)]).toEqual([true, false, false])
})

test.each(strange)('messageOf() has a text for %s', (_, value) => {
  expect(messageOf(value)).toBe('a value that has no text')
  expect(SpoolError.is(value)).toBe(false)
})

test.each(strange)('taskGroup() ends and lists what failed for %s', async (_, value) => {
  const fail = (): never => {
    throw value
  }
  const failing = rejectionOf(
    taskGroup((group) => {
      group.spawn(fail, { name: 'first' })
      // Thrown in a cancelled scope.
      group.spawn(() => Promise.resolve().then(fail), { name: 'second' })
    }),
  )
  expect(await failing).toMatchObject({
    code: 'SPOOL_TASK_GROUP',
    message: expect.stringMatching(/"first" \(a value that has no text\), "second"/),
  })
})
