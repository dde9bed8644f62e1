import { expect, test } from 'vitest'
import {
  captureSpawnSites,
  reportSlowCallbacks,
  sleep,
  type SlowCallback,
  taskGroup,
} from '../../../src/index.ts'

function block(milliseconds: number): void {
  const until = performance.now() + milliseconds
  while (performance.now() < until);
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

test('reportSlowCallbacks() names the task that blocked the event loop, where it was spawned, and for how long', async () => {
  using _ = captureSpawnSites()
  const slow: SlowCallback[] = []
  {
    using watch = reportSlowCallbacks((report) => slow.push(report), { threshold: 20 })
    expect(watch).toBeDefined()
    await taskGroup((group) => {
      group.spawn(
        async () => {
          await sleep(0)
          block(25)
          await sleep(0)
        },
        { name: 'parser' },
      )
      group.spawn(() => sleep(0), { name: 'quick' })
    })
  }
  const [report] = slow.filter(({ task }) => task?.name === 'parser')
  expect(report?.blocked).toBeGreaterThanOrEqual(20)
  expect(String(report)).toMatch(
    /^Task "parser" blocked the event loop for \d+ ms, spawned at .*slow-callbacks\.test\.ts:\d+:\d+/,
  )
})

test('reportSlowCallbacks() tells of code outside of tasks too, and of none after it was disposed of', async () => {
  const slow: SlowCallback[] = []
  {
    // It begins in the middle of a step, the end of which it sees.
    using _ = await new Promise<Disposable>((resolve) => {
      setImmediate(() =>
        resolve(reportSlowCallbacks((report) => slow.push(report), { threshold: 20 })),
      )
    })
    await nextTurn()
    block(25)
    await nextTurn()
  }
  await nextTurn()
  expect(slow.map(String)).toContainEqual(
    expect.stringMatching(/^Code outside of tasks blocked the event loop for \d+ ms$/),
  )
  const before = slow.length
  await nextTurn()
  block(25)
  await nextTurn()
  expect(slow).toHaveLength(before)
})

test('reportSlowCallbacks() without a site, and with its default of 100 ms', async () => {
  const slow: SlowCallback[] = []
  {
    using _ = reportSlowCallbacks((report) => slow.push(report))
    await taskGroup((group) => {
      group.spawn(
        async () => {
          await sleep(0)
          block(105)
        },
        { name: 'long' },
      )
      group.spawn(async () => {
        await sleep(0)
        block(1)
      })
    })
  }
  expect(slow.map(String)).toContainEqual(
    expect.stringMatching(/^Task "long" blocked the event loop for \d{3,} ms$/),
  )
})

test('reportSlowCallbacks() refuses bad input', () => {
  expect(() => reportSlowCallbacks(undefined as never)).toThrow(TypeError)
  expect(() => reportSlowCallbacks(() => undefined, { threshold: -1 })).toThrow(RangeError)
})
