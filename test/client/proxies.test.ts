/** Proxies over real sockets: what they are told, and what they are not. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ClientSession, ConnectError } from '../../src/client/index.ts'
import { staticResolver } from '../../src/io/resolver.ts'
import { certificates } from '../support/certificates.ts'
import { expectNothingLeft, openResources } from '../support/open-resources.ts'
import { httpProxy, socksProxy } from '../support/proxy.ts'
import type { RawConnection } from '../support/raw-connection.ts'
import { answering, rawResponse, rawServer } from '../support/raw-server.ts'
import { freePort } from '../support/processes.ts'
import { rejectionOf } from '../support/rejection.ts'

const { ca, localhost, wrongName } = certificates
const hello = answering(rawResponse('hello'))

/** A proxy that answers by itself with what it was asked for. */
const telling = async (connection: RawConnection): Promise<void> => {
  for (;;) {
    const { startLine } = await connection.message()
    await connection.send(rawResponse(startLine))
  }
}

let before: string[]
beforeEach(() => {
  before = openResources()
})
afterEach(() => expectNothingLeft(before))

describe('ClientSession through an HTTP proxy', () => {
  test('sends http requests to it, with the whole URL', async () => {
    await using server = await rawServer(hello)
    await using proxy = await httpProxy({ names: { 'here.test': '127.0.0.1' } })
    await using session = new ClientSession({
      proxy: `http://ada:s%40crit@127.0.0.1:${proxy.port}`,
      resolver: staticResolver({}),
    })
    const url = `http://here.test:${server.port}/path?query`
    expect(await session.get(url).text()).toBe('hello')
    expect(await session.post(url, { body: 'text', headers: { Host: 'own' } }).text()).toBe('hello')
    expect(proxy.asked).toHaveLength(1)
    const [head = ''] = proxy.asked
    expect(head).toContain(`GET ${url} HTTP/1.1\r\nHost: here.test:${server.port}\r\n`)
    expect(head).toContain(
      `Proxy-Authorization: Basic ${Buffer.from('ada:s@crit').toString('base64')}\r\n`,
    )
    expect(session.statistics()).toMatchObject({ open: 1, idle: 1, opened: 1 })
  })

  describe('that passes requests on', () => {
    test('carries requests to several hosts over one connection', async () => {
      await using proxy = await rawServer(telling)
      await using session = new ClientSession({ proxy: proxy.origin })
      for (const url of ['http://a.test/1', 'http://b.test/2', 'http://a.test:81/3']) {
        expect(await session.get(url).text()).toBe(`GET ${url} HTTP/1.1`)
      }
      expect(session.statistics()).toMatchObject({ open: 1, idle: 1, opened: 1 })
      // Of a request's own, which is the same by its URL.
      const own = { proxy: { url: proxy.origin } }
      for (const url of ['http://a.test/1', 'http://b.test/2']) await session.get(url, own).text()
      expect(session.statistics()).toMatchObject({ open: 2, idle: 2, opened: 2 })
    })

    test('has a connection for each host, where the connections of a host are limited', async () => {
      await using proxy = await rawServer(telling)
      await using session = new ClientSession({ proxy: proxy.origin, limitPerHost: 1 })
      await session.get('http://a.test/').text()
      await session.get('http://b.test/').text()
      expect(session.statistics()).toMatchObject({ open: 2, idle: 2 })
      session.setLimits({ limitPerHost: 0 })
      await session.get('http://a.test/').text()
      await session.get('http://c.test/').text()
      expect(session.statistics()).toMatchObject({ open: 3, idle: 3, opened: 3 })
      session.setLimits({ limitPerHost: 1 })
      await session.get('http://a.test/').text()
      await session.get('http://b.test/').text()
      expect(session.statistics()).toMatchObject({ open: 3, idle: 3, opened: 3 })
    })

    test('that refuses one is named without a host', async () => {
      await using proxy = await rawServer(async (connection) => {
        await connection.message()
        await connection.send(rawResponse('', { status: '407 Who' }))
      })
      await using session = new ClientSession({ proxy: proxy.origin })
      const error = await rejectionOf(session.get('http://a.test/'))
      expect(error).toMatchObject({ phase: 'proxy', status: 407 })
      expect(String(error)).toContain(`Connecting through proxy "${proxy.origin}" failed`)
    })
  })

  test('says proxy lines once in each request, through middlewares and redirects too', async () => {
    await using server = await rawServer(async (connection) => {
      await connection.message()
      await connection.send(rawResponse('', { status: '302 Found', fields: 'Location: /next\r\n' }))
      await connection.message()
      await connection.send(rawResponse('there'))
    })
    await using proxy = await httpProxy()
    await using session = new ClientSession({
      proxy: { url: `http://127.0.0.1:${proxy.port}`, headers: { 'X-Proxy': 'one' } },
      middleware: [(request, next) => next(request)],
    })
    expect(await session.get(server.origin).text()).toBe('there')
    expect(proxy.asked[0]?.match(/X-Proxy: one\r\n/g)).toHaveLength(1)
    expect(proxy.asked[0]).toContain(`GET ${server.origin}/ HTTP/1.1\r\n`)
  })

  test('opens a tunnel for https, which the proxy does not see into', async () => {
    const heads: string[] = []
    await using server = await rawServer(
      async (connection) => {
        for (;;) {
          const { raw } = await connection.message()
          heads.push(raw.toString('latin1'))
          await connection.send(rawResponse('secret'))
        }
      },
      { tls: localhost },
    )
    await using proxy = await httpProxy({ names: { localhost: '127.0.0.1' } })
    await using session = new ClientSession({
      tls: { ca },
      proxy: {
        url: `http://127.0.0.1:${proxy.port}`,
        username: 'ada',
        password: 'pass',
        headers: { 'X-Tenant': 'seven' },
      },
    })
    const url = `https://localhost:${server.port}/`
    const headers = { Authorization: 'Bearer token', Cookie: 'a=b' }
    for (let count = 0; count < 2; count++) {
      expect(await session.get(url, { headers }).text()).toBe('secret')
    }
    const authority = `localhost:${server.port}`
    expect(proxy.asked).toEqual([
      `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\nX-Tenant: seven\r\n` +
        `Proxy-Authorization: Basic ${Buffer.from('ada:pass').toString('base64')}\r\n\r\n`,
    ])
    expect(heads.join('')).not.toMatch(/proxy|tenant/i)
    expect(heads[0]).toContain('Authorization: Bearer token')
    expect(session.statistics()).toMatchObject({ open: 1, opened: 1 })
  })

  test('speaks TLS with an https proxy, and TLS in TLS through it', async () => {
    await using server = await rawServer(hello, { tls: localhost })
    await using plain = await rawServer(hello)
    await using proxy = await httpProxy({ tls: localhost, names: { localhost: '127.0.0.1' } })
    await using session = new ClientSession({
      tls: { ca },
      proxy: { url: `https://localhost:${proxy.port}`, tls: { ca } },
    })
    const body = 'x'.repeat(300_000)
    expect(await session.get(`https://localhost:${server.port}/`).text()).toBe('hello')
    expect(await session.post(`https://localhost:${server.port}/`, { body }).text()).toBe('hello')
    expect(await session.get(plain.origin).text()).toBe('hello')
    expect(proxy.connections).toBe(2)
  })

  test('throws ConnectError of phase proxy, with the status, for what it refuses', async () => {
    await using proxy = await httpProxy({
      refusal: 'HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 2\r\n\r\nno',
    })
    await using session = new ClientSession({ proxy: `http://ada:secret@127.0.0.1:${proxy.port}` })
    for (const [scheme, to] of [
      // Of one that passes requests on, the connection is to no host.
      ['http', ''],
      ['https', ' to "127.0.0.1:1"'],
    ]) {
      const error = await rejectionOf(session.get(`${scheme}://127.0.0.1:1/`).text())
      expect(error).toBeInstanceOf(ConnectError)
      expect(error).toMatchObject({
        phase: 'proxy',
        status: 407,
        message: `Connecting${to} through proxy "http://127.0.0.1:${proxy.port}" failed: it answered 407 Proxy Authentication Required`,
      })
    }
    expect(session.statistics()).toMatchObject({ open: 0, requests: 0 })
  })

  test('throws ConnectError of phase proxy if nobody listens there, or what answers is none', async () => {
    await using garbage = await httpProxy({ refusal: 'SSH-2.0-OpenSSH\r\n' })
    await using silent = await httpProxy({ refusal: '' })
    for (const port of [await freePort(), garbage.port, silent.port]) {
      await using session = new ClientSession({ proxy: `http://127.0.0.1:${port}` })
      const error = await rejectionOf(session.get('https://127.0.0.1:1/'))
      expect(error).toMatchObject({ code: 'SPOOL_CONNECT', phase: 'proxy', status: undefined })
    }
  })

  test('takes no byte in clear text for one of the server behind', async () => {
    await using server = await rawServer(hello, { tls: localhost })
    await using proxy = await httpProxy({ behind: 'HTTP/1.1 200 OK\r\n\r\n' })
    await using session = new ClientSession({
      tls: { ca },
      proxy: `http://127.0.0.1:${proxy.port}`,
    })
    const error = await rejectionOf(session.get(`https://127.0.0.1:${server.port}/`))
    expect(error).toMatchObject({ code: 'SPOOL_CONNECT', phase: 'tls' })
  })

  test('checks the certificate of the server behind, not of the proxy', async () => {
    await using server = await rawServer(hello, { tls: wrongName })
    await using proxy = await httpProxy({ names: { localhost: '127.0.0.1' } })
    await using session = new ClientSession({
      tls: { ca },
      proxy: `http://127.0.0.1:${proxy.port}`,
    })
    const error = await rejectionOf(session.get(`https://localhost:${server.port}/`))
    expect(error).toMatchObject({ phase: 'tls', why: 'hostname-mismatch' })
    expect(proxy.open).toBeGreaterThanOrEqual(0)
  })

  test('is found in the environment, by who looks there', async () => {
    await using server = await rawServer(hello)
    await using proxy = await httpProxy()
    vi.stubEnv('http_proxy', `127.0.0.1:${proxy.port}`)
    vi.stubEnv('no_proxy', 'localhost')
    try {
      await using asking = new ClientSession({ proxy: 'environment' })
      await using other = new ClientSession()
      await other.get(server.origin).text()
      await asking.get(`http://localhost:${server.port}`).text()
      expect(proxy.connections).toBe(0)
      await asking.get(server.origin).text()
      await other.get(server.origin, { proxy: 'environment' }).text()
      expect(proxy.connections).toBe(2)
    } finally {
      vi.unstubAllEnvs()
    }
  })

  test('opens a tunnel for what becomes another protocol', async () => {
    await using server = await rawServer(async (connection) => {
      await connection.message()
      await connection.send(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n',
      )
    })
    await using proxy = await httpProxy()
    await using session = new ClientSession({ proxy: `http://127.0.0.1:${proxy.port}` })
    const headers = { Connection: 'Upgrade', Upgrade: 'echo' }
    const response = await session.get(server.origin, { headers, upgrade: true })
    expect(response.status).toBe(101)
    expect(proxy.asked[0]).toContain(`CONNECT 127.0.0.1:${server.port} HTTP/1.1\r\n`)
    response.exchange.takeOver().release()
  })

  test('is chosen by each request, which may also go without', async () => {
    await using server = await rawServer(hello)
    await using proxy = await httpProxy()
    await using other = await httpProxy()
    await using session = new ClientSession({ proxy: `http://127.0.0.1:${proxy.port}` })
    await session.get(server.origin, { proxy: false }).text()
    expect(proxy.connections).toBe(0)
    await session.get(server.origin, { proxy: `http://127.0.0.1:${other.port}` }).text()
    expect([proxy.connections, other.connections]).toEqual([0, 1])
    await session.get(server.origin).text()
    expect([proxy.connections, other.connections]).toEqual([1, 1])
  })
})

