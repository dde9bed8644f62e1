import { describe, expect, test } from 'vitest'
import { ClientHosts } from '../../../src/client/connection/client-hosts.ts'
import { Routes } from '../../../src/client/connection/routes.ts'
import type { TLSOptions } from '../../../src/io/transport.ts'
import { URLReader } from '../../../src/client/url/request-url.ts'

function origin(url: string): ReturnType<URLReader['read']>['origin'] {
  return new URLReader().read(url).origin
}

function hostsOf(tls?: TLSOptions, lines: (origin: { host: string }) => string = () => '') {
  return new ClientHosts({ tls, proxy: undefined }, new Routes({ tls }), lines)
}

describe('ClientHosts.hostOf()', () => {
  test('gives one host for one origin, however often that is parsed', () => {
    const hosts = hostsOf(undefined, (origin) => `Host: ${origin.host}\r\n`)
    const host = hosts.hostOf(origin('http://a.test/'), undefined)
    expect(host.lines).toBe('Host: a.test\r\n')
    expect(hosts.hostOf(origin('http://A.test:80/x'), undefined)).toBe(host)
    expect(hosts.hostOf(origin('http://a.test:81/'), undefined)).not.toBe(host)
    expect(hosts.hostOf(origin('https://a.test/'), undefined)).not.toBe(host)
  })

  test('keeps those apart that have other TLS options', () => {
    const own = { rejectUnauthorized: false }
    const hosts = hostsOf(own)
    const secure = origin('https://a.test/')
    const host = hosts.hostOf(secure, own)
    expect(host.tls).toBe(own)
    expect(hosts.hostOf(secure, undefined)).toBe(host)
    const other = { rejectUnauthorized: true }
    const another = hosts.hostOf(secure, other)
    expect(another.tls).toBe(other)
    expect(another).not.toBe(host)
    expect(hosts.hostOf(secure, other)).toBe(another)
    const plain = origin('http://a.test/')
    expect(hosts.hostOf(plain, other)).toBe(hosts.hostOf(plain, own))
  })

  test('keeps those apart that have other proxies, and joins those whose proxies are written alike', () => {
    const hosts = hostsOf()
    const plain = origin('http://a.test/')
    const direct = hosts.hostOf(plain, undefined)
    const host = hosts.hostOf(plain, undefined, 'http://proxy.test:3128')
    expect(host).not.toBe(direct)
    expect(host.prefix).toBe('http://a.test')
    expect(hosts.hostOf(plain, undefined, 'http://proxy.test:3128')).toBe(host)
    expect(hosts.hostOf(plain, undefined, 'http://other.test:3128')).not.toBe(host)
    const options = { url: 'http://proxy.test:3128' }
    expect(hosts.hostOf(plain, undefined, options)).toBe(hosts.hostOf(plain, undefined, options))
    expect(hosts.hostOf(plain, undefined, { ...options })).not.toBe(
      hosts.hostOf(plain, undefined, options),
    )
  })

  test('forgets those that are not in use, and no others', () => {
    const hosts = hostsOf()
    const used = hosts.hostOf(origin('http://used.test/'), undefined)
    used.open = 1
    const tls = {}
    const usedToo = hosts.hostOf(origin('https://used.test/'), tls)
    usedToo.open = 1
    for (let port = 1; port < 5000; port++) {
      hosts.hostOf(origin(`http://a.test:${port}/`), undefined)
      hosts.hostOf(origin(`https://a.test:${port}/`), tls)
    }
    expect(hosts.size).toBeLessThan(4000)
    expect(hosts.hostOf(origin('http://used.test/'), undefined)).toBe(used)
    expect(hosts.hostOf(origin('https://used.test/'), tls)).toBe(usedToo)
  })
})
