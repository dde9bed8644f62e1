import { expect, it } from 'vitest'
import { CancelledError } from '../../../../src/concurrency/errors.ts'
import { RetryPolicy } from '../../../../src/concurrency/pool/policy/retry-policy.ts'

const error = new Error('failed')

it('RetryPolicy waits longer after each attempt, up to the longest delay', () => {
  const policy = new RetryPolicy({ attempts: 6, delay: 10, factor: 3, maxDelay: 200, jitter: 0 })
  const delays = [1, 2, 3, 4, 5, 6].map((attempt) => policy.delayAfter(attempt, error))
  expect(delays).toEqual([10, 30, 90, 200, 200, undefined])
})

it('RetryPolicy leaves a part of the delay to chance', () => {
  let chance = 0
  const policy = (jitter: number) =>
    new RetryPolicy({ attempts: 2, delay: 100, jitter, random: () => chance })
  expect(policy(1).delayAfter(1, error)).toBe(100)
  chance = 0.75
  expect(policy(1).delayAfter(1, error)).toBe(25)
  expect(policy(0.4).delayAfter(1, error)).toBe(70)
})

it('RetryPolicy made of a number has the defaults', () => {
  const policy = new RetryPolicy(3)
  expect(policy.attempts).toBe(3)
  for (let i = 0; i < 20; i++) {
    const delay = policy.delayAfter(2, error)
    expect(delay).toBeGreaterThanOrEqual(0)
    expect(delay).toBeLessThanOrEqual(200)
  }
  expect(policy.delayAfter(3, error)).toBeUndefined()
})

it('RetryPolicy asks whether to try again', () => {
  const asked: unknown[] = []
  const policy = new RetryPolicy({
    attempts: Infinity,
    jitter: 0,
    retryIf: (...args) => {
      asked.push(args)
      return args[1] < 2
    },
  })
  expect(policy.delayAfter(1, error)).toBe(100)
  expect(policy.delayAfter(2, error)).toBeUndefined()
  expect(asked).toEqual([
    [error, 1],
    [error, 2],
  ])
})

it('RetryPolicy never tries again what was cancelled', () => {
  const policy = new RetryPolicy({ attempts: 5, retryIf: () => true })
  expect(policy.delayAfter(1, new CancelledError('explicit'))).toBeUndefined()
})

it.each([
  [
    { attempts: 0 },
    'Cannot use 0 as the attempts of a retry policy: expected an integer of at least 1, or Infinity',
  ],
  [{ attempts: 1, delay: -1 }, 'Cannot use -1 as the delay of a retry policy: expected 0 or more'],
  [
    { attempts: 1, factor: 0.5 },
    'Cannot use 0.5 as the factor of a retry policy: expected 1 or more',
  ],
  [
    { attempts: 1, maxDelay: Infinity },
    'Cannot use Infinity as the longest delay of a retry policy: expected 0 or more',
  ],
  [
    { attempts: 1, jitter: 2 },
    'Cannot use 2 as the jitter of a retry policy: expected a number from 0 to 1',
  ],
])('RetryPolicy refuses %j', (options, message) => {
  expect(() => new RetryPolicy(options)).toThrow(new RangeError(message))
})

it.each([
  [
    { attempts: 2, delay: '5' },
    'Cannot use "5" as the delay of a retry policy: expected 0 or more',
  ],
  [{ attempts: 2, retryIf: 5 }, 'Cannot ask whether to try again: expected a function, got 5'],
  [{ attempts: 2, random: 5 }, 'expected a function, got 5'],
])('RetryPolicy refuses %j, which is of the wrong kind', (options, message) => {
  const create = (): RetryPolicy => new RetryPolicy(options as unknown as number)
  expect(create).toThrow(TypeError)
  expect(create).toThrow(message)
})
