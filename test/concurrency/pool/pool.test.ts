import { expect, it } from 'vitest'
import { Pool } from '../../../src/concurrency/pool/pool.ts'
import { AsyncEvent } from '../../../src/concurrency/sync/async-event.ts'
import { settle } from '../../../src/testing/settle.ts'

it('Pool runs what is submitted and says how it fares', async () => {
  const pool = new Pool({ limit: 2, maxQueue: 1, name: 'small' })
  expect([pool.name, pool.limit, pool.full, pool.closed, pool.paused]).toEqual([
    'small',
    2,
    false,
    false,
    false,
  ])
  await pool.ready()
  expect(await pool.submit(() => 'done')).toBe('done')
  await pool.join()
  expect(pool.statistics()).toMatchObject({ limit: 2, running: 0, waiting: 0, succeeded: 1 })
  expect(() => pool.submit('fn' as unknown as () => void)).toThrow(TypeError)
})

it('Pool runs a function for each of many items', async () => {
  const pool = new Pool({ limit: 2 })
  expect(await pool.map([1, 2, 3], (item) => item * 2)).toEqual([2, 4, 6])
  const results: number[] = []
  for await (const result of pool.asCompleted([1, 2, 3], (item) => item * 2)) results.push(result)
  expect(results).toEqual([2, 4, 6])
})

it('Pool is paused, resumed and resized', async () => {
  const pool = new Pool({ limit: 1 })
  const log: string[] = []
  pool.on('drain', () => log.push('drain'))
  pool.on('idle', () => log.push('idle'))
  pool.pause()
  pool.submit(() => log.push('ran'))
  await settle()
  expect([pool.paused, log]).toEqual([true, []])
  pool.resize(5)
  pool.resume()
  await pool.join()
  expect([pool.limit, log]).toEqual([5, ['ran', 'drain', 'idle']])
})

it('Pool is closed, or cancelled', async () => {
  const closed = new Pool({ limit: 1 })
  const task = closed.submit(() => settle())
  await closed.close()
  expect([closed.closed, task.state]).toEqual([true, 'succeeded'])

  let stopped: string | undefined
  {
    await using cancelled = new Pool({ limit: 1, name: 'doomed' })
    const waiting = cancelled.submit(() => new AsyncEvent().wait())
    await settle()
    cancelled.cancel()
    stopped = await waiting.then(String, String)
  }
  expect(stopped).toBe('CancelledError: Cancelled (group): the pool "doomed" was cancelled')
})
