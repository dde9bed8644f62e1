import { Agent, request as nodeRequest, type IncomingMessage } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { serve, type Server } from 'spool/server'
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
