import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CancelledError, TimeoutError } from '../../src/concurrency/errors.ts'
import { runInScope } from '../../src/concurrency/scope/context.ts'
import { rootScope, Scope } from '../../src/concurrency/scope/scope.ts'
import { connect, type ConnectOptions } from '../../src/io/connect.ts'
import { ConnectError } from '../../src/io/errors.ts'
import { type Resolver, staticResolver } from '../../src/io/resolver.ts'
import type { Transport } from '../../src/io/transport.ts'
import { MockClock } from '../../src/testing/index.ts'
import { certificates } from '../support/certificates.ts'
import { expectNothingLeft, openResources, someTurns } from '../support/open-resources.ts'
import { freePort } from '../support/processes.ts'
import { rawServer } from '../support/raw-server.ts'
import { record } from '../support/recording-sink.ts'

let before: string[]
beforeEach(() => {
  before = openResources()
})
afterEach(() => expectNothingLeft(before))

async function failure(options: ConnectOptions): Promise<ConnectError> {
  const error: unknown = await connect(options).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(ConnectError)
  return error as ConnectError
}

async function close(transport: Transport): Promise<void> {
  const sink = record(transport)
  transport.destroy()
  await sink.untilClosed()
}

/** Connects in a scope, cancels it when `ready`, and looks for what is left. */
async function expectCancelled(options: ConnectOptions, ready: () => Promise<void>): Promise<void> {
  const scope = new Scope(rootScope)
  const connecting = runInScope(scope, () => connect(options))
  const outcome = expect(connecting).rejects.toThrow(CancelledError)
  await ready()
  scope.cancel()
  await outcome
  expect(Array.from(scope.members())).toEqual([])
  scope.end()
  await expectNothingLeft(before)
}

