/** STARTTLS, both ends ours: a dialogue in plain text, then TLS over the same connection. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CancelledError, gather, timeout } from 'spool'
import {
  ByteStream,
  memoryPair,
  openConnection,
  type ServerTLSOptions,
  startServer,
  type StartServerOptions,
  temporaryFolder,
} from 'spool/io'
import { certificates } from '../../support/certificates.ts'
import { expectNothingLeft, openResources } from '../../support/open-resources.ts'

let before: string[]

beforeEach(() => {
  before = openResources()
})

afterEach(() => expectNothingLeft(before))

const own = certificates.localhost
const trusting = { ca: certificates.ca, servername: 'localhost' }

/** A server that speaks of itself in plain text, and goes on with TLS when it is asked to. */
async function server(
  tls: ServerTLSOptions = own,
  options: StartServerOptions = { host: '127.0.0.1' },
  errors: unknown[] = [],
) {
  const onError = (error: unknown): void => void errors.push(error)
  return startServer({ ...options, onError }, async (stream) => {
    for await (const line of stream.lines()) {
      if (line === 'STARTTLS') break
      await stream.write(`plain ${line}\n`)
    }
    await stream.write('220 go ahead\n')
    await using secured = await stream.acceptTLS(tls)
    for await (const line of secured.lines()) await secured.write(`secret ${line}\n`)
  })
}

async function upgraded(plain: ByteStream, options: object = {}): Promise<ByteStream> {
  await plain.write('hello\nSTARTTLS\n')
  expect(await plain.readLine()).toBe('plain hello')
  expect(await plain.readLine()).toBe('220 go ahead')
  return plain.startTLS({ ...trusting, ...options })
}

test('startTLS() and acceptTLS() go on with TLS after a dialogue in plain text', async () => {
  await using listening = await server()
  const plain = await openConnection({ host: '127.0.0.1', port: listening.port })
  await using secured = await upgraded(plain)
  expect(plain.closed).toBe(true)
  await secured.write(`${'x'.repeat(60_000)}\n`)
  expect(await secured.readLine()).toBe(`secret ${'x'.repeat(60_000)}`)
  await secured.writeLines(['one', 'two'])
  expect(await secured.readLine()).toBe('secret one')
  expect(await secured.readLine()).toBe('secret two')
  secured.end()
  expect(await secured.read()).toBeUndefined()
})

test('acceptTLS() works over a Unix socket, and many at once', async () => {
  await using folder = await temporaryFolder()
  const path = `${folder.path}/socket`
  await using _listening = await server(own, { path })
  const talk = async (index: number): Promise<string | undefined> => {
    await using secured = await upgraded(await openConnection({ path }))
    await secured.writeLines([String(index)])
    return await secured.readLine()
  }
  const answers = await gather(...Array.from({ length: 10 }, (_, index) => () => talk(index)))
  expect(answers).toEqual(Array.from({ length: 10 }, (_, index) => `secret ${index}`))
})

