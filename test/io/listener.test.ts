import { existsSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CancelledError } from '../../src/concurrency/errors.ts'
import { enclosingScope, runInScope } from '../../src/concurrency/scope/context.ts'
import { rootScope, Scope } from '../../src/concurrency/scope/scope.ts'
import { ListenError } from '../../src/io/errors.ts'
import { listen, type ListenOptions } from '../../src/io/listener.ts'
import type { Transport } from '../../src/io/transport.ts'
import { certificates } from '../support/certificates.ts'
import { expectNothingLeft, openResources, turnUntil } from '../support/open-resources.ts'
import { startProcess, TemporaryFolder } from '../support/processes.ts'
import { rawClient } from '../support/raw-client.ts'
import { record } from '../support/recording-sink.ts'

const host = '127.0.0.1'

let before: string[]
beforeEach(() => {
  before = openResources()
})
afterEach(() => expectNothingLeft(before))

/** Greets, and closes when the peer does. */
function greet(transport: Transport): void {
  record(transport, { ending: true })
  transport.write('hello')
}

describe('listen()', () => {
  test('takes a free port, and tells its address', async () => {
    await using four = await listen({ host }, greet)
    await using six = await listen({ host: '::1' }, greet)
    expect(four.address).toBe(`127.0.0.1:${four.port}`)
    expect(six.address).toBe(`[::1]:${six.port}`)
    expect(four.closed).toBe(false)
  })

  test('accepts IPv4 and IPv6 when no host is given', async () => {
    await using listener = await listen({}, greet)
    for (const host of ['127.0.0.1', '::1']) {
      await using client = await rawClient({ host, port: listener.port })
      expect(await client.read(5)).toBe('hello')
    }
    expect(listener.statistics().accepted).toBe(2)
    await turnUntil(() => listener.statistics().connections === 0)
  })

  test('calls onConnection outside of every scope', async () => {
    const scope = new Scope(rootScope)
    const scopes: unknown[] = []
    await using listener = await runInScope(scope, () =>
      listen({ host }, (transport) => {
        scopes.push(enclosingScope())
        greet(transport)
      }),
    )
    await using client = await rawClient(listener)
    await client.read(5)
    expect(scopes).toEqual([undefined])
    scope.end()
  })

  test('refuses wrong arguments, with the value', async () => {
    await expect(listen({ port: -1 }, greet)).rejects.toThrow('Cannot listen on port "-1"')
    await expect(listen({ port: 1.5 }, greet)).rejects.toThrow(RangeError)
    await expect(listen({ path: '/a', port: 1 }, greet)).rejects.toThrow(TypeError)
    await expect(listen({ maxConnections: 0 }, greet)).rejects.toThrow('"0" connections')
    await expect(listen({ tls: {} }, greet)).rejects.toThrow('needs "cert" and "key"')
    const tls = { ...certificates.localhost, key: 'no PEM' }
    await expect(listen({ tls }, greet)).rejects.toThrow('Reading the TLS options failed')
  })

  test('fails with a ListenError when the address is in use, or not of this machine', async () => {
    await using listener = await listen({ host }, greet)
    const error: unknown = await listen({ host, port: listener.port ?? 0 }, greet).catch(
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(ListenError)
    expect(error).toMatchObject({
      code: 'SPOOL_LISTEN',
      address: listener.address,
      message: `Listening on "${listener.address}" failed: the address is in use (EADDRINUSE)`,
      cause: { code: 'EADDRINUSE' },
    })
    // Of a network that is for documentation (RFC 5737 §3): no machine has it.
    await expect(listen({ host: '192.0.2.1' }, greet)).rejects.toMatchObject({
      cause: { code: 'EADDRNOTAVAIL' },
    })
  })

  test('closes connections over maxConnections at once, and counts them', async () => {
    await using listener = await listen({ host, maxConnections: 2 }, greet)
    await using first = await rawClient(listener)
    const second = await rawClient(listener)
    await first.read(5)
    await second.read(5)
    await using third = await rawClient(listener)
    expect(await third.readAll()).toBe('')
    expect(listener.statistics()).toMatchObject({ connections: 2, accepted: 2, refused: 1 })
    second.end()
    await second.untilClosed()
    await turnUntil(() => listener.statistics().connections === 1)
    await using fourth = await rawClient(listener)
    expect(await fourth.read(5)).toBe('hello')
    expect(listener.statistics()).toMatchObject({ connections: 2, accepted: 3, refused: 1 })
  })

  test('goes on serving after the process ran out of file descriptors', async () => {
    const script = `
      import { listen } from ${JSON.stringify(new URL('../../src/io/listener.ts', import.meta.url))}
      const listener = await listen({ host: '${host}' }, (transport) => {
        transport.start({ data() {}, end: () => transport.end(), drain() {}, closed() {} })
        transport.write('hello')
      })
      console.log('port ' + listener.port)`
    const limited = `ulimit -n 40; exec "${process.execPath}" --input-type=module-typescript -e "$SCRIPT"`
    await using server = await startProcess('/bin/sh', {
      args: ['-c', limited],
      env: { SCRIPT: script },
      ready: /port (\d+)/,
    })
    const port = Number(server.match[1])
    const clients = await Promise.all(Array.from({ length: 40 }, () => rawClient({ port })))
    await Promise.all(clients.map((client) => client.read(5).catch(() => undefined)))
    const shed = clients.filter(({ byteCount }) => byteCount === 0)
    expect(shed.length).toBeGreaterThan(0)
    expect(shed.length).toBeLessThan(40)
    await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()))
    // The server finds out in its own time: those before may still count.
    let answer: string | undefined
    while (answer === undefined) {
      await using client = await rawClient({ port })
      answer = await client.read(5).catch(() => undefined)
    }
    expect(answer).toBe('hello')
  })

  test('in a cancelled scope: listens on nothing', async () => {
    const scope = new Scope(rootScope)
    scope.cancel()
    const listening = runInScope(scope, () => listen({ host }, greet))
    expect(openResources()).toEqual(before)
    await expect(listening).rejects.toThrow(CancelledError)
    scope.end()
  })

  test('cancelled while it looks its host up: listens on nothing', async () => {
    const scope = new Scope(rootScope)
    const listening = runInScope(scope, () => listen({ host: 'localhost' }, greet))
    const outcome = expect(listening).rejects.toThrow(CancelledError)
    scope.cancel()
    await outcome
    expect(Array.from(scope.members())).toEqual([])
    scope.end()
  })
})