test('response.timings say where the time to open a connection went', async () => {
  await using server = await rawServer(hello, { tls: localhost })
  await using proxy = await socksProxy({ names: { localhost: '127.0.0.1' } })
  await using session = new ClientSession({
    tls: { ca },
    resolver: staticResolver({ 'proxy.test': '127.0.0.1' }),
  })
  const url = `https://localhost:${server.port}/`
  const direct = await session.get(url)
  await direct.text()
  const { opening, connect } = direct.timings
  expect(opening).toMatchObject({ proxy: 0 })
  const { dns = 0, tcp = 0, tls = 0 } = opening ?? {}
  expect(Math.min(dns, tcp, tls)).toBeGreaterThan(0)
  expect(dns + tcp + tls).toBeLessThanOrEqual(connect)

  const again = await session.get(url)
  await again.text()
  expect(again.timings).toMatchObject({ connect: 0, opening: undefined })

  const through = await session.get(url, { proxy: `socks5h://proxy.test:${proxy.port}` })
  await through.text()
  expect(through.timings.opening).toMatchObject({ dns: 0, tcp: 0 })
  const { proxy: atProxy = 0, tls: inTunnel = 0 } = through.timings.opening ?? {}
  expect(Math.min(atProxy, inTunnel)).toBeGreaterThan(0)
})

