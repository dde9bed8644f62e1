// Messages to and from a process of its own. The other half is process-messages-worker.ts.
import { run } from 'spool'
import { startModule } from 'spool/io'

await run(async () => {
  await using worker = await startModule<object>(
    new URL('./process-messages-worker.ts', import.meta.url),
  )
  const { channel } = worker

  // A question with an answer.
  const sum = await channel.request<number>({ add: [20, 22] })
  console.log(`the sum is ${sum}`)

  // Messages both ways: whatever structured clone takes.
  await channel.send({ since: new Date(0), words: new Map([['one', 1]]) })
  const answer = (await channel.receive()) as { since: Date; words: Map<string, number> }
  console.log(answer.since.toISOString().slice(0, 10), ...answer.words.keys())
})
