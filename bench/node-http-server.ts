import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { contentType } from './exchange.ts'
import { obey } from './harness/child.ts'

// Without a router: what the platform costs by itself.
const prefix = '/greet/'

obey({
  start: async () => {
    const server = createServer((request, response) => {
      const url = request.url!
      if (request.method !== 'GET' || !url.startsWith(prefix)) {
        response.writeHead(404).end()
        return
      }
      const body = `Hello, ${decodeURIComponent(url.slice(prefix.length))}!`
      response.writeHead(200, {
        'content-type': contentType,
        'content-length': Buffer.byteLength(body),
      })
      response.end(body)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  },
})
