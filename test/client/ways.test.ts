import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CachingResolver, connect, staticResolver } from 'spool/io'
import { ClientSession } from 'spool/client'
import { certificates } from '../support/certificates.ts'
import { expectNothingLeft, openResources } from '../support/open-resources.ts'
import { TemporaryFolder } from '../support/processes.ts'
import { rawResponse, type RawScript, rawServer } from '../support/raw-server.ts'

let before: string[]
beforeEach(() => {
  before = openResources()
})
afterEach(() => expectNothingLeft(before))

/** Answers with the host that it was asked for. */
const echoHost: RawScript = async (connection) => {
  for (;;) {
    const { headers } = await connection.message()
    await connection.send(rawResponse(headers['host'] ?? ''))
  }
}

describe('ClientSession', () => {
  test('sends all requests to a Unix socket, with the host of the URL', async () => {
    using folder = new TemporaryFolder()
    const path = join(folder.path, 'socket')
    await using server = await rawServer(echoHost, { path })
    await using session = new ClientSession({ socketPath: path, guard: 'public' })
    expect(await session.get('http://docker/containers').text()).toBe('docker')
    expect(await session.get('http://docker/images').text()).toBe('docker')
    expect(await session.get('http://other:8080/').text()).toBe('other:8080')
    expect(server.connections).toHaveLength(2)
  })

  test('speaks TLS over it, with the name of the URL', async () => {
    using folder = new TemporaryFolder()
    const path = join(folder.path, 'socket')
    await using _ = await rawServer(echoHost, { path, tls: certificates.localhost })
    await using session = new ClientSession({ socketPath: path, tls: { ca: certificates.ca } })
    expect(await session.get('https://localhost/').text()).toBe('localhost')
    await expect(session.get('https://elsewhere.test/')).rejects.toMatchObject({
      why: 'hostname-mismatch',
    })
  })

  test('goes other ways for the hosts that are mounted', async () => {
    using folder = new TemporaryFolder()
    const path = join(folder.path, 'socket')
    await using unix = await rawServer(echoHost, { path })
    await using tcp = await rawServer(echoHost)
    const made: string[] = []
    await using session = new ClientSession({
      mounts: {
        'http://docker': { socketPath: path },
        'all://*.made.test': {
          connect: (target) => {
            made.push(target.href)
            return connect({ host: '127.0.0.1', port: tcp.port })
          },
        },
      },
    })
    expect(await session.get('http://docker/').text()).toBe('docker')
    expect(await session.get('http://a.made.test:81/').text()).toBe('a.made.test:81')
    expect(await session.get(tcp.origin).text()).toBe(`127.0.0.1:${tcp.port}`)
    expect(made).toEqual(['http://a.made.test:81'])
    expect([unix.connections.length, tcp.connections.length]).toEqual([1, 2])
  })

  test('says which socket it is when nobody listens there', async () => {
    using folder = new TemporaryFolder()
    const path = join(folder.path, 'none')
    await using session = new ClientSession({ socketPath: path })
    await expect(session.get('http://docker/')).rejects.toMatchObject({
      code: 'SPOOL_CONNECT',
      phase: 'tcp',
      message: `Connecting to "${path}" failed: no such file (ENOENT)`,
    })
  })

  test('connects from the local address that it is told', async () => {
    await using server = await rawServer(echoHost)
    const addresses = Object.entries(networkInterfaces())
    const [loopback] = addresses.find(([, of]) => of?.[0]?.internal === true) ?? ['lo']
    for (const localAddress of ['127.0.0.9', loopback]) {
      await using session = new ClientSession({ localAddress })
      await session.get(server.origin).text()
    }
    const from = server.connections.map(({ socket }) => socket.remoteAddress)
    expect(from).toEqual(['127.0.0.9', '127.0.0.1'])
    await using session = new ClientSession({ localAddress: 'none0' })
    await expect(session.get(server.origin)).rejects.toThrow(
      'Cannot use "none0" as local address: it must be an IP address, or a network interface that has one',
    )
  })

  test('counts what it looked up', async () => {
    await using session = new ClientSession()
    await expect(session.get(`http://${'x'.repeat(64)}.test/`)).rejects.toMatchObject({
      phase: 'dns',
    })
    expect(session.statistics().dns).toMatchObject({ lookups: 1, active: 0, waiting: 0 })
  })

  test('uses addresses of one family, if it is told to', async () => {
    await using server = await rawServer(echoHost)
    const resolver = staticResolver({ 'both.test': ['::1', '127.0.0.1'], 'six.test': '::1' })
    await using session = new ClientSession({ resolver, family: 4 })
    const host = `both.test:${server.port}`
    expect(await session.get(`http://${host}/`).text()).toBe(host)
    await expect(session.get('http://six.test/')).rejects.toMatchObject({
      phase: 'dns',
      message: 'Connecting to "six.test:80" failed: the name has no addresses of IPv4',
    })
    expect(() => new ClientSession({ family: 5 as 4 })).toThrow('Cannot use 5 as "family"')
  })

  test('shares what is known of names with others that have the same CachingResolver', async () => {
    await using server = await rawServer(echoHost)
    const resolver = new CachingResolver({ resolver: staticResolver({ 'a.test': '127.0.0.1' }) })
    for (let count = 0; count < 2; count++) {
      await using session = new ClientSession({ resolver })
      await session.get(`http://a.test:${server.port}/`).text()
    }
    expect(resolver.statistics()).toMatchObject({ lookups: 1, hits: 1, entries: 1 })
    expect(() => new ClientSession({ resolver, dns: { ttl: 1 } })).toThrow('options of its own')
  })

  test('refuses numbers that make no sense', () => {
    expect(() => new ClientSession({ tcpKeepAlive: -1 })).toThrow('"tcpKeepAlive"')
    expect(() => new ClientSession({ dns: { ttl: Number.NaN } })).toThrow('"ttl"')
  })
})
