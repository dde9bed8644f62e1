import { describe, expect, test } from 'vitest'
import { ClientHosts } from '../../../src/client/connection/client-hosts.ts'
import { URLReader } from '../../../src/client/url/request-url.ts'

function origin(url: string): ReturnType<URLReader['read']>['origin'] {
  return new URLReader().read(url).origin
}

describe('ClientHosts.hostOf()', () => {
  test('gives one host for one origin, however often that is parsed', () => {
    const hosts = new ClientHosts(undefined, (origin) => `Host: ${origin.host}\r\n`)
    const host = hosts.hostOf(origin('http://a.test/'), undefined)
    expect(host.lines).toBe('Host: a.test\r\n')
    expect(hosts.hostOf(origin('http://A.test:80/x'), undefined)).toBe(host)
    expect(hosts.hostOf(origin('http://a.test:81/'), undefined)).not.toBe(host)
    expect(hosts.hostOf(origin('https://a.test/'), undefined)).not.toBe(host)
  })

  test('keeps those apart that have other TLS options', () => {
    const own = { rejectUnauthorized: false }
    const hosts = new ClientHosts(own, () => '')
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

  test('forgets those that are not in use, and no others', () => {
    const hosts = new ClientHosts(undefined, () => '')
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
