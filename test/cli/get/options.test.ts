import { describe, expect, it } from 'vitest'
import { readGetOptions } from '../../../src/cli/get/options.ts'

describe('readGetOptions()', () => {
  it('readGetOptions() has a default for everything but the URL', () => {
    expect(readGetOptions(['http://a/'])).toEqual({
      url: 'http://a/',
      method: 'GET',
      headers: [],
      data: undefined,
      include: false,
      output: undefined,
      timeout: undefined,
      proxy: undefined,
      fail: false,
    })
  })

  it('readGetOptions() reads every option', () => {
    const text = '-i -X put -H A:1 -d @file -o out --timeout 2s --proxy socks5://p --fail http://a/'
    expect(readGetOptions(text.split(' '))).toEqual({
      url: 'http://a/',
      method: 'PUT',
      headers: [['A', '1']],
      data: '@file',
      include: true,
      output: 'out',
      timeout: 2000,
      proxy: 'socks5://p',
      fail: true,
    })
  })

  it('readGetOptions() posts data unless told otherwise, and takes - for standard output', () => {
    expect(readGetOptions(['-d', 'a=1', '-o', '-', 'http://a/'])).toMatchObject({
      method: 'POST',
      data: 'a=1',
      output: undefined,
    })
  })

  it('readGetOptions() gives help', () => {
    expect(readGetOptions(['-h'])).toBe('help')
  })

  it.each([
    [[], 'Nothing to get'],
    [['http://a/', 'http://b/'], 'Cannot get more than one URL: "http://b/" is too many'],
    [['example.com'], 'Cannot get "example.com": expected a URL with http:// or https://'],
    [['http://a/', '--proxy', 'ftp://p'], 'Cannot use "ftp://p" as a proxy: expected http, https,'],
    [['ftp://a/'], 'Cannot get "ftp://a/"'],
  ])('readGetOptions() refuses %s', (args, message) => {
    expect(() => readGetOptions(args)).toThrow(message)
  })
})
