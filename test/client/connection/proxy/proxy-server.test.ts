import { describe, expect, test } from 'vitest'
import { EnvironmentProxies } from '../../../../src/client/connection/proxy/environment.ts'
import { NoProxy } from '../../../../src/client/connection/proxy/no-proxy.ts'
import { ProxyServer } from '../../../../src/client/connection/proxy/proxy-server.ts'
import { Origin } from '../../../../src/client/url/origin.ts'

const origin = (url: string): Origin => new Origin(new URL(url))

describe('ProxyServer', () => {
  test.each([
    ['proxy.test:3128', 'http', 'http://proxy.test:3128'],
    ['http://proxy.test', 'http', 'http://proxy.test:80'],
    ['https://proxy.test', 'http', 'https://proxy.test:443'],
    ['socks5://[::1]', 'socks5', 'socks5://[::1]:1080'],
    ['socks5h://ada:pw@proxy.test:9050', 'socks5', 'socks5h://proxy.test:9050'],
  ] as const)('reads %s', (url, kind, name) => {
    expect(new ProxyServer(url)).toMatchObject({ kind, name })
  })

  test('has credentials of the URL, decoded, or of the options', () => {
    const credentials = { username: 'a b', password: 'c@d' }
    expect(new ProxyServer('socks5://a%20b:c%40d@proxy.test').credentials).toEqual(credentials)
    const options = { url: 'http://x:y@proxy.test', ...credentials }
    expect(new ProxyServer(options)).toMatchObject({
      credentials,
      lines: 'Proxy-Authorization: Basic YSBiOmNAZA==\r\n',
    })
    const headers = { 'Proxy-Authorization': 'Bearer token' }
    expect(new ProxyServer({ ...options, headers }).lines).toBe(
      'Proxy-Authorization: Bearer token\r\n',
    )
    expect(new ProxyServer('http://proxy.test').lines).toBe('')
  })

  test.each(['', 'http://', 'ftp://proxy.test', 'socks4://proxy.test', 'http://a b'])(
    'refuses "%s"',
    (url) => {
      expect(() => new ProxyServer(url)).toThrow(TypeError)
    },
  )

  test('refuses options that nobody reads', () => {
    const misspelt = { url: 'http://proxy.test', userName: 'ada' }
    expect(() => new ProxyServer(misspelt)).toThrow(
      'Cannot use "userName" as an option of a proxy, expected "username"',
    )
  })

  test('shows no password in what it refuses', () => {
    expect(() => new ProxyServer('ftp://ada:secret@proxy.test')).toThrow(
      'Cannot use "ftp://…@proxy.test" as a proxy: expected http, https, socks5 or socks5h, not "ftp"',
    )
    for (const url of ['ada:secret@proxy.test:99999', 'http://ada:secret/@proxy.test:x']) {
      expect(() => new ProxyServer(url)).toThrow(/^Cannot use "http:\/\/…@proxy\.test:\w+"/)
    }
  })

  test('refuses what can not be said', () => {
    const url = 'socks5://proxy.test'
    expect(() => new ProxyServer({ url, headers: { a: 'b' } })).toThrow('it has none')
    expect(() => new ProxyServer({ url, username: 'x'.repeat(256), password: 'y' })).toThrow(
      'expected 1 to 255',
    )
    expect(() => new ProxyServer({ url: 'http://proxy.test', username: 'a:b' })).toThrow('a colon')
    const headers = { 'X-Bad': 'a\r\nb' }
    expect(() => new ProxyServer({ url: 'http://proxy.test', headers })).toThrow('X-Bad')
  })
})

describe('NoProxy', () => {
  test.each([
    ['*', 'http://anything.test/', true],
    ['', 'http://anything.test/', false],
    ['a.test', 'http://a.test/', true],
    ['a.test', 'http://b.a.test/', true],
    ['a.test', 'http://ba.test/', false],
    ['.a.test', 'http://a.test/', true],
    ['*.a.test', 'http://a.test/', false],
    ['*.a.test', 'http://b.a.test/', true],
    ['A.Test.', 'http://a.test/', true],
    ['a.test', 'http://a.test./', true],
    ['a.test:81', 'http://a.test/', false],
    ['a.test:81', 'http://a.test:81/', true],
    ['x.test, a.test', 'https://a.test/', true],
    ['x.test a.test', 'https://a.test/', true],
    ['10.0.0.0/8', 'http://10.1.2.3/', true],
    ['10.0.0.0/8', 'http://11.1.2.3/', false],
    ['127.0.0.1', 'http://0x7f.1/', true],
    ['127.0.0.1:81', 'http://127.0.0.1:82/', false],
    ['::1', 'http://[::1]/', true],
    ['[::1]:80', 'http://[0:0::1]/', true],
    ['fd00::/8', 'http://[fd12::1]/', true],
    ['fd00::/8', 'http://[fe12::1]/', false],
    ['10.0.0.0/99', 'http://10.0.0.1/', false],
  ])('"%s" and %s: %s', (text, url, excepted) => {
    expect(new NoProxy(text).excepts(origin(url))).toBe(excepted)
  })
})

function names(environment: Record<string, string>): (string | undefined)[] {
  const proxies = new EnvironmentProxies(environment)
  return ['http://a.test/', 'https://a.test/'].map((url) => proxies.proxyFor(origin(url))?.hostname)
}

describe('EnvironmentProxies', () => {
  test('has one for each scheme, or one for all', () => {
    expect(names({})).toEqual([undefined, undefined])
    expect(names({ HTTP_PROXY: 'one:1', HTTPS_PROXY: 'two:1' })).toEqual(['one', 'two'])
    expect(names({ ALL_PROXY: 'socks5://one', https_proxy: '' })).toEqual(['one', 'one'])
    expect(names({ http_proxy: 'one', HTTP_PROXY: 'two', all_proxy: 'three' })).toEqual([
      'one',
      'three',
    ])
  })

  test('takes no proxy from a request that came by CGI', () => {
    const cgi = { REQUEST_METHOD: 'GET', HTTP_PROXY: 'evil:1', HTTPS_PROXY: 'two:1' }
    expect(names(cgi)).toEqual([undefined, 'two'])
    expect(names({ ...cgi, http_proxy: 'one' })).toEqual(['one', 'two'])
  })

  test('excepts what NO_PROXY says', () => {
    expect(names({ ALL_PROXY: 'one', NO_PROXY: 'x.test,a.test:443' })).toEqual(['one', undefined])
    expect(names({ ALL_PROXY: 'one', NO_PROXY: '*', no_proxy: 'x.test' })).toEqual(['one', 'one'])
  })
})
