import { expect, test } from 'vitest'
import { runInScope } from '../../../src/concurrency/scope/context.ts'
import { Scope } from '../../../src/concurrency/scope/scope.ts'
import { Hurry } from '../../../src/concurrency/scope/hurry.ts'

test('a hurry cancels its scope when whoever waits is cancelled', () => {
  const [scope, waiting] = [new Scope(undefined), new Scope(undefined)]
  const hurry = runInScope(waiting, () => new Hurry(scope))
  expect(scope.cancelled).toBe(false)
  waiting.cancel('enough')
  expect(scope.error).toBe(waiting.error)
  hurry.end()
})

test('a hurry cancels its scope at once if whoever waits is cancelled already', () => {
  const [scope, waiting] = [new Scope(undefined), new Scope(undefined)]
  waiting.cancel()
  runInScope(waiting, () => new Hurry(scope))
  expect([scope.cancelled, waiting.empty]).toEqual([true, true])
})

test('a hurry that is over cancels nothing', () => {
  const [scope, waiting] = [new Scope(undefined), new Scope(undefined)]
  runInScope(waiting, () => new Hurry(scope)).end()
  waiting.cancel()
  expect(scope.cancelled).toBe(false)
})