describe('ClientSession through a SOCKS proxy', () => {
  test('looks names up itself, or leaves that to the proxy', async () => {
    await using server = await rawServer(hello)
    await using secure = await rawServer(hello, { tls: localhost })
    await using proxy = await socksProxy({ names: { 'far.test': '127.0.0.1' } })
    const resolver = staticResolver({ 'near.test': '127.0.0.1' })
    await using near = new ClientSession({
      proxy: `socks5://127.0.0.1:${proxy.port}`,
      resolver,
      tls: { ca },
    })
    await using far = new ClientSession({ proxy: `socks5h://127.0.0.1:${proxy.port}`, resolver })
    expect(await near.get(`http://near.test:${server.port}/`).text()).toBe('hello')
    expect(await far.get(`http://far.test:${server.port}/`).text()).toBe('hello')
    expect(await near.get(`https://localhost:${secure.port}/`).text()).toBe('hello')
    expect(proxy.asked).toEqual([
      `127.0.0.1:${server.port}`,
      `far.test:${server.port}`,
      `127.0.0.1:${secure.port}`,
    ])
    await expect(near.get('http://none.test/')).rejects.toMatchObject({ phase: 'dns' })
  })

  test('says who it is', async () => {
    await using server = await rawServer(hello)
    const credentials = { username: 'ada', password: 'päss' }
    await using proxy = await socksProxy({ credentials })
    const url = `socks5h://127.0.0.1:${proxy.port}`
    await using session = new ClientSession({ proxy: { url, ...credentials } })
    expect(await session.get(server.origin).text()).toBe('hello')
    const wrong = { proxy: { url, username: 'ada', password: 'wrong' } }
    await expect(session.get(server.origin, wrong)).rejects.toMatchObject({
      phase: 'proxy',
      message: expect.stringContaining('it does not accept the user name and password'),
    })
    await expect(session.get(server.origin, { proxy: url })).rejects.toMatchObject({
      message: expect.stringContaining('it wants a user name and password'),
    })
  })

  test('tries the next address when the proxy can not reach one', async () => {
    await using server = await rawServer(hello)
    await using proxy = await socksProxy({ reply: (host) => (host === '127.0.0.1' ? 0 : 4) })
    const resolver = staticResolver({ 'two.test': ['192.0.2.1', '127.0.0.1'] })
    await using session = new ClientSession({
      proxy: `socks5://127.0.0.1:${proxy.port}`,
      resolver,
    })
    expect(await session.get(`http://two.test:${server.port}/`).text()).toBe('hello')
    expect(proxy.asked).toEqual([`192.0.2.1:${server.port}`, `127.0.0.1:${server.port}`])
  })

  test.each([
    [2, 'its rules do not allow the connection'],
    [5, 'the connection was refused'],
    [99, 'failure 99'],
  ])('says what reply %i means', async (code, meaning) => {
    await using proxy = await socksProxy({ reply: () => code })
    await using session = new ClientSession({ proxy: `socks5://127.0.0.1:${proxy.port}` })
    await expect(session.get('http://127.0.0.1:1/')).rejects.toMatchObject({
      phase: 'proxy',
      message: `Connecting to "127.0.0.1:1" through proxy "socks5://127.0.0.1:${proxy.port}" failed: it answered: ${meaning}`,
    })
  })

  test('knows one that is none', async () => {
    await using proxy = await httpProxy({ refusal: 'HTTP/1.1 400 Bad Request\r\n\r\n' })
    await using session = new ClientSession({ proxy: `socks5://127.0.0.1:${proxy.port}` })
    const failure = rejectionOf(session.get('http://127.0.0.1:1/', { timeout: { connect: 200 } }))
    expect(await failure).toMatchObject({ code: 'SPOOL_TIMEOUT', phase: 'connect' })
  })
})
