import { describe, expect, it } from 'vitest'
import { Origins } from '../../../../src/cli/fetch/input/origins.ts'

describe('Origins', () => {
  const origins = new Origins()

  it.each([
    ['http://a.example/x', 'http://a.example'],
    ['HTTPS://A.Example:443/x', 'https://a.example'],
    ['http://a.example:8080', 'http://a.example:8080'],
    ['http://user:secret@a.example?q', 'http://a.example'],
    ['http://a.example#top', 'http://a.example'],
    ['http://a.example\\x', 'http://a.example'],
    ['http://bücher.example/', 'http://xn--bcher-kva.example'],
    ['http://[::1]:80/', 'http://[::1]'],
  ])('of() %s is %s', (url, origin) => {
    expect(origins.of(url)).toBe(origin)
    expect(origins.of(`${url}/again`)).toBe(origin)
  })

  it.each(['', 'a.example', '/x', 'ftp://a/', 'http:/a', 'http://', 'http:///x', 'http://a b/'])(
    'of() %j is none',
    (url) => {
      expect(origins.of(url)).toBeUndefined()
      expect(origins.of(url)).toBeUndefined()
    },
  )
})
