import { describe, expect, test } from 'vitest'
import { ClientHost } from '../../../src/client/connection/client-host.ts'
import type { NetworkOptions } from '../../../src/client/connection/network-options.ts'
import { OpeningTimes } from '../../../src/client/connection/opening-times.ts'
import { Opener } from '../../../src/client/connection/opener.ts'
import { type OwnRoute, Routes } from '../../../src/client/connection/routes.ts'
import { Origin } from '../../../src/client/url/origin.ts'
import type { ConnectOptions } from '../../../src/io/connect.ts'
import { ConnectError } from '../../../src/io/errors.ts'
import { memoryPair } from '../../../src/io/memory-transport.ts'
import type { ResolvedAddress } from '../../../src/io/resolver.ts'
import type { Transport } from '../../../src/io/transport.ts'
import { rejectionOf } from '../../support/rejection.ts'

const two: readonly ResolvedAddress[] = [
  { address: '192.0.2.1', family: 4 },
  { address: '192.0.2.2', family: 4 },
]

/** An opener whose sockets are written down, with the addresses that they would try. */
class Fixture {
  readonly asked: string[] = []
  readonly dialled: (ConnectOptions & { addresses?: readonly string[] })[] = []
  /** What connecting leads to: the address that answers, or an error. */
  outcome: string | Error = '192.0.2.1'
  readonly opener: Opener
  readonly #routes: Routes

  constructor(options: NetworkOptions & Partial<OwnRoute> = {}) {
    const resolver = {
      resolve: (host: string) => {
        this.asked.push(host)
        return Promise.resolve(two)
      },
    }
    this.#routes = new Routes(options)
    this.opener = new Opener({ resolver, ...options }, (options) => this.#dial(options))
  }

  open(url: string): Promise<Transport> {
    const origin = new Origin(new URL(url))
    const route = this.#routes.routeTo(origin, { tls: undefined, proxy: undefined })
    return this.opener.open(new ClientHost(origin, route, ''), new OpeningTimes(0))
  }

  async #dial(options: ConnectOptions): Promise<Transport> {
    const { host = '', path } = options
    const found = path === undefined ? await options.resolver?.resolve(host) : []
    this.dialled.push({ ...options, addresses: (found ?? []).map(({ address }) => address) })
    const { outcome } = this
    if (typeof outcome !== 'string') throw outcome
    const [client] = memoryPair()
    return Object.defineProperty(client, 'remoteAddress', { value: outcome })
  }
}

describe('Opener.open()', () => {
  test('says to the socket what the session was told', async () => {
    const tls = { minVersion: 'TLSv1.3' } as const
    const fixture = new Fixture({ tls, localAddress: '127.0.0.1', tcpKeepAlive: 5 })
    await fixture.open('https://a.test:8443/')
    await fixture.open('http://a.test/')
    await fixture.open('https://a.test/')
    const [first, second, third] = fixture.dialled
    expect(first).toMatchObject({
      host: 'a.test',
      port: 8443,
      tls: { minVersion: 'TLSv1.3', alpn: ['http/1.1'] },
      localAddress: '127.0.0.1',
      tcpKeepAlive: 5,
    })
    expect(second?.tls).toBeUndefined()
    // The same object, so that it is parsed once; sessions and buffer are shared by all.
    expect(third?.tls).toBe(first?.tls)
    expect(third?.tlsSessions).toBe(first?.tlsSessions)
    expect(third?.readBuffer).toBe(second?.readBuffer)
  })

  test('asks nobody for addresses and for localhost', async () => {
    const fixture = new Fixture()
    for (const host of ['127.0.0.1', '[::1]', 'localhost', 'a.LOCALHOST', 'localhost.']) {
      await fixture.open(`http://${host}/`)
    }
    expect(fixture.asked).toEqual([])
    expect(fixture.dialled.map(({ addresses }) => addresses)).toEqual([
      ['127.0.0.1'],
      ['::1'],
      ['127.0.0.1', '::1'],
      ['127.0.0.1', '::1'],
      ['127.0.0.1', '::1'],
    ])
  })

  test('tries the address first that answered', async () => {
    const fixture = new Fixture()
    fixture.outcome = '192.0.2.2'
    await fixture.open('http://a.test/')
    await fixture.open('http://a.test/')
    expect(fixture.asked).toEqual(['a.test'])
    expect(fixture.dialled.map(({ addresses }) => addresses)).toEqual([
      ['192.0.2.1', '192.0.2.2'],
      ['192.0.2.2', '192.0.2.1'],
    ])
  })

  test('asks afresh for a name none of whose addresses answered, and not for other failures', async () => {
    const fixture = new Fixture()
    for (const phase of ['tls', 'tcp', 'tcp'] as const) {
      fixture.outcome = new ConnectError(phase, 'no')
      expect(await rejectionOf(fixture.open('http://a.test/'))).toBe(fixture.outcome)
    }
    expect(fixture.asked).toEqual(['a.test', 'a.test'])
  })

  test('forgets what it knows when it is cleared', async () => {
    const fixture = new Fixture()
    await fixture.open('http://a.test/')
    expect(fixture.opener.statistics()).toMatchObject({ entries: 1, lookups: 1 })
    fixture.opener.clear()
    expect(fixture.opener.statistics()).toMatchObject({ entries: 0 })
  })

  test('opens nothing for an address that the guard refuses', async () => {
    const fixture = new Fixture({ guard: 'public' })
    for (const host of ['10.0.0.1', '[::1]', 'localhost', 'a.test']) {
      expect(await rejectionOf(fixture.open(`http://${host}/`))).toMatchObject({
        code: 'SPOOL_ADDRESS_REFUSED',
      })
    }
    expect(fixture.dialled).toEqual([])
  })

  test('gives TLS behind a proxy no shared buffer, which TLS would not use', async () => {
    const fixture = new Fixture({ proxy: 'socks5h://proxy.test' })
    fixture.outcome = new ConnectError('tcp', 'no')
    for (const url of ['http://a.test/', 'https://a.test/']) {
      expect(await rejectionOf(fixture.open(url))).toMatchObject({
        phase: 'proxy',
        cause: fixture.outcome,
      })
    }
    const [plain, secure] = fixture.dialled
    expect([plain, secure]).toMatchObject([
      { host: 'proxy.test', port: 1080 },
      { host: 'proxy.test', port: 1080 },
    ])
    expect(plain?.readBuffer).toBeDefined()
    expect(secure?.readBuffer).toBeUndefined()
  })
})
