// As many messages as there is time for: `SPOOL_LONG_SECONDS` for each property, 60 by default. Each run draws
// others; what fails is shown with its seed.
import { describe, expect, test } from 'vitest'
import { properties } from '../wire/properties.ts'

const seconds = Number(process.env['SPOOL_LONG_SECONDS'] ?? 60)

describe('for every message', () => {
  test.each(properties.map((property) => [property.name, property] as const))(
    '%s',
    (_, property) => {
      const bounds = {
        numRuns: Number.MAX_SAFE_INTEGER,
        interruptAfterTimeLimit: seconds * 1000,
        markInterruptAsFailure: false,
      }
      expect(() => property.check(bounds)).not.toThrow()
    },
  )
})
