import { describe, expect, test } from 'vitest'
import { compareRequests, compareResponses } from './differences.ts'

// The same messages each time; test/long draws others.
const bounds = { numRuns: 200, seed: 9112 }

describe('compared with llhttp', () => {
  test('RequestParser takes no damaged request otherwise or alone', async () => {
    await expect(compareRequests(bounds)).resolves.toBeUndefined()
  })

  test('ResponseParser takes no damaged response otherwise or alone', async () => {
    await expect(compareResponses(bounds)).resolves.toBeUndefined()
  })
})
