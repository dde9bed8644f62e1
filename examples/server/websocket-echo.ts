// A server that sends back what it gets, and a client of it.
import { run } from 'spool'
import { ClientSession } from 'spool/client'
import { Application, serve } from 'spool/server'

const app = new Application().websocket('/echo', async (socket) => {
  // Ends when the client closes.
  for await (const message of socket) await socket.send(message)
})

await run(async () => {
  await using server = await serve(app, { port: 0 })
  await using session = new ClientSession({ baseUrl: server.url })
  await using socket = await session.websocket('/echo')

  await socket.send('Hello, world!')
  console.log(await socket.receiveText())

  await socket.send(JSON.stringify({ answer: 42 }))
  const { answer } = (await socket.receiveJson()) as { answer: number }
  console.log(`the answer is ${answer}`)

  await socket.send(new Uint8Array([1, 2, 3]))
  const bytes = await socket.receive()
  console.log(`${bytes.length} bytes`)
})