describe('connect()', () => {
  test('refuses wrong arguments, with the value', async () => {
    await expect(connect({ port: 80 })).rejects.toThrow(TypeError)
    await expect(connect({ host: 'a', port: 0 })).rejects.toThrow(
      'Cannot connect to port "0": it must be between 1 and 65535',
    )
    await expect(connect({ host: 'a', port: 65_536 })).rejects.toThrow(RangeError)
    await expect(connect({ host: 'a' })).rejects.toThrow('port "undefined"')
    await expect(connect({ path: '' })).rejects.toThrow(TypeError)
    await expect(connect({ host: 'a', port: 1, localAddress: 'here' })).rejects.toThrow('"here"')
    await expect(connect({ host: 'a', port: 1, timeout: Number.NaN })).rejects.toThrow('"NaN"')
    await expect(connect({ host: 'a', port: 1, tls: { ca: 'no PEM', cert: 'x' } })).rejects.toThrow(
      'Reading the TLS options failed',
    )
    const misspelt: object = { fingerPrint: 'ab'.repeat(32) }
    await expect(connect({ host: 'a', port: 1, tls: misspelt })).rejects.toThrow(
      'Cannot use "fingerPrint" as an option of TLS, expected "fingerprint"',
    )
  })

  test('connects to a name through the resolver, and to addresses without asking it', async () => {
    const asked: string[] = []
    const known = staticResolver({ 'here.test': '127.0.0.1' })
    const resolver: Resolver = {
      resolve: (host) => {
        asked.push(host)
        return known.resolve(host)
      },
    }
    await using server = await rawServer(() => undefined)
    const { port } = server
    for (const host of ['here.test', '127.0.0.1']) {
      const transport = await connect({ host, port, resolver })
      expect(transport.remoteAddress).toBe('127.0.0.1')
      await close(transport)
    }
    expect(asked).toEqual(['here.test'])
  })

  test('takes IPv6 addresses with brackets and without', async () => {
    await using server = await rawServer(() => undefined, { host: '::1' })
    for (const host of ['::1', '[::1]']) {
      const transport = await connect({ host, port: server.port })
      expect(transport.remoteAddress).toBe('::1')
      await close(transport)
    }
  })

  test('connects from a local address', async () => {
    await using server = await rawServer(() => undefined)
    const transport = await connect({
      host: '127.0.0.1',
      port: server.port,
      localAddress: '127.0.0.2',
    })
    const { socket } = await server.connection()
    expect(socket.remoteAddress).toBe('127.0.0.2')
    await close(transport)
  })

  test('goes on to the next address when one refuses', async () => {
    await using server = await rawServer(() => undefined)
    const resolver = staticResolver({ 'here.test': ['127.0.0.3', '::1', '127.0.0.1'] })
    const transport = await connect({ host: 'here.test', port: server.port, resolver })
    expect(transport.remoteAddress).toBe('127.0.0.1')
    await close(transport)
  })

  test('fails with every address that was tried and why', async () => {
    const port = await freePort()
    const resolver = staticResolver({ 'here.test': ['127.0.0.1', '127.0.0.2'] })
    const error = await failure({ host: 'here.test', port, resolver })
    expect(error).toMatchObject({ code: 'SPOOL_CONNECT', phase: 'tcp', name: 'ConnectError' })
    expect(error.message).toBe(
      `Connecting to "here.test:${port}" failed: connection refused (ECONNREFUSED); 2 addresses tried`,
    )
    expect(error.attempts.map(({ address }) => address)).toEqual([
      `127.0.0.1:${port}`,
      `127.0.0.2:${port}`,
    ])
    expect(error.attempts[0]?.cause).toMatchObject({ code: 'ECONNREFUSED' })
    expect(error.cause).toBe(error.attempts[0]?.cause)
  })

  test('fails in phase dns when the name is unknown, has no addresses, or the resolver throws', async () => {
    const options = { host: 'here.test', port: 1 }
    const unknown = await failure({ ...options, resolver: staticResolver({}) })
    expect(unknown.message).toBe('Connecting to "here.test:1" failed: no such host (ENOTFOUND)')
    expect([unknown.phase, unknown.attempts]).toEqual(['dns', []])
    const empty = await failure({ ...options, resolver: staticResolver({ 'here.test': [] }) })
    expect([empty.phase, empty.message]).toEqual([
      'dns',
      'Connecting to "here.test:1" failed: the name has no addresses',
    ])
    const throwing: Resolver = {
      resolve: () => {
        throw new Error('broken')
      },
    }
    expect((await failure({ ...options, resolver: throwing })).phase).toBe('dns')
  })

  test('fails in phase tcp for a Unix socket that is not there', async () => {
    const error = await failure({ path: '/nowhere/spool.sock' })
    expect(error.message).toBe('Connecting to "/nowhere/spool.sock" failed: no such file (ENOENT)')
    expect([error.phase, error.attempts[0]?.address]).toEqual(['tcp', '/nowhere/spool.sock'])
  })

  test('times out over all phases together', async () => {
    using clock = MockClock.install()
    await using server = await rawServer(() => undefined)
    const resolver: Resolver = {
      resolve: async () => {
        await Promise.resolve()
        return [{ address: '127.0.0.1', family: 4 }]
      },
    }
    const tls = { ca: certificates.ca }
    const options = { host: 'localhost', port: server.port, resolver, tls, timeout: 5000 }
    const connecting = connect(options)
    const outcome = expect(connecting).rejects.toThrow(
      new TimeoutError(
        'connect',
        5000,
        `Connecting to "localhost:${server.port}" timed out after 5000 ms`,
      ),
    )
    await server.connection()
    await clock.advance(4999)
    expect(openResources().length).toBeGreaterThan(before.length)
    await clock.advance(1)
    await outcome
    expect(clock.pending).toBe(0)
  })

  test('leaves no timer behind when it connects', async () => {
    using clock = MockClock.install()
    await using server = await rawServer(() => undefined)
    const resolver = staticResolver({ 'here.test': ['127.0.0.1', '::1'] })
    const options = { host: 'here.test', port: server.port, resolver, timeout: 5000 }
    const transport = await connect(options)
    expect(clock.pending).toBe(0)
    await close(transport)
  })
})

