// As many messages as there is time for: `SPOOL_LONG_SECONDS` for each property, 60 by default. Each run draws
// others; what fails is shown with its seed.
import { describe, expect, test } from 'vitest'
import { compareRequests, compareResponses } from '../wire/differences.ts'
import { properties } from '../wire/properties.ts'
import { properties as frameProperties } from '../wire/websocket/properties.ts'

const seconds = Number(process.env['SPOOL_LONG_SECONDS'] ?? 60)

const bounds = {
  numRuns: Number.MAX_SAFE_INTEGER,
  interruptAfterTimeLimit: seconds * 1000,
  markInterruptAsFailure: false,
}

describe('for every message', () => {
  test.each(properties.map((property) => [property.name, property] as const))(
    '%s',
    (_, property) => {
      expect(() => property.check(bounds)).not.toThrow()
    },
  )
})

describe('for every sequence of frames', () => {
  test.each(frameProperties.map((property) => [property.name, property] as const))(
    '%s',
    (_, property) => {
      expect(() => property.check(bounds)).not.toThrow()
    },
  )
})

describe('compared with llhttp', () => {
  test('RequestParser takes no damaged request otherwise or alone', async () => {
    await expect(compareRequests(bounds)).resolves.toBeUndefined()
  })

  test('ResponseParser takes no damaged response otherwise or alone', async () => {
    await expect(compareResponses(bounds)).resolves.toBeUndefined()
  })
})