describe('Listener.close()', () => {
  test('frees the address at once, leaves connections open, and may be called again', async () => {
    const listener = await listen({ host }, greet)
    const { port = 0 } = listener
    await using client = await rawClient({ port })
    await client.read(5)
    await listener.close()
    await listener.close()
    expect(listener.closed).toBe(true)
    await expect(rawClient({ port })).rejects.toThrow('ECONNREFUSED')
    await using again = await listen({ host, port }, greet)
    expect(again.port).toBe(port)
    expect(client.closed).toBe(false)
    expect(listener.statistics().connections).toBe(1)
    client.end()
    await client.untilClosed()
    await turnUntil(() => listener.statistics().connections === 0)
  })
})

describe('listen() on a Unix socket', () => {
  test('removes it at close()', async () => {
    using folder = new TemporaryFolder()
    const path = `${folder.path}/a.sock`
    const listener = await listen({ path }, greet)
    expect([listener.address, listener.port]).toEqual([path, undefined])
    await using client = await rawClient({ path })
    expect(await client.read(5)).toBe('hello')
    await listener.close()
    expect(existsSync(path)).toBe(false)
  })

  test('replaces one that a dead process has left, and no other file', async () => {
    using folder = new TemporaryFolder()
    const path = `${folder.path}/a.sock`
    const script = `require('net').createServer().listen('${path}', () => console.log('ready'))`
    const dead = await startProcess(process.execPath, { args: ['-e', script], ready: /ready/ })
    dead.signal('SIGKILL')
    await dead.ended()
    expect(existsSync(path)).toBe(true)
    await using listener = await listen({ path }, greet)
    await expect(listen({ path }, greet)).rejects.toThrow('the address is in use')
    await using client = await rawClient({ path })
    expect(await client.read(5)).toBe('hello')
    expect(listener.statistics().accepted).toBeGreaterThan(0)

    const file = folder.write('precious', 'text')
    await expect(listen({ path: file }, greet)).rejects.toThrow(ListenError)
    expect(existsSync(file)).toBe(true)
  })

  test('fails where there is no folder', async () => {
    await expect(listen({ path: '/nowhere/a.sock' }, greet)).rejects.toThrow(
      'Listening on "/nowhere/a.sock" failed',
    )
  })
})

