// Five waits of a second, in turn and together.
import { gather, now, run, sleep } from 'spool'

async function work(name: string): Promise<string> {
  await sleep(1_000)
  return name
}

async function timed(what: string, fn: () => Promise<string[]>): Promise<void> {
  const start = now()
  const names = await fn()
  console.log(`${what}: ${names.join(' ')} in ${((now() - start) / 1_000).toFixed(1)} s`)
}

await run(async () => {
  await timed('in turn', async () => {
    const names: string[] = []
    for (const name of ['a', 'b', 'c', 'd', 'e']) names.push(await work(name))
    return names
  })
  await timed('together', () =>
    gather(
      () => work('a'),
      () => work('b'),
      () => work('c'),
      () => work('d'),
      () => work('e'),
    ),
  )
})
