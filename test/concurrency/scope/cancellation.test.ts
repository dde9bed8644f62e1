import { once } from 'node:events'
import { EventEmitter } from 'node:events'
import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { CancelledError } from '../../../src/concurrency/errors.ts'
import { isCancellation } from '../../../src/concurrency/scope/cancellation.ts'
import { Scope } from '../../../src/concurrency/scope/scope.ts'

const cancelled = new CancelledError('explicit')

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  )
}

function suppressed(error: unknown, other: unknown): Error {
  return Object.assign(new Error('both'), { name: 'SuppressedError', error, suppressed: other })
}

test('isCancellation() knows the form in which each API of Node.js gives the reason back', async () => {
  const scope = new Scope(undefined)
  const { signal } = scope
  const waits = [
    delay(60_000, undefined, { signal }),
    once(new EventEmitter(), 'never', { signal }),
    readFile(import.meta.filename, { signal }),
    fetch('data:text/plain,hello', { signal }).then((response) => response.text()),
  ]
  scope.cancel()
  const errors = await Promise.all(waits.map((wait) => rejection(wait)))
  expect(errors.map((error) => isCancellation(error))).toEqual([true, true, true, true])
})

test('isCancellation() knows a DOMException that forgot the reason', () => {
  expect(isCancellation(new DOMException('stopped', 'AbortError'))).toBe(true)
})

test('isCancellation() knows what Promise.any() makes of cancellations, and of nothing else', () => {
  expect(isCancellation(new AggregateError([cancelled, cancelled]))).toBe(true)
  expect(isCancellation(new AggregateError([cancelled, new Error('other')]))).toBe(false)
  expect(isCancellation(new AggregateError([]))).toBe(false)
})

test('isCancellation() does not know what throws when it is asked', () => {
  const hostile = {
    get name(): string {
      throw new Error('not to be looked at')
    },
  }
  expect(isCancellation(hostile)).toBe(false)
})

test('isCancellation() knows a SuppressedError of two cancellations', () => {
  expect(isCancellation(suppressed(cancelled, cancelled))).toBe(true)
  expect(isCancellation(suppressed(new Error('close'), cancelled))).toBe(false)
  expect(isCancellation(suppressed(cancelled, new Error('body')))).toBe(false)
})

test('isCancellation() takes nothing else for one', () => {
  const others = [
    new Error('AbortError'),
    'AbortError',
    null,
    undefined,
    5,
    { name: 'TimeoutError' },
  ]
  expect(others.map((other) => isCancellation(other))).toEqual(others.map(() => false))
})