describe('listen() with TLS', () => {
  const tls = certificates.localhost
  const { ca } = certificates

  test('gives the transport after the handshake, with the protocol agreed on', async () => {
    const protocols: unknown[] = []
    await using listener = await listen(
      { host, tls: { ...tls, alpn: ['http/1.1'] } },
      (transport) => {
        protocols.push(transport.alpn, transport.remoteAddress)
        greet(transport)
      },
    )
    await using client = await rawClient({
      port: listener.port,
      tls: { ca, ALPNProtocols: ['x', 'http/1.1'] },
    })
    expect(await client.read(5)).toBe('hello')
    expect(protocols).toEqual(['http/1.1', host])
    expect(listener.statistics()).toMatchObject({ connections: 1, handshakes: 0, accepted: 1 })
  })

  test('asks for a certificate of the client where it is required', async () => {
    const options: ListenOptions = { host, tls: { ...tls, ca, clientCertificate: 'required' } }
    await using listener = await listen(options, greet)
    const { port } = listener
    const known = { ca, servername: 'localhost', ...certificates.client }
    await using welcome = await rawClient({ port, tls: known })
    expect(await welcome.read(5)).toBe('hello')
    await using stranger = await rawClient({ port, tls: { ca } })
    expect(await stranger.readAll()).toBe('')
    await turnUntil(() => listener.statistics().failed === 1)
    expect(listener.statistics()).toMatchObject({ connections: 1, handshakes: 0 })
  })

  test('takes other certificates while it listens', async () => {
    await using listener = await listen({ host, tls: { ...tls, alpn: ['http/1.1'] } }, greet)
    const { port } = listener
    listener.replaceCertificates(certificates.wrongName)
    await using client = await rawClient({
      port,
      tls: { ca, servername: 'elsewhere.test', ALPNProtocols: ['http/1.1'] },
    })
    expect(client.socket).toMatchObject({ alpnProtocol: 'http/1.1' })
    expect(() => listener.replaceCertificates({ key: 'no PEM' })).toThrow('Reading the TLS options')
    await using plain = await listen({ host }, greet)
    expect(() => plain.replaceCertificates(tls)).toThrow('listens without TLS')
  })

  test('counts who fails, leaves or resets in the handshake, and closes at once', async () => {
    await using listener = await listen({ host, tls }, greet)
    const garbage = await rawClient(listener)
    await garbage.send('GET / HTTP/1.1\r\n\r\n')
    await garbage.untilEnded()
    const leaving = await rawClient(listener)
    leaving.end()
    await leaving.untilClosed()
    const resetting = await rawClient(listener)
    resetting.reset()
    garbage.destroy()
    await turnUntil(() => listener.statistics().connections === 0)
    expect(listener.statistics()).toMatchObject({ handshakes: 0, accepted: 3, failed: 3 })
  })

  test('gives a client no longer than handshakeTimeout', async () => {
    await using listener = await listen({ host, tls: { ...tls, handshakeTimeout: 20 } }, greet)
    await using silent = await rawClient(listener)
    await silent.untilEnded()
    await turnUntil(() => listener.statistics().connections === 0)
    expect(listener.statistics()).toMatchObject({ handshakes: 0, accepted: 1, failed: 1 })
  })

  test('close() gives up handshakes in progress', async () => {
    const listener = await listen({ host, tls }, greet)
    await using silent = await rawClient(listener)
    await turnUntil(() => listener.statistics().handshakes === 1)
    await listener.close()
    await silent.untilEnded()
    await turnUntil(() => listener.statistics().connections === 0)
    expect(listener.statistics()).toMatchObject({ handshakes: 0, accepted: 1, failed: 0 })
  })

  test('counts handshakes in progress as connections', async () => {
    await using listener = await listen({ host, tls, maxConnections: 1 }, greet)
    await using silent = await rawClient(listener)
    await turnUntil(() => listener.statistics().handshakes === 1)
    await using refused = await rawClient(listener)
    await refused.untilEnded()
    expect(listener.statistics()).toMatchObject({ connections: 1, refused: 1 })
    expect(silent.closed).toBe(false)
  })
})
