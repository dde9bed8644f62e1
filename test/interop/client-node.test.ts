import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ClientSession, TransferError } from 'spool/client'
import { turnUntil } from '../support/open-resources.ts'
import { rejectionOf } from '../support/rejection.ts'

let server: Server
let session: ClientSession
let halfEnded: boolean[]

beforeEach(async () => {
  halfEnded = []
  server = createServer((request, response) => {
    if (request.url === '/chunked') {
      response.writeHead(200, { trailer: 'x-sum' })
      response.write('one ')
      response.write('two ')
      response.addTrailers({ 'x-sum': '3' })
      response.end('three')
    } else if (request.url === '/until-close') {
      // Without a length and without chunks, as of old.
      response.useChunkedEncodingByDefault = false
      response.write('to the ')
      response.end('very end')
    } else if (request.url === '/hints') {
      response.writeEarlyHints({ link: '</style.css>; rel=preload' })
      response.writeProcessing()
      response.end('hinted')
    } else if (request.url === '/half') {
      // Ends its side, and reads on.
      response.writeHead(200, { connection: 'close', 'content-length': 4 })
      response.end('half')
      request.resume().once('end', () => halfEnded.push(request.complete))
    } else if (request.url === '/dropped') {
      response.writeHead(200, { 'content-length': 100 })
      response.write('half', () => request.socket.resetAndDestroy())
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

  it('reads trailers, and informational answers before the final one', async () => {
    await using response = await session.get('/chunked')
    expect(await response.text()).toBe('one two three')
    expect(response.body.trailers.get('x-sum')).toBe('3')
    expect(await session.get('/hints').text()).toBe('hinted')
    const headers = { expect: '100-continue' }
    expect(await session.post('/echo', { body: 'ping', headers }).text()).toBe('ping')
    expect(session.statistics()).toMatchObject({ open: 1, idle: 1, opened: 1 })
  })

  it('reads what ends with the connection', async () => {
    await using response = await session.get('/until-close')
    expect(response.headers.has('content-length')).toBe(false)
    expect(response.headers.has('transfer-encoding')).toBe(false)
    expect(await response.text()).toBe('to the very end')
    expect(session.statistics()).toMatchObject({ open: 0 })
  })

  it('hears a server that has ended its side while the body is sent', async () => {
    const response = await session.post('/half', { body: Buffer.alloc(1_000_000) })
    expect(await response.text()).toBe('half')
    await turnUntil(() => session.statistics().open === 0)
  })

  it('fails when the connection is reset inside a body', async () => {
    const error = await rejectionOf(session.get('/dropped').text())
    expect(error).toBeInstanceOf(TransferError)
    expect(session.statistics()).toMatchObject({ open: 0, active: 0 })
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
