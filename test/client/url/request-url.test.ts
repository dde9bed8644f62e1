import { describe, expect, test } from 'vitest'
import { hrefOf, URLReader } from '../../../src/client/url/request-url.ts'

function read(url: string): ReturnType<URLReader['read']> {
  return new URLReader().read(url)
}

describe('URLReader.read()', () => {
  test.each([
    ['http://example.com', 'http://example.com', '/'],
    ['http://example.com/', 'http://example.com', '/'],
    ['http://example.com?a=1', 'http://example.com', '/?a=1'],
    ['HTTP://EXAMPLE.com:80/A', 'http://example.com', '/A'],
    ['https://example.com:443/', 'https://example.com', '/'],
    ['https://example.com:8443/', 'https://example.com:8443', '/'],
    ['http://[::1]:8080/x', 'http://[::1]:8080', '/x'],
    ['http://bücher.example/', 'http://xn--bcher-kva.example', '/'],
  ])('reads %s', (url, origin, target) => {
    const parsed = read(url)
    expect([parsed.origin.href, parsed.target]).toEqual([origin, target])
  })

  test.each(['/a%2Fb', '/%7e', '/a//b/../c/.', '/?q=a%20b&c=[1]', "/it's", '/a|b{c}"d"^`', '/%'])(
    'sends %s as it is written',
    (target) => {
      expect(read(`http://example.com${target}`).target).toBe(target)
    },
  )

  test('encodes what can not be sent', () => {
    expect(read('http://h/é ü?q=日本 1').target).toBe('/%C3%A9%20%C3%BC?q=%E6%97%A5%E6%9C%AC%201')
    expect(read('http://h/?a\\b').target).toBe('/?a%5Cb')
    expect(read('http://h/\ud800').target).toBe('/%EF%BF%BD')
  })

  test('keeps the fragment apart', () => {
    const parsed = read('http://h/a?b#c?d')
    expect([parsed.target, parsed.fragment]).toEqual(['/a?b', '#c?d'])
    expect(hrefOf(parsed)).toBe('http://h/a?b#c?d')
    expect(read('http://h#c').target).toBe('/')
  })

  test('keeps user and password apart', () => {
    const parsed = read('http://us%40er:pass@h:81/a')
    expect([parsed.userInfo, parsed.origin.href]).toEqual(['us%40er:pass', 'http://h:81'])
    expect(hrefOf(parsed)).toBe('http://h:81/a')
  })

  test('gives one Origin for one authority', () => {
    const reader = new URLReader()
    const { origin } = reader.read('http://h:81/a')
    expect(reader.read('http://h:81/b').origin).toBe(origin)
    expect(reader.read('http://h:81').origin).toBe(origin)
    expect(reader.read('http://u:p@h:81/b').origin).toBe(origin)
    expect(reader.read('http://h:811/b').origin.port).toBe(811)
    expect(reader.read('http://h:8/b').origin.port).toBe(8)
  })

  test('is not fooled by an authority that begins like the one before', () => {
    const reader = new URLReader()
    reader.read('http://good.example/')
    expect(reader.read('http://good.example@evil.example/').origin.hostname).toBe('evil.example')
    expect(reader.read('http://good.example.evil.example/').origin.hostname).toBe(
      'good.example.evil.example',
    )
    expect(() => reader.read('http://good.example\\@evil.example/')).toThrow(TypeError)
  })

  test.each([
    '',
    'example.com',
    '/a',
    'ftp://h/',
    'http:/h',
    'http://',
    'http:///a',
    'http://h:99999/',
    'http://h:x/',
    'http://a b/',
    'http://h\n/',
    'http://h/\r\nx: y',
    'http://h/\0',
    'http://h/\x7f',
    'http://h\\x/',
    'http://h/a\\b',
    ' http://h/',
    'http://[::1/',
    'http://a%2fb/',
  ])('refuses %j', (url) => {
    expect(() => read(url)).toThrow(
      expect.objectContaining({ name: 'TypeError', code: 'ERR_INVALID_URL', input: url }),
    )
  })

  test('remembers a bounded number of origins', () => {
    const reader = new URLReader()
    for (let port = 1; port < 2500; port++) reader.read(`http://h:${port}/`)
    expect(reader.read('http://h:7/').origin.port).toBe(7)
  })
})
