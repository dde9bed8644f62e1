import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { obey } from '../harness/child.ts'
import { poll, type Polling } from './polling.ts'

const counts: Polling = { running: 0, polls: 0 }

obey({
  start: async ({ upstream, signal }: { upstream: number; signal: boolean }) => {
    const server = createServer((_request, response) => {
      const controller = new AbortController()
      if (signal) response.on('close', () => controller.abort())
      poll(counts, upstream, signal ? controller.signal : undefined).then(
        () => response.end('done'),
        () => response.destroy(),
      )
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  },
  counts: () => counts,
})
