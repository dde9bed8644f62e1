import { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { connect, ConnectError, type TLSOptions, TLSSessions } from 'spool/io'
import { tlsFailureOf } from '../../../src/io/socket/tls-peer.ts'
import { certificates } from '../../support/certificates.ts'
import { expectNothingLeft, openResources } from '../../support/open-resources.ts'
import { rawServer } from '../../support/raw-server.ts'
import { record } from '../../support/recording-sink.ts'
import { rejectionOf } from '../../support/rejection.ts'

const { ca } = certificates
const fingerprintOf = (pem: string): string => new X509Certificate(pem).fingerprint256

let before: string[]
beforeEach(() => {
  before = openResources()
})
afterEach(() => expectNothingLeft(before))

/** Connects by TLS, reads what the server sends, and closes. */
async function visit(port: number, tls: TLSOptions, tlsSessions?: TLSSessions): Promise<void> {
  const transport = await connect({
    host: '127.0.0.1',
    port,
    tls,
    ...(tlsSessions === undefined ? {} : { tlsSessions }),
  })
  const sink = record(transport)
  await sink.until(({ byteCount }) => byteCount > 0)
  transport.destroy()
  await sink.untilClosed()
}

async function whyNot(port: number, tls: TLSOptions): Promise<ConnectError> {
  const error = await rejectionOf(connect({ host: '127.0.0.1', port, tls }))
  expect(error).toBeInstanceOf(ConnectError)
  expect(error).toMatchObject({ phase: 'tls' })
  return error as ConnectError
}

describe('ConnectError.why', () => {
  test.each([
    ['expired', certificates.expired, { ca }],
    ['self-signed', certificates.selfSigned, { ca }],
    ['hostname-mismatch', certificates.wrongName, { ca }],
    ['untrusted', certificates.localhost, {}],
    ['pin-mismatch', certificates.localhost, { ca, fingerprint: 'ab'.repeat(32) }],
  ] as const)('says "%s"', async (why, certificate, tls) => {
    await using server = await rawServer(() => undefined, { tls: certificate })
    expect((await whyNot(server.port, tls)).why).toBe(why)
  })

  test('says "protocol" for a peer that speaks no TLS, and nothing for one that leaves', async () => {
    await using server = await rawServer(async (connection, index) => {
      await connection.read(1)
      if (index === 0) await connection.send('HTTP/1.1 400 Bad Request\r\n\r\n')
      else connection.reset()
    })
    const error = await whyNot(server.port, { ca })
    expect(error.why).toBe('protocol')
    expect(error.message).toMatch(/failed: [a-z ]+ \(ERR_SSL_[A-Z_]+\)$/)
    expect((await whyNot(server.port, { ca })).why).toBeUndefined()
  })

  test('tlsFailureOf() knows what a server says that misses our certificate', () => {
    const error = Object.assign(new Error('alert'), {
      code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
    })
    expect(tlsFailureOf(error)).toBe('certificate-required')
  })
})

describe('TLS option "fingerprint"', () => {
  const pin = fingerprintOf(certificates.localhost.cert)

  test('lets the certificate through that has one of them, however they are written', async () => {
    await using server = await rawServer((connection) => connection.send('hello'), {
      tls: certificates.localhost,
    })
    await visit(server.port, { ca, fingerprint: pin })
    const bare = pin.replaceAll(':', '').toLowerCase()
    await visit(server.port, { ca, fingerprint: ['00'.repeat(32), bare] })
    expect(server.connections).toHaveLength(2)
  })

  test('decides alone where nothing is verified', async () => {
    await using server = await rawServer((connection) => connection.send('hello'), {
      tls: certificates.selfSigned,
    })
    const rejectUnauthorized = false
    const fingerprint = fingerprintOf(certificates.selfSigned.cert)
    await visit(server.port, { rejectUnauthorized, fingerprint })
    const error = await whyNot(server.port, { rejectUnauthorized, fingerprint: pin })
    expect(error.why).toBe('pin-mismatch')
    expect(error.message).toContain(`the certificate has fingerprint "${fingerprint}"`)
  })

  test('refuses what is not SHA-256, before anything is opened', async () => {
    const connecting = connect({ host: '127.0.0.1', port: 1, tls: { fingerprint: 'ab:cd' } })
    await expect(connecting).rejects.toThrow(
      'Cannot use "ab:cd" as TLS option "fingerprint": expected SHA-256, 64 hexadecimal digits',
    )
  })
})

describe('TLSSessions', () => {
  test.each(['TLSv1.2', 'TLSv1.3'] as const)('lets a connection resume in %s', async (version) => {
    const resumed: boolean[] = []
    await using server = await rawServer(
      (connection) => {
        resumed.push((connection.socket as TLSSocket).isSessionReused())
        return connection.send('hello')
      },
      { tls: { ...certificates.localhost, maxVersion: version } },
    )
    const sessions = new TLSSessions()
    const fingerprint = fingerprintOf(certificates.localhost.cert)
    const tls = { ca, fingerprint }
    await visit(server.port, tls, sessions)
    await visit(server.port, tls, sessions)
    expect(sessions.size).toBe(1)
    // What was verified in another way is not taken over.
    await visit(server.port, { ca }, sessions)
    await visit(server.port, { ca, servername: 'localhost' }, sessions)
    await visit(server.port, tls)
    expect(resumed).toEqual([false, true, false, false, false])
    expect(sessions.size).toBe(3)
  })

  test('keeps so many and no more, and none of a server that was refused', async () => {
    await using server = await rawServer((connection) => connection.send('hello'), {
      tls: { ...certificates.wrongName, maxVersion: 'TLSv1.2' },
    })
    const sessions = new TLSSessions(2)
    for (let count = 0; count < 3; count++) {
      await visit(server.port, { ca, servername: 'elsewhere.test' }, sessions)
    }
    expect(sessions.size).toBe(2)
    sessions.clear()
    const { port } = server
    await rejectionOf(connect({ host: '127.0.0.1', port, tls: { ca }, tlsSessions: sessions }))
    expect(sessions.size).toBe(0)
  })
})
