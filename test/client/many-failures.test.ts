import { expect, test } from 'vitest'
import { expectNothingLeft, openResources } from '../support/open-resources.ts'
import { checkManyFailures } from './support/many-failures.ts'

test('ClientSession ends each of 2,000 requests once, whatever becomes of their connections', async () => {
  const before = openResources()
  await checkManyFailures({ requests: 2_000, atOnce: 128, seed: 7 })
  await expectNothingLeft(before)
  expect(openResources()).toEqual(before)
})
