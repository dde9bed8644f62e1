// Many tasks at once through a pool of 64: what one costs from being handed in to its end.
import pLimit from 'p-limit'
import PQueue from 'p-queue'
import { load } from '../../spool-module.ts'
import type { Case } from '../runner.ts'

const { Pool } = await load('index')

const limit = 64
const job = async (): Promise<number> => 1

const groups = [2_000, 20_000].flatMap((queued) => {
  const items = Array.from({ length: queued }, (_, index) => index)
  const group = `pool of ${queued} tasks`
  const batch = (name: string, run: () => Promise<unknown>): Case => ({
    group,
    name,
    operations: queued,
    async run(n) {
      for (let at = 0; at < n; at++) await run()
    },
  })
  return [
    batch('spool, submit and join', async () => {
      const pool = new Pool({ limit, maxQueue: Infinity })
      for (let at = 0; at < queued; at++) pool.submit(job)
      await pool.join()
    }),
    batch('p-queue, add and onIdle', async () => {
      const queue = new PQueue({ concurrency: limit })
      for (let at = 0; at < queued; at++) void queue.add(job)
      await queue.onIdle()
    }),
    batch('spool, submit and await each', async () => {
      const pool = new Pool({ limit, maxQueue: Infinity })
      await Promise.all(items.map(() => pool.submit(job)))
    }),
    batch('p-limit, await each', async () => {
      const limited = pLimit(limit)
      await Promise.all(items.map(() => limited(job)))
    }),
    batch('p-queue, await each', async () => {
      const queue = new PQueue({ concurrency: limit })
      await Promise.all(items.map(() => queue.add(job)))
    }),
    batch('spool, map', async () => {
      await new Pool({ limit }).map(items, job)
    }),
    batch('p-limit, map', async () => {
      await pLimit(limit).map(items, job)
    }),
  ]
})

export const cases: readonly Case[] = groups
