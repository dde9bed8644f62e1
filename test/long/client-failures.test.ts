// As test/client/many-failures.test.ts, for as long as leaks need to be seen. `SPOOL_LONG_REQUESTS`: how many.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { checkManyFailures } from '../client/support/many-failures.ts'
import { expectNothingLeft, openResources } from '../support/open-resources.ts'

const requests = Number(process.env['SPOOL_LONG_REQUESTS'] ?? 100_000)

test('ClientSession ends 100,000 requests at 128 a time once each, and memory stays flat', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const before = openResources()
  const heaps: number[] = []
  await checkManyFailures({
    requests,
    atOnce: 128,
    seed: Date.now() >>> 0,
    progress: (ended) => {
      if (ended % (requests / 10) !== 0) return
      collect()
      heaps.push(process.memoryUsage().heapUsed / 1e6)
    },
  })
  await expectNothingLeft(before)
  console.log(`heap in MB, after each tenth: ${heaps.map((heap) => heap.toFixed(1)).join(' ')}`)
  // The first tenths fill caches and compile code; afterwards nothing may grow by more than a few MB.
  const [, , third = 0] = heaps
  expect((heaps.at(-1) ?? 0) - third).toBeLessThan(8)
})
