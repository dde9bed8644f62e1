import { expect, test } from 'vitest'
import { BrokenResourceError, ClosedResourceError } from '../../src/concurrency/errors.ts'
import {
  connectionError,
  ConnectError,
  hostAndPort,
  ListenError,
  reasonOf,
} from '../../src/io/errors.ts'
import { SpoolError } from '../../src/util/error.ts'

function system(code: string): Error {
  return Object.assign(new Error(`read ${code}`), { code })
}

test.each([
  ['ECONNRESET', BrokenResourceError, 'connection reset by the peer (ECONNRESET)'],
  ['EPIPE', BrokenResourceError, 'the peer has closed the connection (EPIPE)'],
  ['ETIMEDOUT', BrokenResourceError, 'the peer does not answer (ETIMEDOUT)'],
  ['EPROTO', BrokenResourceError, 'read EPROTO'],
  ['EBADF', ClosedResourceError, 'it is closed (EBADF)'],
  ['ERR_STREAM_DESTROYED', ClosedResourceError, 'it is closed (ERR_STREAM_DESTROYED)'],
])('connectionError() makes of %s the right class, and keeps the cause', (code, kind, reason) => {
  const cause = system(code)
  const error = connectionError(cause)
  expect(error).toBeInstanceOf(kind)
  expect(error.message).toBe(`Connection broken: ${reason}`)
  expect(error.cause).toBe(cause)
})

test('connectionError() leaves errors of Spool as they are', () => {
  const error = new SpoolError('SPOOL_TEST', 'mine')
  expect(connectionError(error)).toBe(error)
})

test('reasonOf() gives the message of errors without a code', () => {
  expect(reasonOf(new Error('odd'))).toBe('odd')
})

test('ConnectError and ListenError are recognised by their codes', () => {
  const cause = system('EADDRINUSE')
  const refused = new ConnectError('tcp', 'No')
  const inUse = new ListenError('localhost:80', cause)
  expect([ConnectError.is(refused), ConnectError.is(inUse), ListenError.is(inUse)]).toEqual([
    true,
    false,
    true,
  ])
  expect([refused.name, refused.attempts, inUse.name, inUse.cause]).toEqual([
    'ConnectError',
    [],
    'ListenError',
    cause,
  ])
})

test('hostAndPort() puts IPv6 addresses in brackets', () => {
  expect([hostAndPort('::1', 80), hostAndPort('a.test', 80)]).toEqual(['[::1]:80', 'a.test:80'])
})
