import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ClientSession } from 'spool/client'

let server: Server
let session: ClientSession

beforeEach(async () => {
  server = createServer((request, response) => {
    if (request.url === '/chunked') {
      response.writeHead(200, { trailer: 'x-sum' })
      response.write('one ')
      response.write('two ')
      response.addTrailers({ 'x-sum': '3' })
      response.end('three')
    } else if (request.url === '/close') {
      response.writeHead(200, { connection: 'close' })
      response.end('bye')
    } else if (request.url === '/early') {
      // Answers without reading the body.
      response.writeHead(413, { connection: 'close' })
      response.end('too large')
    } else if (request.url === '/empty') {
      response.writeHead(204).end()
    } else {
      response.setHeader('x-method', request.method ?? '')
      request.pipe(response)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  session = new ClientSession({ baseUrl: `http://127.0.0.1:${port}` })
})

afterEach(async () => {
  await session.close()
  expect(session.statistics()).toMatchObject({ open: 0, waiting: 0 })
  await new Promise((resolve) => server.close(resolve))
})

describe('the client with a server of node:http', () => {
  it('keeps one connection for requests of every kind', async () => {
    expect(await session.get('/chunked').text()).toBe('one two three')
    for (const method of ['put', 'patch', 'post', 'delete'] as const) {
      await using response = await session[method]('/echo', { body: method })
      expect(response.headers.get('x-method')).toBe(method.toUpperCase())
      expect(await response.text()).toBe(method)
    }
    expect(await session.get('/empty').bytes()).toHaveLength(0)
    expect(session.statistics()).toMatchObject({ open: 1, idle: 1 })
  })

  it('does not keep a connection that the server closes', async () => {
    expect(await session.get('/close').text()).toBe('bye')
    expect(session.statistics()).toMatchObject({ open: 0 })
    expect(await session.get('/close').text()).toBe('bye')
  })

  it('gives an answer that comes before the body is sent', async () => {
    await using response = await session.post('/early', { body: endless() })
    expect(response.status).toBe(413)
    expect(await response.text()).toBe('too large')
  })
})

async function* endless(): AsyncGenerator<Uint8Array> {
  for (;;) yield Buffer.alloc(65_536)
}