test('acceptTLS() agrees on a protocol, and asks for a certificate of the client', async () => {
  const tls: ServerTLSOptions = {
    ...own,
    ca: certificates.ca,
    alpn: ['imap'],
    clientCertificate: 'required',
  }
  const errors: unknown[] = []
  await using listening = await server(tls, { host: '127.0.0.1' }, errors)
  const address = { host: '127.0.0.1', port: listening.port }
  {
    const given = { ...certificates.client, alpn: ['imap'] }
    await using secured = await upgraded(await openConnection(address), given)
    expect(secured.alpn).toBe('imap')
    await secured.writeLines(['known'])
    expect(await secured.readLine()).toBe('secret known')
  }
  const refused = async (): Promise<unknown> => {
    await using secured = await upgraded(await openConnection(address))
    return await secured.readLine()
  }
  await expect(refused()).rejects.toMatchObject({
    code: 'SPOOL_BROKEN',
    cause: { code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' },
  })
  expect(errors).toMatchObject([{ code: 'SPOOL_CONNECT', phase: 'tls' }])
})

test('acceptTLS() never takes what was sent in plain text for what is encrypted', async () => {
  const errors: unknown[] = []
  await using listening = await server(own, { host: '127.0.0.1' }, errors)
  await using plain = await openConnection({ host: '127.0.0.1', port: listening.port })
  // As one in between would: a command of its own behind the client's, in the same segment.
  await plain.write('STARTTLS\nDELETE everything\n')
  await expect(
    (async () => {
      await plain.readLine()
      const secured = await plain.startTLS(trusting)
      return secured.readLine()
    })(),
  ).rejects.toMatchObject({ name: /ConnectError|BrokenResourceError/ })
  await expectNothingLeftButServer()
  expect(errors).toMatchObject([
    { code: 'SPOOL_CONNECT', message: 'Accepting TLS failed: the client sent bytes before it' },
  ])
})

async function expectNothingLeftButServer(): Promise<void> {
  await expectNothingLeft([...before, 'TCPServerWrap'].sort())
}

test('acceptTLS() fails for bytes that only begin like a handshake', async () => {
  const errors: unknown[] = []
  await using listening = await server(own, { host: '127.0.0.1' }, errors)
  await using plain = await openConnection({ host: '127.0.0.1', port: listening.port })
  await plain.write(
    Buffer.concat([
      Buffer.from('STARTTLS\n'),
      Buffer.from([22, 3, 1, 0, 4]),
      Buffer.from('DELETE everything\n'),
    ]),
  )
  await plain.readLine()
  await plain.readAll().catch(() => undefined)
  await plain.close()
  await expectNothingLeftButServer()
  expect(errors).toMatchObject([{ code: 'SPOOL_CONNECT', phase: 'tls' }])
})

test('startTLS() refuses what the server sent in plain text behind its answer', async () => {
  await using listening = await startServer({ host: '127.0.0.1' }, async (stream) => {
    await stream.readLine()
    await stream.write('220 go ahead\n250 injected\n')
    await stream.readAll()
  })
  const plain = await openConnection({ host: '127.0.0.1', port: listening.port })
  await plain.write('STARTTLS\n')
  await plain.readLine()
  await expect(plain.startTLS(trusting)).rejects.toMatchObject({
    code: 'SPOOL_CONNECT',
    message: 'Starting TLS failed: the peer sent bytes before it',
  })
  await plain.close()
})

test('acceptTLS() fails when the client leaves in the handshake, or takes too long', async () => {
  const errors: unknown[] = []
  const tls = { ...own, handshakeTimeout: 30 }
  await using listening = await server(tls, { host: '127.0.0.1' }, errors)
  for (const stay of [false, true]) {
    await using plain = await openConnection({ host: '127.0.0.1', port: listening.port })
    await plain.write('STARTTLS\n')
    await plain.readLine()
    if (stay) await plain.readAll().catch(() => undefined)
  }
  await expectNothingLeftButServer()
  expect(errors).toMatchObject([{ phase: 'tls' }, { phase: 'tls' }])
})

test('acceptTLS() cancelled in the handshake destroys the connection', async () => {
  const cancelled: unknown[] = []
  await using listening = await startServer({ host: '127.0.0.1' }, async (stream) => {
    await timeout(60_000, async ({ cancel }) => {
      await stream.readLine()
      const accepting = stream.acceptTLS(own)
      cancel()
      await accepting
    }).catch((error: unknown) => cancelled.push(error))
  })
  await using plain = await openConnection({ host: '127.0.0.1', port: listening.port })
  await plain.write('STARTTLS\n')
  await plain.readAll().catch(() => undefined)
  expect(cancelled[0]).toBeInstanceOf(CancelledError)
})

test('acceptTLS() says what is wrong with its options, and where there is no TLS', async () => {
  await using listening = await startServer({ host: '127.0.0.1' }, async (stream) => {
    await expect(stream.acceptTLS({})).rejects.toThrow('needs "cert" and "key"')
    await stream.close()
    await expect(stream.acceptTLS(own)).rejects.toMatchObject({ code: 'SPOOL_CLOSED' })
  })
  await using plain = await openConnection({ host: '127.0.0.1', port: listening.port })
  await plain.readAll().catch(() => undefined)
  const [one] = memoryPair()
  const stream = new ByteStream(one)
  await expect(stream.acceptTLS(own)).rejects.toMatchObject({ code: 'SPOOL_CONNECT' })
  stream.abort()
})
