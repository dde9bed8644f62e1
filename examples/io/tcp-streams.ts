// A TCP server that shouts back, and a client of it: the stream pair of asyncio.
import { run } from 'spool'
import { openConnection, startServer } from 'spool/io'

await run(async () => {
  await using server = await startServer({ host: '127.0.0.1', port: 0 }, async (stream) => {
    for await (const line of stream.lines()) await stream.write(`${line.toUpperCase()}\n`)
  })

  await using stream = await openConnection({ host: '127.0.0.1', port: server.port })
  for (const line of ['hello', 'is anybody there?']) {
    await stream.write(`${line}\n`)
    console.log(await stream.readLine())
  }
})
