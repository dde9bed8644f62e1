// A server and a client over TLS. The certificate is for localhost and signs itself: see certificate/README.md.
import { readFile } from 'node:fs/promises'
import { run } from 'spool'
import { ClientSession, ConnectError } from 'spool/client'
import { Application, serve, text } from 'spool/server'

const folder = new URL('certificate/', import.meta.url)
const cert = await readFile(new URL('localhost.pem', folder), 'utf8')
const key = await readFile(new URL('localhost.key.pem', folder), 'utf8')

const app = new Application().get('/', ({ url }) => text(`Hello over ${url.protocol}`))

await run(async () => {
  await using server = await serve(app, { port: 0, host: 'localhost', tls: { cert, key } })

  await using trusting = new ClientSession({ baseUrl: server.url, tls: { ca: cert } })
  console.log(await trusting.get('/').text())

  // Without `ca` nobody vouches for it.
  await using careful = new ClientSession({ baseUrl: server.url })
  try {
    await careful.get('/')
  } catch (error) {
    if (!ConnectError.is(error)) throw error
    console.log(`refused: ${(error.cause as NodeJS.ErrnoException).code}`)
  }
})
