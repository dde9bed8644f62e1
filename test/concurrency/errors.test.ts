import { describe, expect, test } from 'vitest'
import {
  BrokenResourceError,
  BusyResourceError,
  CancelledError,
  ClosedResourceError,
  NoScopeError,
  TimeoutError,
} from '../../src/concurrency/errors.ts'
import { SpoolError } from '../../src/util/error.ts'

test('every error has its name and a stable code, and keeps its cause', () => {
  const cause = new Error('below')
  const errors = [
    new ClosedResourceError('Cannot read: the file is closed', { cause }),
    new BrokenResourceError('Cannot read: the peer left', { cause }),
    new BusyResourceError('Cannot read: another task does', { cause }),
    new TimeoutError('connect', 50, undefined, { cause }),
  ]
  expect(errors.map(({ name, code }) => [name, code])).toEqual([
    ['ClosedResourceError', 'SPOOL_CLOSED'],
    ['BrokenResourceError', 'SPOOL_BROKEN'],
    ['BusyResourceError', 'SPOOL_BUSY'],
    ['TimeoutError', 'SPOOL_TIMEOUT'],
  ])
  expect(errors.every((error) => error.cause === cause && SpoolError.is(error))).toBe(true)
  expect(new NoScopeError('x')).toMatchObject({ name: 'NoScopeError', code: 'SPOOL_NO_SCOPE' })
})

test('CancelledError says who cancelled and why', () => {
  const cause = new Error('the peer left')
  expect(new CancelledError('explicit').message).toBe('Cancelled (explicit)')
  expect(new CancelledError('explicit', { any: 'object' }).message).toBe('Cancelled (explicit)')
  expect(new CancelledError('group', 'enough').message).toBe('Cancelled (group): enough')
  expect(new CancelledError('disconnect', cause)).toMatchObject({
    message: 'Cancelled (disconnect): the peer left',
    cause,
    reason: cause,
    source: 'disconnect',
  })
})

test('TimeoutError says which phase and how long', () => {
  expect(new TimeoutError('headers', 50)).toMatchObject({
    message: 'Timed out after 50 ms (headers)',
    phase: 'headers',
    timeout: 50,
  })
  expect(new TimeoutError('idle', 50, 'Nothing came').message).toBe('Nothing came')
})

test('is() tells each error from the others, and from those of others', () => {
  const errors = [new CancelledError('explicit'), new TimeoutError('idle', 1), new Error('x'), null]
  expect(errors.map((error) => CancelledError.is(error))).toEqual([true, false, false, false])
  expect(errors.map((error) => TimeoutError.is(error))).toEqual([false, true, false, false])
})

describe('is()', () => {
  const errors = [
    new CancelledError('explicit'),
    new TimeoutError('scope', 1),
    new ClosedResourceError('closed'),
    new BrokenResourceError('broken'),
    new BusyResourceError('busy'),
    new NoScopeError('none'),
  ]

  test.each(errors.map((error) => [error.name, error] as const))(
    'of %s knows its own kind, and no other',
    (_, error) => {
      const kind = error.constructor as typeof SpoolError
      expect(errors.filter((other) => kind.is(other))).toEqual([error])
    },
  )
})
