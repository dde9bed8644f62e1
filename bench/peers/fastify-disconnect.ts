import fastify from 'fastify'
import type { AddressInfo } from 'node:net'
import { poll, type Polling } from '../disconnect/polling.ts'
import { obey } from '../harness/child.ts'

const counts: Polling = { running: 0, polls: 0 }

obey({
  start: async ({ upstream, signal }: { upstream: number; signal: boolean }) => {
    const app = fastify()
    app.get('/', async (request) => {
      await poll(counts, upstream, signal ? request.signal : undefined)
      return 'done'
    })
    await app.listen({ port: 0, host: '127.0.0.1' })
    return (app.server.address() as AddressInfo).port
  },
  counts: () => counts,
})
