import { describe, expect, it } from 'vitest'
import { readWSOptions } from '../../../src/cli/ws/options.ts'

describe('readWSOptions()', () => {
  it('readWSOptions() has a default for everything but the URL', () => {
    expect(readWSOptions(['ws://a/'])).toEqual({
      url: 'ws://a/',
      headers: [],
      subprotocols: [],
      json: false,
      binary: false,
      wait: 1_000,
      ping: undefined,
      compress: false,
      maxSize: 67_108_864,
      timeout: undefined,
      proxy: undefined,
    })
  })

  it('readWSOptions() reads every option', () => {
    const text =
      '--json --binary --subprotocol a --subprotocol b -H A:1 --wait 2m --ping 5s --compress --max-size 100 --timeout 3s --proxy http://p/ wss://a/'
    expect(readWSOptions(text.split(' '))).toEqual({
      url: 'wss://a/',
      headers: [['A', '1']],
      subprotocols: ['a', 'b'],
      json: true,
      binary: true,
      wait: 120_000,
      ping: 5_000,
      compress: true,
      maxSize: 100,
      timeout: 3_000,
      proxy: 'http://p/',
    })
    expect(readWSOptions(['-h'])).toBe('help')
    expect(readWSOptions(['ws://a/', '--wait', '0'])).toMatchObject({ wait: 0 })
    expect(readWSOptions(['ws://a/', '--wait', 'forever'])).toMatchObject({ wait: Infinity })
    expect(readWSOptions(['http://a/'])).toMatchObject({ url: 'http://a/' })
  })

  it.each([
    ['', 'Nothing to connect to: name a URL'],
    ['ws://a/ ws://b/', 'Cannot connect to more than one URL: "ws://b/" is too many'],
    ['localhost:80', 'Cannot connect to "localhost:80": expected a URL with ws:// or wss://'],
    ['ftp://a/', 'Cannot connect to "ftp://a/": expected a URL with ws:// or wss://'],
    [
      'ws://a/ --wait soon',
      'Cannot use --wait "soon": expected a time such as 500ms or 30s, 0 or forever',
    ],
    ['ws://a/ --ping 0', 'Cannot use --ping "0": expected a time such as 500ms, 30s or 2m'],
    ['ws://a/ --subprotocol a,b', 'Cannot use --subprotocol "a,b": expected a token'],
    ['ws://a/ --max-size 0', 'Cannot use --max-size "0": expected a whole number, 1 or more'],
    [
      'ws://a/ --max-size 999999999',
      'Cannot use --max-size "999999999": expected 536870888 at most',
    ],
  ])('readWSOptions() refuses "%s"', (text, message) => {
    expect(() => readWSOptions(text.split(' ').filter(Boolean))).toThrow(message)
  })
})
