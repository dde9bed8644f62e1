import { proxyHeaders, type ProxyHeadersOptions } from 'spool/server'
import { describe, expect, test } from 'vitest'
import { type RequestOrigin, ServerRequest } from '../../../src/server/messages/server-request.ts'
import { ServerResponse } from '../../../src/server/messages/server-response.ts'

/** Address, scheme and host as a handler sees them. */
function seen(
  options: ProxyHeadersOptions,
  fields: readonly string[],
  from: string | null = '10.0.0.1',
): string {
  const head = { method: 'GET', target: '/', fields, host: 'inner' }
  const remoteAddress = from ?? undefined
  const origin: RequestOrigin = { remoteAddress, secure: false, authority: 'a' }
  const request = new ServerRequest(head as never, origin)
  void proxyHeaders(options)(request, () => new ServerResponse())
  return `${request.remoteAddress} ${request.url.protocol}//${request.url.host}`
}

const forwardedFor = (value: string): string[] => ['X-Forwarded-For', value]

describe('proxyHeaders()', () => {
  test.each([
    ['1.2.3.4', 1, '1.2.3.4'],
    ['6.6.6.6, 1.2.3.4', 1, '1.2.3.4'],
    ['6.6.6.6, 1.2.3.4, 10.0.0.2', 2, '1.2.3.4'],
    ['1.2.3.4', 5, '1.2.3.4'],
    ['1.2.3.4:5678', 1, '1.2.3.4'],
    ['[2001:db8::1]:80', 1, '2001:db8::1'],
    ['2001:db8::1', 1, '2001:db8::1'],
    ['1.2.3.4, unknown', 2, '10.0.0.1'],
    ['nonsense', 1, '10.0.0.1'],
    ['', 1, '10.0.0.1'],
  ])('reads "%s" behind %d proxies', (value, trusted, address) => {
    expect(seen({ trusted }, forwardedFor(value))).toBe(`${address} http://inner`)
  })

  test.each([
    ['6.6.6.6, 1.2.3.4, 10.9.9.9, 192.168.0.7', '1.2.3.4'],
    ['1.2.3.4, 8.8.8.8', '8.8.8.8'],
    ['10.0.0.3', '10.0.0.3'],
    ['6.6.6.6, ::ffff:10.0.0.9', '6.6.6.6'],
  ])('reads "%s" behind proxies of known networks', (value, address) => {
    const trusted = ['10.0.0.0/8', '192.168.0.7']
    expect(seen({ trusted }, forwardedFor(value))).toBe(`${address} http://inner`)
  })

  test('believes nobody else', () => {
    const fields = [...forwardedFor('1.2.3.4'), 'X-Forwarded-Proto', 'https']
    expect(seen({ trusted: ['10.0.0.0/8'] }, fields, '9.9.9.9')).toBe('9.9.9.9 http://inner')
    expect(seen({ trusted: ['10.0.0.0/8'] }, fields, null)).toBe('undefined http://inner')
    expect(seen({ trusted: ['unix'] }, fields, null)).toBe('1.2.3.4 https://inner')
    expect(seen({ trusted: 1 }, ['Forwarded', 'for=1.2.3.4'])).toBe('10.0.0.1 http://inner')
  })

  test('takes scheme and host from the proxy that is furthest away', () => {
    const fields = [
      'X-Forwarded-For',
      '1.2.3.4, 10.0.0.2',
      'X-Forwarded-Proto',
      'https, http',
      'X-Forwarded-Host',
      'example.org:8443',
    ]
    expect(seen({ trusted: 2 }, fields)).toBe('1.2.3.4 https://example.org:8443')
    expect(seen({ trusted: 1 }, fields)).toBe('10.0.0.2 http://example.org:8443')
    const bad = ['X-Forwarded-Proto', 'ftp', 'X-Forwarded-Host', 'a/b', ...forwardedFor('1.2.3.4')]
    expect(seen({ trusted: 1 }, bad)).toBe('1.2.3.4 http://inner')
  })

  test.each([
    ['for=1.2.3.4;proto=https;host=example.org', '1.2.3.4 https://example.org'],
    ['For="[2001:db8:cafe::17]:4711"', '2001:db8:cafe::17 http://inner'],
    ['for=6.6.6.6, for=1.2.3.4;by=10.0.0.1', '1.2.3.4 http://inner'],
    ['for="_hidden"', '10.0.0.1 http://inner'],
    ['for=unknown;proto=https', '10.0.0.1 https://inner'],
    ['for="a,b;c", for="1.2.3.4"', '1.2.3.4 http://inner'],
    ['for=1.2.3.4;', '1.2.3.4 http://inner'],
    ['for=1.2.3.4 oops', '10.0.0.1 http://inner'],
    ['for="1.2.3.4', '10.0.0.1 http://inner'],
  ])('reads Forwarded: %s', (value, expected) => {
    const options: ProxyHeadersOptions = { trusted: 1, fields: 'forwarded' }
    expect(seen(options, ['Forwarded', value])).toBe(expected)
  })

  test('takes in a long chain without effort', () => {
    const fields = forwardedFor(Array.from({ length: 500 }, () => '10.0.0.2').join(','))
    expect(seen({ trusted: ['10.0.0.0/8'] }, fields)).toBe('10.0.0.2 http://inner')
  })

  test.each<ProxyHeadersOptions>([
    { trusted: 0 },
    { trusted: 1.5 },
    { trusted: ['10.0.0.0/33'] },
    { trusted: ['example.org'] },
    { trusted: ['10.0.0.0/8/8'] },
    { trusted: 1, fields: 'both' as never },
  ])('refuses %j', (options) => {
    expect(() => proxyHeaders(options)).toThrow(/^(?:Cannot trust|Invalid)/)
  })
})
