// Whether memory grows over ten million operations: the heap after a collection, on the way there.
import process from 'node:process'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { table } from '../harness/table.ts'
import { load } from '../spool-module.ts'

const { Pool, Queue, Semaphore, TaskGroup, moveOnAfter, sleep } = await load('index')

const million = 1_000_000
const stops = [1, 5, 10]

/** In kibibytes, from the first stop to the last. What was compiled and profiled since is in it. */
const mostGrowth = 512

const job = async (): Promise<void> => undefined

type Operation = (n: number) => Promise<void>

/** Each makes what ten million operations go through, and returns what does `n` of them. */
const operations: Record<string, () => Operation> = {
  'pool.submit()': () => {
    const pool = new Pool({ limit: 64, maxQueue: 1_000 })
    return async (n) => {
      for (let at = 0; at < n; at++) {
        if (pool.full) await pool.ready()
        pool.submit(job)
      }
      await pool.join()
    }
  },
  'spawn() and join()': () => {
    const group = new TaskGroup()
    return async (n) => {
      for (let at = 0; at < n; at += 1_000) {
        for (let child = 0; child < 1_000; child++) group.spawn(job)
        await group.join()
      }
    }
  },
  'queue.put() and get()': () => {
    const queue = new Queue<number>({ capacity: 10 })
    return async (n) => {
      for (let at = 0; at < n; at++) {
        await queue.put(at)
        await queue.get()
      }
    }
  },
  'semaphore.acquire() and release()': () => {
    const semaphore = new Semaphore(1)
    return async (n) => {
      for (let at = 0; at < n; at++) (await semaphore.acquire()).release()
    }
  },
  'sleep(0)': () => async (n) => {
    // A hundred at a time, so that the turns of the loop do not make it take a minute.
    for (let at = 0; at < n; at += 100) {
      const turns: Promise<void>[] = []
      for (let one = 0; one < 100; one++) turns.push(sleep(0))
      await Promise.all(turns)
    }
  },
  'moveOnAfter(), a scope with a timer': () => async (n) => {
    for (let at = 0; at < n; at++) await moveOnAfter(60_000, job)
  },
}

export async function measureMemory(say: (line: string) => void): Promise<void> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const rows: string[][] = []
  for (const [name, prepare] of Object.entries(operations)) {
    const operation = prepare()
    const sizes: number[] = []
    let done = 0
    for (const stop of stops) {
      await operation(stop * million - done)
      collect()
      sizes.push(process.memoryUsage().heapUsed / 1_024)
      done = stop * million
      say(`${name}: ${stop} million`)
    }
    const growth = (sizes.at(-1) as number) - (sizes[0] as number)
    if (growth > mostGrowth) process.exitCode = 1
    const verdict = growth > mostGrowth ? `grows by more than ${mostGrowth} KiB` : 'does not grow'
    rows.push([name, ...sizes.map((size) => size.toFixed(0)), verdict])
  }
  console.log(
    table(['operation', ...stops.map((stop) => `KiB at ${stop} million`), 'verdict'], rows),
  )
}
