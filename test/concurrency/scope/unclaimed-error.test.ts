import { expect, test } from 'vitest'
import { RecordingGroup } from '../../support/recording-group.ts'
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
  error.claim()
  error.claim()
  void scope.close()
  expect(taken).toEqual([])
})
