import { describe, expect, it } from 'vitest'
import { readServeOptions, serveArguments } from '../../../src/cli/serve/options.ts'

const everything =
  '--host 0.0.0.0 --port 0 --workers 3 --tls-cert a.pem --tls-key a.key --reload --access-log=json --listing public'

describe('readServeOptions()', () => {
  it('readServeOptions() has a default for everything but what to serve', () => {
    expect(readServeOptions(['app.ts'])).toEqual({
      served: 'app.ts',
      address: { host: '127.0.0.1', port: 8080 },
      path: undefined,
      workers: undefined,
      certificate: undefined,
      reload: false,
      accessLog: undefined,
      listing: false,
    })
  })

  it('readServeOptions() reads every option', () => {
    expect(readServeOptions(everything.split(' '))).toEqual({
      served: 'public',
      address: { host: '0.0.0.0', port: 0 },
      path: undefined,
      workers: 3,
      certificate: { certFile: 'a.pem', keyFile: 'a.key' },
      reload: true,
      accessLog: 'json',
      listing: true,
    })
    expect(readServeOptions(['--path', '/tmp/a.sock', '--workers', 'auto', 'a'])).toMatchObject({
      address: undefined,
      path: '/tmp/a.sock',
      workers: 'auto',
    })
    expect(readServeOptions(['--help'])).toBe('help')
  })

  it('readServeOptions() takes --access-log without a format for text, wherever it stands', () => {
    expect(readServeOptions(['--access-log', 'app.ts'])).toMatchObject({
      accessLog: 'text',
      served: 'app.ts',
    })
    expect(readServeOptions(['app.ts', '--access-log'])).toMatchObject({ accessLog: 'text' })
  })

  it.each([
    ['', 'Nothing to serve: name a module or a folder'],
    ['a b', 'Cannot serve more than one thing: "b" is too many'],
    ['a --port x', 'Cannot use --port "x": expected a whole number, 0 to 65535'],
    ['a --port 65536', 'Cannot use --port "65536": expected a whole number, 0 to 65535'],
    ['a --port=', 'Cannot use --port "": expected a whole number, 0 to 65535'],
    ['a --workers 0', 'Cannot use --workers "0": expected auto, or a whole number, 1 to 1024'],
    [
      'a --workers many',
      'Cannot use --workers "many": expected auto, or a whole number, 1 to 1024',
    ],
    ['a --path s --port 1', 'Cannot listen on both --path and --port: choose one'],
    ['a --path s --host h', 'Cannot listen on both --path and --host: choose one'],
    ['a --access-log=xml', 'Cannot use --access-log "xml": expected text, json'],
    ['a --tls-cert c', 'Cannot serve with TLS: --tls-cert and --tls-key need each other'],
    ['a --tls-key k', 'Cannot serve with TLS: --tls-cert and --tls-key need each other'],
    ['a --bogus', "Unknown option '--bogus'"],
  ])('readServeOptions() refuses "%s"', (text, message) => {
    expect(() => readServeOptions(text.split(' ').filter(Boolean))).toThrow(message)
  })
})

describe('serveArguments()', () => {
  it.each(['app.ts', everything, '--path -x.sock --workers auto -- -app.ts'])(
    'serveArguments() says what was read of "%s"',
    (text) => {
      const options = readServeOptions(text.replace('--path -x', '--path=-x').split(' '))
      if (options === 'help') throw new Error('not asked for')
      expect(readServeOptions(serveArguments(options))).toEqual(options)
    },
  )
})
