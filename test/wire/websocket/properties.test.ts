import { describe, expect, test } from 'vitest'
import { properties } from './properties.ts'

describe('for every sequence of frames', () => {
  test.each(properties.map((property) => [property.name, property] as const))(
    '%s',
    (_, property) => {
      expect(() => property.check({ numRuns: 300 })).not.toThrow()
    },
  )
})
