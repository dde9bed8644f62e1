// npm run -s httpbin -- --port 8080
// With --probe it answers every request with what arrived, instead.
import { parseArgs } from 'node:util'
import { run } from 'spool'
import { serve } from 'spool/server'
import { httpbin } from './app.ts'
import { probe } from './probe.ts'

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '8080' },
    probe: { type: 'boolean', default: false },
  },
})

await run(async () => {
  const { host, port } = values
  const server = await serve(values.probe ? probe : httpbin(), { host, port: Number(port) })
  try {
    console.log(`listening on ${server.url}`)
    await server.closed
  } finally {
    await server.close()
  }
})
