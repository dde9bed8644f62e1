import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseChallenges } from '../../../src/client/auth/challenges.ts'

function read(...fields: string[]): unknown[] {
  return parseChallenges(fields).map(({ scheme, parameters }) => [
    scheme,
    Object.fromEntries(parameters),
  ])
}

describe('parseChallenges()', () => {
  it.each([
    ['Basic realm="simple"', [['basic', { realm: 'simple' }]]],
    [
      'Newauth realm="apps", type=1, title="Login to \\"apps\\"", Basic realm="simple"',
      [
        ['newauth', { realm: 'apps', type: '1', title: 'Login to "apps"' }],
        ['basic', { realm: 'simple' }],
      ],
    ],
    [
      'Negotiate, Basic realm = "x"',
      [
        ['negotiate', {}],
        ['basic', { realm: 'x' }],
      ],
    ],
    [
      'Negotiate YII=, Digest nonce=a',
      [
        ['negotiate', {}],
        ['digest', { nonce: 'a' }],
      ],
    ],
    [
      'digest qop="auth,auth-int", NONCE="n", nonce="second"',
      [['digest', { qop: 'auth,auth-int', nonce: 'n' }]],
    ],
    [' , Basic realm="x",, ', [['basic', { realm: 'x' }]]],
    ['Basic realm="never ends', [['basic', {}]]],
    ['realm="x"', []],
    ['', []],
    ['"', []],
  ])('reads %s', (field, challenges) => {
    expect(read(field)).toEqual(challenges)
  })

  it('reads several fields, and 20 challenges at most', () => {
    expect(read('Basic', 'Digest nonce=a')).toEqual([
      ['basic', {}],
      ['digest', { nonce: 'a' }],
    ])
    expect(read('A, '.repeat(50))).toHaveLength(20)
  })

  it('ends, whatever it is given', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('a', 'A', '=', '"', ',', ' ', '\\', '\t'),
          maxLength: 60,
        }),
        (field) => {
          expect(Array.isArray(parseChallenges([field]))).toBe(true)
        },
      ),
      { numRuns: 500 },
    )
  })
})
