// Ten jobs, three at a time; the others wait in a queue of bounded length.
import { Pool, run, sleep } from 'spool'

let running = 0
let most = 0

async function job(id: number): Promise<number> {
  running++
  most = Math.max(most, running)
  await sleep(10)
  running--
  return id
}

await run(async () => {
  await using pool = new Pool({ limit: 3, maxQueue: 5 })
  const tasks = []
  for (let id = 1; id <= 10; id++) {
    // Waits while the queue is full.
    await pool.ready()
    tasks.push(pool.submit(() => job(id)))
  }
  await pool.join()
  console.log(`finished: ${tasks.map((task) => task.result()).join(' ')}`)
  console.log(`at most ${most} at a time`)

  // The same for a list.
  const squares = await pool.map([1, 2, 3, 4], async (value) => (await job(value)) ** 2)
  console.log(`squares: ${squares.join(' ')}`)
  console.log(`${pool.statistics().succeeded} tasks succeeded`)
})
