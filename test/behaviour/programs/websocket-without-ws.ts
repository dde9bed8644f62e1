// Opens WebSockets on both ends, without compression and with it. Says after each whether `ws` was loaded.
import { createRequire } from 'node:module'
import { ClientSession } from '../../../src/client/index.ts'
import { Application, serve } from '../../../src/server/index.ts'

const { cache } = createRequire(import.meta.url)
const app = new Application()
  .websocket('/plain', async (ws) => {
    for await (const message of ws) await ws.send(message)
  })
  .websocket(
    '/compressed',
    async (ws) => {
      for await (const message of ws) await ws.send(message)
    },
    { compression: true },
  )
await using server = await serve(app, { port: 0, host: '127.0.0.1' })
await using session = new ClientSession({ baseUrl: server.url })
const offer = { 'sec-websocket-extensions': 'permessage-deflate; client_max_window_bits' }
for (const [path, options] of [
  ['/plain', {}],
  // As browsers do, which always offer it.
  ['/plain', { headers: offer }],
  ['/compressed', {}],
  ['/compressed', { compression: true }],
] as const) {
  await using ws = await session.websocket(path, options)
  await ws.send('x'.repeat(2_000))
  const { length } = await ws.receiveText()
  const loaded = Object.keys(cache).some((file) => /[/\\]ws[/\\]lib[/\\]/.test(file))
  console.log(`${path} ${ws.compressed} ${length} ${loaded}`)
}
