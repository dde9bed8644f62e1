import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { rejectionOf } from '../../support/rejection.ts'
import { settle } from '../../../src/testing/index.ts'
import { abortable, timeout, TimeoutError } from '../../../src/index.ts'

test('abortable() gives what the promise comes to', async () => {
  expect(await abortable(Promise.resolve(7))).toBe(7)
  const failure = new Error('broken')
  expect(await rejectionOf(abortable(Promise.reject(failure)))).toBe(failure)
})

test('abortable() stops waiting when its scope is cancelled', async () => {
  const never = new Promise<never>(() => undefined)
  expect(await rejectionOf(timeout(0, () => abortable(never)))).toBeInstanceOf(TimeoutError)
})

test('abortable() drops what the promise comes to after that', async () => {
  const { promise, reject } = Promise.withResolvers<never>()
  expect(await rejectionOf(timeout(0, () => abortable(promise)))).toBeInstanceOf(TimeoutError)
  reject(new Error('nobody waits any more'))
  await settle()
})

test('abortable() refuses what is no promise', () => {
  expect(() => abortable(5 as never)).toThrow('Cannot wait: expected a promise, got 5')
})

test('abortable() that was cancelled is not held by the promise', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const never = new Promise<never>(() => undefined)
  const waits: WeakRef<Promise<never>>[] = []
  for (let index = 0; index < 10; index++) {
    await rejectionOf(
      timeout(0, async () => {
        const wait = abortable(never)
        waits.push(new WeakRef(wait))
        await wait
      }),
    )
  }
  await settle()
  collect()
  // The last one may still be in a register.
  expect(waits.filter((wait) => wait.deref() !== undefined).length).toBeLessThan(2)
  expect(never).toBeInstanceOf(Promise)
})
