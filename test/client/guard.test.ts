/** The guard over real sockets: where a session goes, and where it does not, however it is led there. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AddressRefusedError, ClientSession } from '../../src/client/index.ts'
import { type Resolver, staticResolver } from '../../src/io/resolver.ts'
import { certificates } from '../support/certificates.ts'
import { expectNothingLeft, openResources } from '../support/open-resources.ts'
import { httpProxy, socksProxy } from '../support/proxy.ts'
import { answering, rawResponse, rawServer } from '../support/raw-server.ts'
import { rejectionOf } from '../support/rejection.ts'

const hello = answering(rawResponse('hello'))

let before: string[]
beforeEach(() => {
  before = openResources()
})
afterEach(() => expectNothingLeft(before))

describe('ClientSession with a guard', () => {
  test.each([
    'http://127.0.0.1',
    'http://localhost',
    'http://api.localhost',
    'http://LOCALHOST.',
    'http://[::1]',
    'http://[::ffff:127.0.0.1]',
    'http://0x7f.1',
    'http://2130706433',
    'http://127.1',
    'http://0',
    'http://inside.test',
    'http://169.254.169.254',
  ])('connects to nothing for %s', async (origin) => {
    await using server = await rawServer(hello)
    await using session = new ClientSession({
      guard: 'public',
      resolver: staticResolver({ 'inside.test': ['127.0.0.1', '::1'] }),
    })
    const error = await rejectionOf(session.get(`${origin}:${server.port}/`))
    expect(error).toBeInstanceOf(AddressRefusedError)
    expect(server.connections).toHaveLength(0)
    expect(session.statistics()).toMatchObject({ open: 0, requests: 0 })
  })

  test('follows no redirect inside', async () => {
    await using inside = await rawServer(hello)
    await using server = await rawServer(async (connection) => {
      await connection.message()
      const fields = `Location: http://localhost:${inside.port}/\r\n`
      await connection.send(rawResponse('', { status: '302 Found', fields }))
    })
    await using session = new ClientSession({
      guard: { allow: ['outside.test'] },
      resolver: staticResolver({ 'outside.test': '127.0.0.1' }),
    })
    const error = await rejectionOf(session.get(`http://outside.test:${server.port}/`))
    expect(error).toMatchObject({
      code: 'SPOOL_ADDRESS_REFUSED',
      host: 'localhost',
      addresses: ['127.0.0.1', '::1'],
    })
    expect(inside.connections).toHaveLength(0)
  })

  test('connects to the address that it has seen, and asks no second time', async () => {
    await using server = await rawServer(hello)
    let asked = 0
    // The first answer is harmless, each later one is not: what rebinding does.
    const resolver: Resolver = {
      resolve: () => {
        const address = asked++ === 0 ? '127.0.0.1' : '127.0.0.2'
        return Promise.resolve([{ address, family: 4 }])
      },
    }
    await using session = new ClientSession({
      guard: { allow: ['127.0.0.1'] },
      resolver,
      dns: { ttl: 0 },
      keepAlive: 0,
    })
    const url = `http://turning.test:${server.port}/`
    expect(await session.get(url).text()).toBe('hello')
    expect(asked).toBe(1)
    const error = await rejectionOf(session.get(url))
    expect(error).toMatchObject({ host: 'turning.test', addresses: ['127.0.0.2'] })
    expect(server.connections).toHaveLength(1)
  })

  test('tells a proxy addresses that it has seen, in a tunnel for http too', async () => {
    await using server = await rawServer(hello)
    await using secure = await rawServer(hello, { tls: certificates.localhost })
    await using proxy = await httpProxy()
    await using socks = await socksProxy()
    for (const [url, asked] of [
      [`http://127.0.0.1:${proxy.port}`, proxy.asked],
      [`socks5h://127.0.0.1:${socks.port}`, socks.asked],
    ] as const) {
      await using session = new ClientSession({
        guard: { allow: ['localhost', 'here.test'] },
        resolver: staticResolver({ 'here.test': '127.0.0.1', 'inside.test': '10.0.0.1' }),
        proxy: url,
        tls: { ca: certificates.ca },
      })
      expect(await session.get(`http://here.test:${server.port}/`).text()).toBe('hello')
      expect(await session.get(`https://localhost:${secure.port}/`).text()).toBe('hello')
      expect(asked.map((head) => head.split(' ')[1] ?? head)).toEqual([
        `127.0.0.1:${server.port}`,
        `127.0.0.1:${secure.port}`,
      ])
      for (const host of ['inside.test', '10.0.0.1', 'localhost.localhost']) {
        expect(await rejectionOf(session.get(`http://${host}/`))).toMatchObject({
          code: 'SPOOL_ADDRESS_REFUSED',
        })
      }
      expect(asked).toHaveLength(2)
    }
  })
})
