import { AsyncLocalStorage } from 'node:async_hooks'
import { expect, test } from 'vitest'
import {
  callInScope,
  captureContext,
  enclosingScope,
  endStepInScope,
  enterScope,
  inThisContext,
  outsideContexts,
  outsideScopes,
  runInContext,
  runInScope,
  watchSteps,
  waysThereAndBack,
  waysToEndAStep,
} from '../../../src/concurrency/scope/context.ts'
import { Scope } from '../../../src/concurrency/scope/scope.ts'

test('runInScope() runs a function, and all that it awaits, in the scope', async () => {
  const scope = new Scope(undefined)
  const seen = await runInScope(scope, async () => {
    const first = enclosingScope()
    await Promise.resolve()
    return [first, enclosingScope()]
  })
  expect(seen).toEqual([scope, scope])
  expect(enclosingScope()).toBeUndefined()
})

test('runInScope() in the scope that it is in already stays there', () => {
  const scope = new Scope(undefined)
  const seen = runInScope(scope, () => [runInScope(scope, enclosingScope), enclosingScope()])
  expect(seen).toEqual([scope, scope])
})

test('runInScope() hands an argument on', () => {
  expect(runInScope(new Scope(undefined), (value) => value + 1, 41)).toBe(42)
})

test.each([
  ['runInScope()', (fn: () => void) => runInScope(new Scope(undefined), fn)],
  [
    'outsideScopes()',
    (fn: () => void) => runInScope(new Scope(undefined), () => outsideScopes(fn)),
  ],
  ['an own step', (fn: () => void) => waysThereAndBack(true)(new Scope(undefined), fn)],
  ['the store', (fn: () => void) => waysThereAndBack(false)(new Scope(undefined), fn)],
])('%s leaves the scope when the function throws', (_, call) => {
  const error = new Error('broken')
  const fails = (): never => {
    throw error
  }
  expect(() => call(fails)).toThrow(error)
  expect(enclosingScope()).toBeUndefined()
})

test('runInScope() puts back the context that was there, as it was, where contexts are frames', () => {
  const storage = new AsyncLocalStorage<string>()
  runInScope(new Scope(undefined), () => storage.enterWith('inside'))
  const frames = Number.parseInt(process.versions.node, 10) >= 24
  expect(storage.getStore()).toBe(frames ? undefined : 'inside')
})

test('callInScope() awaits a lazy promise-like in the scope', async () => {
  const scope = new Scope(undefined)
  const lazy = {
    // oxlint-disable-next-line unicorn/no-thenable
    then(resolve: (value: unknown) => void) {
      resolve(enclosingScope())
    },
  }
  expect(await callInScope(scope, () => lazy, undefined)).toBe(scope)
  expect(await callInScope(scope, async () => 'a promise', undefined)).toBe('a promise')
  expect(callInScope(scope, (value) => value, null)).toBeNull()
  expect(callInScope(scope, (value) => value, { then: 'no function' })).toEqual({
    then: 'no function',
  })
  expect(callInScope(scope, (value) => value, 5)).toBe(5)
})

test('outsideScopes() runs a function in no scope', () => {
  expect(outsideScopes(() => enclosingScope())).toBeUndefined()
  runInScope(new Scope(undefined), () => {
    expect(outsideScopes(() => enclosingScope())).toBeUndefined()
  })
})

test('inThisContext() keeps the scope and what others store in the context', () => {
  const scope = new Scope(undefined)
  const storage = new AsyncLocalStorage<string>()
  const seen: unknown[] = []
  const callback = storage.run('mine', () =>
    runInScope(scope, () =>
      inThisContext((value: number) => {
        seen.push(value, enclosingScope(), storage.getStore())
      }),
    ),
  )
  callback(7)
  expect(seen).toEqual([7, scope, 'mine'])
})

test('runInContext() runs a function later in the context that captureContext() found', () => {
  const scope = new Scope(undefined)
  const storage = new AsyncLocalStorage<string>()
  const seen: unknown[] = []
  const context = storage.run('mine', () => runInScope(scope, () => captureContext()))
  runInContext(context, (value) => seen.push(value, enclosingScope(), storage.getStore()), 7)
  expect(seen).toEqual([7, scope, 'mine'])
})

test('enterScope() enters a scope for the rest of a step and what it awaits, and for nobody else', async () => {
  const scope = new Scope(undefined)
  const storage = new AsyncLocalStorage<string>()
  const step = async () => {
    await Promise.resolve()
    enterScope(scope)
    const before = enclosingScope()
    await Promise.resolve()
    return [before, enclosingScope(), storage.getStore()]
  }
  const seen = storage.run('mine', step)
  await Promise.resolve()
  expect(enclosingScope()).toBeUndefined()
  expect(await seen).toEqual([scope, scope, 'mine'])
  expect(enclosingScope()).toBeUndefined()
})

test('watchSteps() is called around each step, with the scope, until it is stopped', async () => {
  const scope = new Scope(undefined)
  const seen: unknown[] = []
  const stop = watchSteps(
    (around) => seen.push(around),
    () => seen.push('after'),
  )
  await runInScope(scope, async () => {
    await Promise.resolve()
  })
  stop()
  const index = seen.indexOf(scope)
  expect(seen.slice(index, index + 2)).toEqual([scope, 'after'])
  const { length } = seen
  await Promise.resolve()
  expect(seen).toHaveLength(length)
})

test.each([
  ['endStepInScope()', endStepInScope],
  ['endStepInScope() where contexts are frames', waysToEndAStep(true)],
  ['endStepInScope() where they stay with what made them', waysToEndAStep(false)],
])('%s enters one scope after the other, until the step ends', async (_, endStep) => {
  const [first, second] = [new Scope(undefined), new Scope(undefined)]
  const storage = new AsyncLocalStorage<string>()
  const look = async (value: number) => {
    const before = enclosingScope()
    await Promise.resolve()
    return [value, before === enclosingScope(), enclosingScope(), storage.getStore()]
  }
  const seen = await new Promise<Promise<unknown>[]>((resolve) => {
    setImmediate(() => {
      storage.run('other', () => {
        resolve([endStep(first, look, 1), endStep(second, look, 2)])
      })
    })
  })
  expect(enclosingScope()).toBeUndefined()
  expect(await Promise.all(seen)).toEqual([
    [1, true, first, 'other'],
    [2, true, second, 'other'],
  ])
})

test("outsideContexts() leaves every scope and everybody's stores, and hands an argument on", () => {
  const storage = new AsyncLocalStorage<string>()
  const look = (argument: string): unknown[] => [argument, storage.getStore(), enclosingScope()]
  storage.run('mine', () =>
    runInScope(new Scope(undefined), () => {
      expect(outsideContexts(look, 'given')).toEqual(['given', undefined, undefined])
      expect(storage.getStore()).toBe('mine')
    }),
  )
})
