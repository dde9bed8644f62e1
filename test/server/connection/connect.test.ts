import { Application, stream, text } from 'spool/server'
import { describe, expect, test } from 'vitest'
import { MemoryServer } from '../../support/memory-server.ts'
import { get } from '../../support/requests.ts'

const connect = 'CONNECT a.example:443 HTTP/1.1\r\nhost: a.example:443\r\n\r\n'

// RFC 9110 §9.3.6: what stands behind a CONNECT is meant for the tunnel. A client in front of us may have
// passed on what a stranger wrote, so without a tunnel it is nothing at all.
describe('What stands behind a CONNECT', () => {
  test.each([
    ['an application, which has no tunnels', 501, new Application().get('/', () => text('root'))],
    ['a handler that refuses it', 403, () => text('no', { status: 403 })],
    ['a handler that lets it happen', 200, () => text('yes')],
  ])('is never read as a request by %s', async (_who, status, served) => {
    for (const separate of [false, true]) {
      const server = new MemoryServer(served)
      const client = server.connect()
      if (separate) {
        await client.send(connect)
        await client.send(get('/'))
      } else await client.send(connect + get('/'))
      expect(client.text).toMatch(/\r\nconnection: close\r\n/)
      expect(client.statuses()).toEqual([status])
      expect(client.ended).toBe(true)
      await client.end()
      expect(server.host.statistics()).toMatchObject({ connections: 0, requests: 1 })
      server.host.end()
    }
  })
})

describe('A success in answer to a CONNECT', () => {
  test.each([
    ['text', () => text('tunnel')],
    ['its own length', () => text('tunnel', { headers: { 'content-length': '6' } })],
    [
      'a stream',
      () =>
        stream(
          (function* () {
            yield 'tun'
            yield 'nel'
          })(),
        ),
    ],
  ])('says nothing of its length, whose body is %s (RFC 9110 §9.3.6)', async (_what, handler) => {
    const server = new MemoryServer(handler)
    const client = server.connect()
    await client.send(connect)
    expect(client.text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\ntunnel$/)
    expect(client.text).not.toMatch(/content-length|transfer-encoding/i)
    expect(client.ended).toBe(true)
    await client.end()
    server.host.end()
  })
})
