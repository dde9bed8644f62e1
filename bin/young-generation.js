/**
 * Keeps the young generation of V8 at 32 MB. Node.js 24 lets it grow to 128 MB in the course of a long
 * run, whatever little is alive in it: fetching 100,000 URLs then takes 210 MB and 20,000 take 125 MB,
 * where with this limit both take less than 140 MB, for about 3 % more CPU time.
 *
 * `--max-semi-space-size` would say the same, but can't be given to a program that is started already;
 * that the young generation stops growing can be said at any time.
 */
import { PerformanceObserver } from 'node:perf_hooks'
import v8 from 'node:v8'

const limit = 32 * 2 ** 20

const observer = new PerformanceObserver(() => {
  const space = v8.getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')
  if (space === undefined || space.space_size < limit) return
  v8.setFlagsFromString('--semi-space-growth-factor=1')
  observer.disconnect()
})
observer.observe({ entryTypes: ['gc'] })
