import type { Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CancelledError } from '../../src/concurrency/errors.ts'
import { runInScope } from '../../src/concurrency/scope/context.ts'
import { rootScope, Scope } from '../../src/concurrency/scope/scope.ts'
import { connect } from '../../src/io/connect.ts'
import { memoryPair } from '../../src/io/memory-transport.ts'
import type { Transport } from '../../src/io/transport.ts'
import { certificates } from '../support/certificates.ts'
import { expectNothingLeft, openResources } from '../support/open-resources.ts'
import { type RawConnection } from '../support/raw-connection.ts'
import { type RawScript, rawServer, type RawServer } from '../support/raw-server.ts'
import { record } from '../support/recording-sink.ts'

const tls = { ca: certificates.ca }

let before: string[]
beforeEach(() => {
  before = openResources()
})
afterEach(() => expectNothingLeft(before))

/** The server's side of STARTTLS, on a socket that has been read in plain text. */
function secure(connection: RawConnection): Socket {
  const secureContext = createSecureContext(certificates.localhost)
  connection.socket.removeAllListeners('data')
  return new TLSSocket(connection.socket, { isServer: true, secureContext })
}

/** Asks for TLS, and returns what was said in plain text before. */
async function dialogue(server: RawServer): Promise<Transport> {
  const transport = await connect({ host: '127.0.0.1', port: server.port })
  const sink = record(transport)
  transport.write('STARTTLS\r\n')
  await sink.untilText('go ahead\r\n')
  return transport
}

const agreeing: RawScript = async (connection) => {
  await connection.readUntil('\r\n')
  secure(connection).once('data', function (this: Socket, chunk: Buffer) {
    this.write(`echo of ${chunk.toString()}`)
  })
  await connection.send('go ahead\r\n')
}

test('startTLS() upgrades after a dialogue in plain text', async () => {
  await using server = await rawServer(agreeing)
  const plain = await dialogue(server)
  const transport = await plain.startTLS(tls)
  const sink = record(transport)
  transport.write('hello')
  await sink.untilText('echo of hello')
  expect(transport.remoteAddress).toBe('127.0.0.1')
  transport.destroy()
  await sink.untilClosed()
})

test('startTLS() uses the transport up: it does nothing and tells nothing any more', async () => {
  await using server = await rawServer(agreeing)
  const plain = await connect({ host: '127.0.0.1', port: server.port })
  const plainSink = record(plain)
  plain.write('STARTTLS\r\n')
  await plainSink.untilText('go ahead\r\n')
  const transport = await plain.startTLS(tls)
  const sink = record(transport)
  expect(plain.write('lost')).toBe(false)
  plain.destroy()
  plain.end()
  await expect(plain.startTLS(tls)).rejects.toThrow('the connection is closed')
  transport.write('hello')
  await sink.untilText('echo of hello')
  transport.destroy()
  await sink.untilClosed()
  expect(plainSink.events).toEqual(['data'])
})

test('startTLS() checks the name that it is given, or that was connected to', async () => {
  await using server = await rawServer(agreeing)
  await expect(
    (await dialogue(server)).startTLS({ ...tls, servername: 'elsewhere.test' }),
  ).rejects.toMatchObject({
    code: 'SPOOL_CONNECT',
    phase: 'tls',
    cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
  })
})

test('startTLS() refuses bytes that came in plain text after the dialogue', async () => {
  await using server = await rawServer(async (connection) => {
    await connection.readUntil('\r\n')
    await connection.send('go ahead\r\n250 injected\r\n')
    await connection.untilEnded()
  })
  const transport = await connect({ host: '127.0.0.1', port: server.port })
  const sink = record(transport)
  transport.write('STARTTLS\r\n')
  await sink.untilText('go ahead\r\n250 injected\r\n')
  transport.unread(Buffer.from('250 injected\r\n'))
  await expect(transport.startTLS(tls)).rejects.toThrow('the peer sent bytes before it')
  await sink.untilClosed()
  expect(sink.events).toEqual(['data', 'closed'])
})

test('startTLS() fails on a connection that is closed, and for options that are wrong', async () => {
  await using server = await rawServer(() => undefined)
  const transport = await connect({ host: '127.0.0.1', port: server.port })
  const sink = record(transport)
  await expect(transport.startTLS({ ca: 'x', key: 'no PEM' })).rejects.toThrow(
    'Reading the TLS options failed',
  )
  expect(sink.isClosed).toBe(false)
  transport.destroy()
  await sink.untilClosed()
  await expect(transport.startTLS(tls)).rejects.toThrow('the connection is closed')
})

test('startTLS() fails when the peer leaves in the handshake', async () => {
  await using server = await rawServer(async (connection) => {
    await connection.readUntil('\r\n')
    await connection.send('go ahead\r\n')
    await connection.read(1)
    connection.end()
  })
  const transport = await dialogue(server)
  await expect(transport.startTLS(tls)).rejects.toMatchObject({ phase: 'tls' })
})

test('startTLS() cancelled in the handshake destroys the connection', async () => {
  await using server = await rawServer(async (connection) => {
    await connection.readUntil('\r\n')
    await connection.send('go ahead\r\n')
  })
  const transport = await dialogue(server)
  const scope = new Scope(rootScope)
  const outcome = expect(runInScope(scope, () => transport.startTLS(tls))).rejects.toThrow(
    CancelledError,
  )
  const connection = await server.connection()
  await connection.read(1)
  scope.cancel()
  await outcome
  await connection.untilEnded()
  expect(Array.from(scope.members())).toEqual([])
  scope.end()
})

test('startTLS() in a cancelled scope destroys the connection', async () => {
  await using server = await rawServer(() => undefined)
  const transport = await connect({ host: '127.0.0.1', port: server.port })
  const scope = new Scope(rootScope)
  scope.cancel()
  await expect(runInScope(scope, () => transport.startTLS(tls))).rejects.toThrow(CancelledError)
  await (await server.connection()).untilEnded()
  scope.end()
})

test('startTLS() fails in memory', async () => {
  const [left, right] = memoryPair()
  const sink = record(left)
  await expect(left.startTLS(tls)).rejects.toMatchObject({ phase: 'tls' })
  await sink.untilClosed()
  expect(right.closed).toBe(false)
})
