// Several things at the same time: their results in order, all of them if some fail, the first alone.
import { gather, race, run, sleep } from 'spool'

async function after<T>(time: number, value: T): Promise<T> {
  await sleep(time)
  return value
}

async function broken(): Promise<never> {
  await sleep(10)
  throw new Error('out of paper')
}

await run(async () => {
  const [name, age] = await gather(
    () => after(30, 'Ada'),
    () => after(10, 36),
  )
  console.log(`${name} is ${age}`)

  // The first failure cancels the others, and is thrown.
  try {
    await gather(broken, () => after(60_000, 'never'))
  } catch (error) {
    console.log(`failed: ${(error as Error).message}`)
  }

  for (const result of await gather.settled(broken, () => after(20, 'done'))) {
    console.log(result.status)
  }

  const first = await race(
    () => after(60_000, 'slow'),
    () => after(10, 'fast'),
  )
  console.log(first)
})
