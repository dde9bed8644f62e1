import { expect, test } from 'vitest'
import { MockClock } from '../../../src/testing/index.ts'
import {
  captureSpawnSites,
  reportUnresponsiveTasks,
  sleep,
  taskGroup,
  type UnresponsiveTask,
} from '../../../src/index.ts'

test('reportUnresponsiveTasks() names, once, a task that ignores its cancellation', async () => {
  using clock = MockClock.install()
  using _ = captureSpawnSites()
  const reports: UnresponsiveTask[] = []
  using watch = reportUnresponsiveTasks((report) => reports.push(report), { grace: 1_000 })
  expect(watch).toBeDefined()
  const { promise, resolve } = Promise.withResolvers<void>()
  await taskGroup(async (group) => {
    const deaf = group.spawn(() => promise, { name: 'deaf' })
    group.spawn(() => sleep(Infinity), { name: 'obedient' }).cancel()
    group.spawn(() => sleep(5_000), { name: 'busy' })
    await clock.advance(2_000)
    deaf.cancel()
    await clock.advance(900)
    expect(reports).toEqual([])
    await clock.advance(3_000)
    expect(reports.map(({ task, cancelledFor }) => [task, cancelledFor])).toEqual([[deaf, 1_000]])
    expect(String(reports[0])).toMatch(
      /^Task "deaf" was cancelled 1000 ms ago and still runs \(started \d+ ms ago, spawned at .*unresponsive-tasks\.test\.ts/,
    )
    resolve()
    group.cancel()
  })
})

test('reportUnresponsiveTasks() stops when it is disposed of, and waits 5 s by default', async () => {
  using clock = MockClock.install()
  const reports: UnresponsiveTask[] = []
  const watch = reportUnresponsiveTasks((report) => reports.push(report))
  const { promise, resolve } = Promise.withResolvers<void>()
  await taskGroup(async (group) => {
    group.spawn(() => promise, { name: 'deaf' }).cancel()
    await clock.advance(4_000)
    expect(reports).toEqual([])
    await clock.advance(4_000)
    expect(String(reports[0])).toMatch(
      /^Task "deaf" was cancelled 5000 ms ago and still runs \(started \d+ ms ago\)$/,
    )
    watch[Symbol.dispose]()
    expect(clock.pending).toBe(0)
    resolve()
  })
})

test('reportUnresponsiveTasks() refuses bad input', () => {
  expect(() => reportUnresponsiveTasks(5 as never)).toThrow(TypeError)
  expect(() => reportUnresponsiveTasks(() => undefined, { grace: Number.NaN })).toThrow(RangeError)
})
