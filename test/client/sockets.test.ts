/** Over real sockets: what memory does not show. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ClientSession } from '../../src/client/index.ts'
import { staticResolver } from '../../src/io/resolver.ts'
import { cancelledGroup } from './cancelled-group.ts'
import { certificates } from '../support/certificates.ts'
import { expectNothingLeft, openResources } from '../support/open-resources.ts'
import { answering, rawResponse, type RawServer, rawServer } from '../support/raw-server.ts'

let before: string[]

beforeEach(() => {
  before = openResources()
})

afterEach(async () => {
  await expectNothingLeft(before)
})

describe('ClientSession over sockets', () => {
  test('reuses connections, and shares one buffer between them', async () => {
    await using server = await rawServer(answering(rawResponse('x'.repeat(10_000))))
    await using session = new ClientSession({ limit: 4 })
    const bodies = await Promise.all(
      Array.from({ length: 100 }, () => session.get(`${server.origin}/`).text()),
    )
    expect(new Set(bodies)).toEqual(new Set(['x'.repeat(10_000)]))
    expect(session.statistics()).toMatchObject({ open: 4, idle: 4, opened: 4, requests: 0 })
    expect(server.connections).toHaveLength(4)
  })

  test('closes the socket of a request that is cancelled, in every phase', async () => {
    const scripts = [
      '',
      'HTTP/1.1 200 OK\r\n',
      'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome',
    ]
    for (const script of scripts) {
      await using server = await rawServer(async (connection) => {
        await connection.message()
        await connection.send(script)
      })
      await using session = new ClientSession()
      await cancelledGroup(async (group) => {
        group.spawn(() => session.get(server.origin).text())
        const connection = await server.connection()
        await connection.readUntil('\r\n\r\n').catch(() => undefined)
        group.cancel()
      })
      const connection = await server.connection()
      connection.end()
      await connection.untilClosed()
      expect(session.statistics()).toMatchObject({ open: 0, requests: 0 })
    }
  })

  test('says that nobody listens, and where', async () => {
    const server = await rawServer(() => undefined)
    await server.close()
    await using session = new ClientSession()
    await expect(session.get(server.origin)).rejects.toMatchObject({
      code: 'SPOOL_CONNECT',
      phase: 'tcp',
      cause: { code: 'ECONNREFUSED' },
    })
    expect(session.statistics()).toMatchObject({ open: 0, requests: 0 })
  })

  test('looks names up through the resolver that it is given', async () => {
    await using server = await rawServer(answering(rawResponse('hello')))
    await using session = new ClientSession({
      resolver: staticResolver({ 'test.invalid': '127.0.0.1' }),
    })
    expect(await session.get(`http://test.invalid:${server.port}/`).text()).toBe('hello')
    await expect(session.get('http://other.invalid/')).rejects.toMatchObject({
      code: 'SPOOL_CONNECT',
      phase: 'dns',
    })
  })

  test('sends and reads large bodies', async () => {
    await using server = await rawServer(async (connection) => {
      const { body } = await connection.message()
      await connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`)
      await connection.send(body)
    })
    await using session = new ClientSession()
    const large = Buffer.alloc(5_000_000, 'large')
    const back = await session.post(server.origin, { body: large }).bytes()
    expect(Buffer.compare(back, large)).toBe(0)
  })

  test('sends a request again when the server closed the connection just then', async () => {
    await using server: RawServer = await rawServer(async (connection, index) => {
      await connection.message()
      await connection.send(rawResponse(`${index}`))
      if (index > 0) return
      // What comes next is read and not answered.
      await connection.message()
      connection.destroy()
    })
    await using session = new ClientSession()
    expect(await session.get(server.origin).text()).toBe('0')
    expect(await session.get(server.origin).text()).toBe('1')
    expect(server.connections).toHaveLength(2)
  })
})

describe('ClientSession over TLS', () => {
  const { localhost, ca, wrongName } = certificates
  const resolver = staticResolver({ localhost: '127.0.0.1' })

  test('checks the certificate, and keeps the connection', async () => {
    await using server = await rawServer(answering(rawResponse('secret')), { tls: localhost })
    await using session = new ClientSession({ tls: { ca }, resolver })
    const url = `https://localhost:${server.port}/`
    expect(await session.get(url).text()).toBe('secret')
    expect(await session.get(url).text()).toBe('secret')
    expect(server.connections).toHaveLength(1)
    // Other options, other connections.
    const trusting = { rejectUnauthorized: false }
    expect(await session.get(url, { tls: trusting }).text()).toBe('secret')
    expect(await session.get(url, { tls: trusting }).text()).toBe('secret')
    expect(server.connections).toHaveLength(2)
  })

  test('refuses a certificate that nobody vouches for, or of another name', async () => {
    await using server = await rawServer(answering(rawResponse('secret')), { tls: localhost })
    await using other = await rawServer(answering(rawResponse('secret')), { tls: wrongName })
    await using plain = new ClientSession({ resolver })
    await using session = new ClientSession({ tls: { ca }, resolver })
    const error = { code: 'SPOOL_CONNECT', phase: 'tls' }
    await expect(plain.get(`https://localhost:${server.port}/`)).rejects.toMatchObject(error)
    await expect(session.get(`https://localhost:${other.port}/`)).rejects.toMatchObject(error)
    expect(session.statistics()).toMatchObject({ open: 0, requests: 0 })
  })
})
