import { describe, expect, test } from 'vitest'
import { Mounts } from '../../../src/client/connection/mounts.ts'
import { Routes } from '../../../src/client/connection/routes.ts'
import { Origin } from '../../../src/client/url/origin.ts'

const origin = (url: string): Origin => new Origin(new URL(url))

describe('Mounts', () => {
  const names = [
    'all://',
    'https://',
    'all://*.corp.test',
    'all://*.a.corp.test',
    'all://a.corp.test',
    'https://a.corp.test',
    'all://a.corp.test:81',
    'http://[::1]',
  ]
  const mounts = new Mounts(Object.fromEntries(names.map((name) => [name, { localAddress: name }])))

  test.each([
    ['http://elsewhere.test/', 'all://'],
    ['https://elsewhere.test/', 'https://'],
    ['http://b.corp.test/', 'all://*.corp.test'],
    ['http://b.a.corp.test/', 'all://*.a.corp.test'],
    ['http://corp.test/', 'all://'],
    ['http://xcorp.test/', 'all://'],
    ['http://a.corp.test/', 'all://a.corp.test'],
    ['https://A.corp.test/', 'https://a.corp.test'],
    ['https://a.corp.test:81/', 'all://a.corp.test:81'],
    ['http://[::1]:3000/', 'http://[::1]'],
  ])('puts %s where it fits best', (url, name) => {
    expect(mounts.for(origin(url))?.localAddress).toBe(name)
  })

  test('has none for what none fits', () => {
    expect(new Mounts({ 'http://a.test': {} }).for(origin('http://b.test/'))).toBeUndefined()
  })

  test.each(['', 'a.test', 'ftp://a.test', 'all://*', 'all://a.test/path', 'http://a*.test'])(
    'refuses the pattern "%s"',
    (name) => {
      expect(() => new Mounts({ [name]: {} })).toThrow(`Cannot use "${name}" as a mount`)
    },
  )

  test('refuses options that nobody reads', () => {
    const mount: object = { socketpath: '/run/socket' }
    expect(() => new Mounts({ 'http://': mount })).toThrow(
      'Cannot use "socketpath" as an option of mount "http://", expected "socketPath"',
    )
  })

  test('refuses options that contradict each other', () => {
    const mount = { 'http://': { proxy: 'http://proxy.test', socketPath: '/run/socket' } }
    expect(() => new Mounts(mount)).toThrow('it has more than one of "proxy", "socketPath"')
    expect(() => new Routes({ proxy: 'http://proxy.test', socketPath: '/run/socket' })).toThrow(
      'Cannot use both "socketPath" and "proxy"',
    )
  })
})

describe('Routes', () => {
  const none = { tls: undefined, proxy: undefined }

  test('prefer what a request says to its mount, and that to the session', () => {
    const [tls, mounted, own] = [{}, {}, {}]
    const routes = new Routes({
      tls,
      proxy: 'http://session.test',
      mounts: {
        'all://a.test': { proxy: 'http://mount.test', tls: mounted, localAddress: '127.0.0.2' },
        'all://b.test': { proxy: false },
        'all://c.test': { socketPath: '/run/c' },
      },
      localAddress: '127.0.0.1',
    })
    expect(routes.routeTo(origin('https://x.test/'), none)).toMatchObject({
      tls,
      localAddress: '127.0.0.1',
      proxy: { name: 'http://session.test:80' },
      forwards: false,
    })
    expect(routes.routeTo(origin('http://a.test/'), none)).toMatchObject({
      tls: mounted,
      localAddress: '127.0.0.2',
      proxy: { name: 'http://mount.test:80' },
      forwards: true,
    })
    const asked = { tls: own, proxy: 'http://request.test' }
    expect(routes.routeTo(origin('http://a.test/'), asked)).toMatchObject({
      tls: own,
      proxy: { name: 'http://request.test:80' },
    })
    expect(routes.routeTo(origin('http://b.test/'), none).proxy).toBeUndefined()
    expect(routes.routeTo(origin('http://c.test/'), none)).toMatchObject({
      socketPath: '/run/c',
      proxy: undefined,
    })
    expect(routes.routeTo(origin('http://c.test/'), asked).socketPath).toBeUndefined()
  })

  test('find a proxy that is none when the session is made', () => {
    expect(() => new Routes({ proxy: 'ftp://proxy.test' })).toThrow(TypeError)
    expect(() => new Routes({ mounts: { 'all://': { proxy: 'http://' } } })).toThrow(TypeError)
  })

  test('do not pass requests on where a guard has to see addresses', () => {
    const routes = new Routes({ proxy: 'http://proxy.test', guard: 'public' })
    expect(routes.routeTo(origin('http://x.test/'), none).forwards).toBe(false)
  })
})
