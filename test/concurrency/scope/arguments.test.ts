import { expect, test } from 'vitest'
import {
  checkDeadline,
  checkDuration,
  checkFlag,
  checkFunction,
  checkIterable,
  checkName,
  checkOptional,
  checkOptions,
  checkPromise,
  requireName,
} from '../../../src/concurrency/scope/arguments.ts'

test('checkFunction() takes functions, and tells what a promise should have been', () => {
  expect(() => checkFunction('run', () => undefined)).not.toThrow()
  expect(() => checkFunction('run', undefined)).toThrow(
    new TypeError('Cannot run: expected a function, got undefined'),
  )
  expect(() => checkFunction('run', 'text')).toThrow('got "text"')
  expect(() => checkFunction('run', { a: 1 })).toThrow('got Object')
  expect(() => checkFunction('run', Promise.resolve())).toThrow(
    'Cannot run: expected a function, got Promise; pass a function that returns the promise, not the promise',
  )
})

test('checkName() takes strings that are not empty, and no name at all', () => {
  expect(checkName('task', 'a')).toBe('a')
  expect(checkName('task', undefined)).toBeUndefined()
  expect(() => checkName('task', '')).toThrow(TypeError)
  expect(() => checkName('task', 5 as never)).toThrow(
    'Invalid name 5 of a task: expected a string that is not empty',
  )
})

test('checkPromise() takes whatever has a then()', () => {
  // oxlint-disable-next-line unicorn/no-thenable
  expect(() => checkPromise('wait', { then: () => undefined })).not.toThrow()
  expect(() => checkPromise('wait', null)).toThrow(
    new TypeError('Cannot wait: expected a promise, got null'),
  )
})

test('checkDuration() takes 0 and more', () => {
  expect([0, 1.5, Infinity].map((value) => checkDuration('timeout', value))).toEqual([
    0,
    1.5,
    Infinity,
  ])
  for (const value of [-1, -Infinity, Number.NaN]) {
    expect(() => checkDuration('timeout', value)).toThrow(RangeError)
  }
  expect(() => checkDuration('timeout', -1)).toThrow(
    'Invalid timeout -1: expected 0 ms or more, or Infinity',
  )
  expect(() => checkDuration('timeout', null as never)).toThrow(TypeError)
})

test('checkDeadline() takes every time but NaN', () => {
  expect([-5, 0, Infinity].map((value) => checkDeadline('deadline', value))).toEqual([
    -5,
    0,
    Infinity,
  ])
  expect(() => checkDeadline('deadline', Number.NaN)).toThrow(RangeError)
  expect(() => checkDeadline('deadline', 'now' as never)).toThrow(
    new TypeError('Invalid deadline "now": expected a number, on the clock of now()'),
  )
})

test('checkOptions() takes objects, and of them only names that there are', () => {
  const known = { limit: true } as const
  expect(() => checkOptions('pool', { limit: 1 }, '{ limit: 10 }', known)).not.toThrow()
  expect(() => checkOptions('pool', { Limit: 1 }, '{ limit: 10 }')).not.toThrow()
  expect(() => checkOptions('pool', { Limit: 1 }, '{ limit: 10 }', known)).toThrow(
    new TypeError('Cannot use "Limit" as an option of a pool, expected "limit"'),
  )
  for (const value of [null, undefined, 5, 'text', [1], () => undefined]) {
    expect(() => checkOptions('pool', value, '{ limit: 10 }')).toThrow(
      /^Cannot use .+ as the options of a pool: expected an object, as in \{ limit: 10 \}$/s,
    )
  }
})

test('checkOptional() takes what checkOptions() takes, and undefined', () => {
  const options = { name: 'a' }
  const known = { name: true } as const
  expect(checkOptional('task', options, "{ name: 'a' }", known)).toBe(options)
  expect(checkOptional<object | undefined>('task', undefined, "{ name: 'a' }")).toBeUndefined()
  expect(() => checkOptional('task', null, "{ name: 'a' }")).toThrow(TypeError)
})

test('checkFlag() takes true, false and undefined', () => {
  expect([true, false, undefined].map((flag) => checkFlag('detached', flag))).toEqual([
    true,
    false,
    undefined,
  ])
  expect(() => checkFlag('detached', 'no' as never)).toThrow(
    new TypeError('Cannot use "no" as detached: expected true or false'),
  )
})

test('checkIterable() takes whatever can be iterated over', () => {
  for (const items of [[], 'text', new Set(), new Map()]) {
    expect(() => checkIterable('run', items, 'an iterable of functions')).not.toThrow()
  }
  for (const items of [null, 5, { length: 1 }]) {
    expect(() => checkIterable('run', items, 'an iterable of functions')).toThrow(
      /^Cannot run: expected an iterable of functions, got (null|5|Object)$/,
    )
  }
})

test('requireName() takes strings that are not empty', () => {
  expect(requireName('variable', 'a')).toBe('a')
  for (const name of [undefined, '', 5]) {
    expect(() => requireName('variable', name as string)).toThrow(TypeError)
  }
})
