import { expect, test } from 'vitest'
import { RecordingGroup } from '../../support/recording-group.ts'
import { Uncaught } from '../../support/uncaught.ts'
import { settle } from '../../../src/testing/settle.ts'
import { rootScope, Scope } from '../../../src/concurrency/scope/scope.ts'
import { UnclaimedError } from '../../../src/concurrency/scope/unclaimed-error.ts'

test('an error that nobody came for is lost when the scope is over', () => {
  const { scope, taken } = new RecordingGroup('g', { scope: new Scope(rootScope) })
  const error = new UnclaimedError('broken', 'a request', scope)
  expect(error.memberOf).toBe(scope)
  expect(taken).toEqual([])
  void scope.close()
  expect(taken).toEqual([['broken', 'a request']])
})

test('an error is lost when its scope is cancelled', () => {
  const { scope, taken } = new RecordingGroup('g', { scope: new Scope(rootScope) })
  const error = new UnclaimedError('broken', 'a request', scope)
  scope.cancel()
  error.claim()
  expect(taken).toHaveLength(1)
  void scope.close()
})

test('an error that was claimed is not lost', () => {
  const { scope, taken } = new RecordingGroup('g', { scope: new Scope(rootScope) })
  const error = new UnclaimedError('broken', 'a request', scope)
  expect([error.claim(), error.claim()]).toEqual([true, false])
  error.giveUp()
  void scope.close()
  expect(taken).toEqual([])
})

test('an error outside of every scope is an uncaught exception once the process has nothing more to do', async () => {
  using uncaught = new Uncaught()
  const [broken, seen] = [new Error('broken'), new Error('seen')]
  const error = new UnclaimedError(broken, 'a future', rootScope)
  const claimed = new UnclaimedError(seen, 'a future', rootScope)
  expect([claimed.claim(), claimed.claim()]).toEqual([true, false])
  process.listeners('beforeExit').at(-1)?.(0)
  await settle()
  // Other tests may have left some as well.
  expect([uncaught.errors.includes(broken), uncaught.errors.includes(seen)]).toEqual([true, false])
  expect([error.claim(), error.memberOf]).toEqual([false, undefined])
})

test('an error that is handed over to a scope that is cancelled is lost once', () => {
  const { scope, taken } = new RecordingGroup('g', { scope: new Scope(rootScope) })
  const shielded = new Scope(scope, Infinity, true)
  const error = new UnclaimedError('broken', 'a request', shielded)
  scope.cancel()
  expect(taken).toEqual([])
  shielded.end()
  void scope.close()
  expect([taken.length, error.memberOf]).toEqual([1, undefined])
})

test('an error that arises in a scope which is being closed is lost at once, and holds up nobody', async () => {
  const { scope, taken } = new RecordingGroup('g', { scope: new Scope(rootScope) })
  const left = new Scope(scope)
  const closed = scope.close()
  const error = new UnclaimedError('broken', 'a request', scope)
  expect([taken, error.claim()]).toEqual([[['broken', 'a request']], false])
  left.end()
  await closed
  expect(scope.over).toBe(true)
})
