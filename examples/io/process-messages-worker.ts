import { run } from 'spool'
import { parentChannel } from 'spool/io'

await run(async () => {
  await using channel = parentChannel<object>({
    onRequest: (value) => (value as { add: number[] }).add.reduce((sum, term) => sum + term, 0),
  })
  // Ends when the other end closes the channel.
  for await (const message of channel) await channel.send({ ...message, seen: true })
})
