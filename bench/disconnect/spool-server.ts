import { obey } from '../harness/child.ts'
import { load } from '../spool-module.ts'
import { interval, type Polling, times } from './polling.ts'

const { sleep } = await load('index')
const { ClientSession } = await load('client')
const { serve, text } = await load('server')
const counts: Polling = { running: 0, polls: 0 }

obey({
  // Nothing is handed on: the scope of the request does it.
  start: async ({ upstream }: { upstream: number }) => {
    const session = new ClientSession({ limit: 500 })
    const server = await serve(
      async () => {
        counts.running++
        try {
          for (let at = 0; at < times; at++) {
            await sleep(interval)
            counts.polls++
            await session.get(`http://127.0.0.1:${upstream}/`).text()
          }
          return text('done')
        } finally {
          counts.running--
        }
      },
      { host: '127.0.0.1', port: 0 },
    )
    return server.port
  },
  counts: () => counts,
})
