import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createTLSServer } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { contentType } from './exchange.ts'
import { certificate } from './harness/certificate.ts'
import { obey } from './harness/child.ts'
import { huge, items, json, large, rowNamed } from './rows.ts'

// Without a router: what the platform costs by itself.
async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = request.url!
  if (request.method === 'POST' && url === '/items') {
    request.setEncoding('utf8')
    let body = ''
    for await (const text of request) body += text as string
    const { name } = JSON.parse(body) as { name: string }
    send(response, contentType, `Hello, ${name}!`)
  } else if (url.startsWith('/greet/')) {
    send(response, contentType, `Hello, ${decodeURIComponent(url.slice(7))}!`)
  } else if (url.startsWith('/items/')) {
    send(response, json, JSON.stringify(items(decodeURIComponent(url.slice(7)))))
  } else if (url.startsWith('/large/')) {
    send(response, contentType, large)
  } else if (url.startsWith('/huge/')) {
    send(response, contentType, huge)
  } else if (url.startsWith('/api/users/') && url.endsWith('/posts/17')) {
    send(response, contentType, `Hello, ${decodeURIComponent(url.slice(11, -9))}!`)
  } else {
    response.writeHead(404).end()
  }
}

function send(response: ServerResponse, type: string, body: string): void {
  response.writeHead(200, { 'content-type': type, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  void handle(request, response)
}

obey({
  start: async (row: string) => {
    const server =
      rowNamed(row).tls === true ? createTLSServer(certificate, answer) : createServer(answer)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  },
})
