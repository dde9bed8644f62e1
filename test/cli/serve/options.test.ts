import { describe, expect, it } from 'vitest'
import { readServeOptions } from '../../../src/cli/serve/options.ts'

describe('readServeOptions()', () => {
  it('readServeOptions() has a default for everything but what to serve', () => {
    expect(readServeOptions(['app.ts'])).toEqual({
      path: 'app.ts',
      host: '127.0.0.1',
      port: 8080,
      certificate: undefined,
      listing: false,
    })
  })

  it('readServeOptions() reads every option', () => {
    const text = '--host 0.0.0.0 --port 0 --tls-cert a.pem --tls-key a.key --listing public'
    expect(readServeOptions(text.split(' '))).toEqual({
      path: 'public',
      host: '0.0.0.0',
      port: 0,
      certificate: { certFile: 'a.pem', keyFile: 'a.key' },
      listing: true,
    })
    expect(readServeOptions(['--help'])).toBe('help')
  })

  it.each([
    ['', 'Nothing to serve: name a module or a folder'],
    ['a b', 'Cannot serve more than one thing: "b" is too many'],
    ['a --port x', 'Cannot use --port "x": expected a whole number, 0 to 65535'],
    ['a --port 65536', 'Cannot use --port "65536": expected a whole number, 0 to 65535'],
    ['a --tls-cert c', 'Cannot serve with TLS: --tls-cert and --tls-key need each other'],
    ['a --tls-key k', 'Cannot serve with TLS: --tls-cert and --tls-key need each other'],
    ['a --bogus', "Unknown option '--bogus'"],
  ])('readServeOptions() refuses "%s"', (text, message) => {
    expect(() => readServeOptions(text.split(' ').filter(Boolean))).toThrow(message)
  })
})
