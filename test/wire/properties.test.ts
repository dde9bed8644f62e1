import { describe, expect, test } from 'vitest'
import { properties } from './properties.ts'

describe('for every message', () => {
  test.each(properties.map((property) => [property.name, property] as const))(
    '%s',
    (_, property) => {
      // The same ones each time, so that the gate is no lottery; test/long draws others.
      expect(() => property.check({ numRuns: 150, seed: 9112 })).not.toThrow()
    },
  )
})
