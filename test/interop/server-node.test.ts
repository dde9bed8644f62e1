import { once } from 'node:events'
import {
  Agent,
  type ClientRequest,
  type IncomingMessage,
  request as nodeRequest,
  type RequestOptions,
} from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { serve, type Server } from 'spool/server'
import { turnUntil } from '../support/open-resources.ts'
import { interopApplication } from './interop-app.ts'

let server: Server

beforeEach(async () => {
  server = await serve(interopApplication(), { port: 0, host: '127.0.0.1' })
})

afterEach(async () => {
  await server.close()
  expect(server.statistics()).toMatchObject({ connections: 0, active: 0 })
})

describe('the server under the client of node:http', () => {
  it('keeps a connection for many requests of every kind', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const ports = new Set<number | undefined>()

    async function send(method: string, path: string, body?: string): Promise<string> {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        const request = nodeRequest(`${server.url}${path}`, { method, agent }, resolve)
        request.once('error', reject)
        request.end(body)
      })
      ports.add(response.socket.localPort)
      let text = ''
      for await (const chunk of response.setEncoding('utf8')) text += chunk
      return `${response.statusCode} ${text.slice(0, 20)}`
    }

    expect(await send('GET', '/')).toBe('200 Hello, world!')
    expect(await send('GET', '/chunked')).toBe('200 one two three')
    expect(await send('POST', '/echo', 'ping')).toBe('200 ping')
    expect(await send('HEAD', '/large')).toBe('200 ')
    expect(await send('GET', '/empty')).toBe('204 ')
    expect(await send('GET', '/nowhere')).toMatch(/^404/)
    expect(ports.size).toBe(1)
    agent.destroy()
  })
})

/** Sends what `write` says, and gives the answer with its body. */
async function send(
  path: string,
  options: RequestOptions,
  write: (request: ClientRequest) => void,
): Promise<[status: number | undefined, body: string, response: IncomingMessage]> {
  const request = nodeRequest(`${server.url}${path}`, { agent: false, ...options })
  const answered = once(request, 'response') as Promise<[IncomingMessage]>
  // A server that has answered may close before it has everything.
  request.on('error', () => undefined)
  write(request)
  const [response] = await answered
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk
  return [response.statusCode, text, response]
}

describe('the server under one request of node:http', () => {
  it('gives 100 Continue when the body is read, and not before', async () => {
    const headers = { expect: '100-continue', 'content-length': 4 }
    let continued = false
    const [status, body] = await send('/echo', { method: 'POST', headers }, (request) => {
      request.flushHeaders()
      request.once('continue', () => {
        continued = true
        request.end('ping')
      })
    })
    expect([status, body, continued]).toEqual([200, 'ping', true])
    const [refused, , response] = await send('/early', { method: 'POST', headers }, (request) => {
      request.flushHeaders()
      request.once('continue', () => request.end('ping'))
    })
    expect([refused, response.headers.connection]).toEqual([403, 'close'])
  })

  it('takes trailers', async () => {
    const [, body] = await send('/trailers', { method: 'POST' }, (request) => {
      request.setHeader('trailer', 'x-sum')
      request.write('body')
      request.addTrailers({ 'x-sum': '4' })
      request.end()
    })
    expect(JSON.parse(body)).toEqual({ 'x-sum': '4' })
  })

  it('refuses a body that is too large while it is sent', async () => {
    for (const headers of [{ 'content-length': 10_000_000 }, {}]) {
      const [status] = await send('/small', { method: 'POST', headers }, (request) => {
        request.write(Buffer.alloc(1_000_000))
      })
      expect(status).toBe(413)
    }
  })

  it('sends back what comes while it comes', async () => {
    const request = nodeRequest(`${server.url}/duplex`, { method: 'POST', agent: false })
    request.write('one')
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    expect(String((await once(response, 'data'))[0])).toBe('one')
    request.write('two')
    expect(String((await once(response, 'data'))[0])).toBe('two')
    request.end()
    await once(response, 'end')
  })

  it.each(['/wait', '/endless'])('stops at %s when it is given up', async (path) => {
    const request = nodeRequest(`${server.url}${path}`, { agent: false })
    request.once('response', (response: IncomingMessage) => response.pause())
    request.on('error', () => undefined)
    request.end()
    await turnUntil(() => server.statistics().active === 1)
    request.destroy()
    await turnUntil(() => server.statistics().connections === 0)
    expect(server.statistics()).toMatchObject({ active: 0, disconnected: 1 })
  })
})

describe('the server under the platform’s fetch', () => {
  it('is understood, whole and streamed, up and down', async () => {
    expect(await (await fetch(`${server.url}/`)).text()).toBe('Hello, world!')
    expect(await (await fetch(`${server.url}/chunked`)).text()).toBe('one two three')
    expect((await (await fetch(`${server.url}/large`)).arrayBuffer()).byteLength).toBe(300_000)
    expect((await fetch(`${server.url}/moved`)).url).toBe(`${server.url}/`)
    const body = new Blob(['x'.repeat(100_000)]).stream()
    const options = { method: 'POST', body, duplex: 'half' } as RequestInit
    expect((await (await fetch(`${server.url}/echo`, options)).text()).length).toBe(100_000)
  })
})