describe('connect() with TLS', () => {
  const tls = { ca: certificates.ca }

  test('checks the name, asks for it, and agrees on a protocol', async () => {
    const options = { ...certificates.localhost, ALPNProtocols: ['http/1.1'] }
    await using server = await rawServer(() => undefined, { tls: options })
    const resolver = staticResolver({ localhost: '127.0.0.1' })
    const alpn = ['spool', 'http/1.1']
    const transport = await connect({
      host: 'localhost',
      port: server.port,
      resolver,
      tls: { ...tls, alpn },
    })
    expect(transport.alpn).toBe('http/1.1')
    const { socket } = await server.connection()
    expect(socket).toMatchObject({ servername: 'localhost' })
    await close(transport)
  })

  test('checks addresses against the certificate, and takes no name for them', async () => {
    await using server = await rawServer(() => undefined, { tls: certificates.localhost })
    const { port } = server
    await close(await connect({ host: '127.0.0.1', port, tls }))
    await close(await connect({ host: '127.0.0.1', port, tls: { ...tls, servername: '::1' } }))
    for (const servername of ['127.0.0.9', '::2', '::ffff:127.0.0.9']) {
      const error = await failure({ host: '127.0.0.1', port, tls: { ...tls, servername } })
      expect(error.cause).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
    }
  })

  test('fails in phase tls for a certificate of another name', async () => {
    await using server = await rawServer(() => undefined, { tls: certificates.wrongName })
    const { port } = server
    const error = await failure({ host: '127.0.0.1', port, tls })
    expect(error.phase).toBe('tls')
    expect(error.attempts).toHaveLength(1)
    expect(error.attempts[0]?.address).toBe(`127.0.0.1:${port}`)
    expect(error.cause).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
    const named = { ...tls, servername: 'elsewhere.test' }
    await close(await connect({ host: '127.0.0.1', port, tls: named }))
  })

  test('fails for an unknown authority, unless told not to verify', async () => {
    await using server = await rawServer(() => undefined, { tls: certificates.localhost })
    const { port } = server
    const error = await failure({ host: '127.0.0.1', port, tls: {} })
    expect([error.phase, error.cause]).toMatchObject([
      'tls',
      { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' },
    ])
    await close(await connect({ host: '127.0.0.1', port, tls: { rejectUnauthorized: false } }))
  })

  test('fails when the server speaks no TLS, leaves, or resets in the handshake', async () => {
    const deeds: ('garbage' | 'end' | 'reset')[] = ['garbage', 'end', 'reset']
    await using server = await rawServer(async (connection, index) => {
      await connection.read(1)
      if (deeds[index] === 'garbage') await connection.send('HTTP/1.1 400 Bad Request\r\n\r\n')
      else if (deeds[index] === 'end') connection.end()
      else connection.reset()
    })
    for (const deed of deeds) {
      const error = await failure({ host: '127.0.0.1', port: server.port, tls })
      expect([deed, error.phase]).toEqual([deed, 'tls'])
    }
    for (const connection of server.connections) await connection.untilEnded()
  })

  test('fails in phase tcp when nobody listens', async () => {
    const error = await failure({ host: '127.0.0.1', port: await freePort(), tls })
    expect(error.phase).toBe('tcp')
  })
})

describe('connect() in a scope that is cancelled', () => {
  test('before it begins: opens nothing', async () => {
    const scope = new Scope(rootScope)
    scope.cancel()
    const connecting = runInScope(scope, () => connect({ host: '127.0.0.1', port: 1 }))
    expect(openResources()).toEqual(before)
    await expect(connecting).rejects.toThrow(CancelledError)
    scope.end()
  })

  test('while the name is looked up: leaves, and drops the answer', async () => {
    const answer = Promise.withResolvers<readonly { address: string; family: 4 }[]>()
    const resolver: Resolver = { resolve: () => answer.promise }
    await expectCancelled({ host: 'here.test', port: 1, resolver }, () => Promise.resolve())
    answer.resolve([{ address: '127.0.0.1', family: 4 }])
    await someTurns()
    expect(openResources()).toEqual(before)
  })

  test('while it connects: destroys the socket and the timer', async () => {
    using clock = MockClock.install()
    const port = await freePort()
    // The event loop has not turned yet: the system has not answered.
    await expectCancelled({ host: '127.0.0.1', port, timeout: 1000 }, () => {
      expect(openResources().length).toBeGreaterThan(before.length)
      return Promise.resolve()
    })
    expect(clock.pending).toBe(0)
  })

  test('while it shakes hands: destroys the connection', async () => {
    const server = await rawServer(() => undefined)
    const baseline = before
    const tls = { ca: certificates.ca }
    const scope = new Scope(rootScope)
    const connecting = runInScope(scope, () =>
      connect({ host: '127.0.0.1', port: server.port, tls }),
    )
    const outcome = expect(connecting).rejects.toThrow(CancelledError)
    const connection = await server.connection()
    // The hello of the client: the handshake is on.
    await connection.read(1)
    scope.cancel()
    await outcome
    await connection.untilEnded()
    scope.end()
    await server.close()
    await expectNothingLeft(baseline)
  })

  test('after it has connected: the transport is given, and is not lost', async () => {
    await using server = await rawServer(() => undefined)
    const scope = new Scope(rootScope)
    const connecting = runInScope(scope, () => connect({ host: '127.0.0.1', port: server.port }))
    await server.connection()
    const transport = await connecting
    scope.cancel()
    const sink = record(transport)
    const connection = await server.connection()
    await connection.send('still open')
    await sink.untilText('still open')
    expect(sink.events).toEqual(['data'])
    scope.end()
    await close(transport)
  })
})
