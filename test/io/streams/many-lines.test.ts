import { afterEach, beforeEach, test } from 'vitest'
import { openConnection, startServer } from 'spool/io'
import { checkManyLines } from '../../support/many-lines.ts'
import { expectNothingLeft, openResources } from '../../support/open-resources.ts'

let before: string[]

beforeEach(() => {
  before = openResources()
})

afterEach(() => expectNothingLeft(before))

test('readLine() over 64 MB holds no more than the mark and a few lines', async () => {
  await checkManyLines(64, { startServer, openConnection })
})
