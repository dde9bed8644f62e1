import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type PeerCertificate } from 'node:tls'
import { serve, text } from 'spool/server'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { certificates } from '../support/certificates.ts'
import { rawClient } from '../support/raw-client.ts'
import { get } from '../support/requests.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spool-'))
})

afterEach(() => rmSync(folder, { recursive: true }))

/** The serial number of what a client that asks for `servername` is shown. */
async function serialAt(port: number, servername = ''): Promise<string> {
  const options = { host: '127.0.0.1', port, rejectUnauthorized: false }
  const socket = connect(servername === '' ? options : { ...options, servername })
  try {
    return await new Promise<string>((resolve, reject) => {
      socket.once('error', reject)
      socket.once('secureConnect', () => {
        const { serialNumber }: PeerCertificate = socket.getPeerCertificate()
        resolve(serialNumber)
      })
    })
  } finally {
    await new Promise((resolve) => socket.once('close', resolve).destroy())
  }
}

function writeCertificate(which: 'localhost' | 'selfSigned' | 'wrongName'): {
  certFile: string
  keyFile: string
} {
  const files = { certFile: join(folder, `${which}.pem`), keyFile: join(folder, `${which}.key`) }
  writeFileSync(files.certFile, certificates[which].cert)
  writeFileSync(files.keyFile, certificates[which].key)
  return files
}

test('serve() shows each client the certificate of the name that it asks for', async () => {
  const { localhost, selfSigned, wrongName } = certificates
  const names = { 'one.test': selfSigned, '*.two.test': wrongName }
  await using server = await serve(() => text('x'), {
    host: '127.0.0.1',
    tls: { ...localhost, names },
  })
  const { port } = server
  const usual = await serialAt(port)
  const one = await serialAt(port, 'one.test')
  const two = await serialAt(port, 'a.two.test')
  expect(new Set([usual, one, two]).size).toBe(3)
  expect(await serialAt(port, 'ONE.test')).toBe(one)
  expect(await serialAt(port, 'a.one.test')).toBe(usual)
  expect(await serialAt(port, 'two.test')).toBe(usual)
  expect(await serialAt(port, 'a.b.two.test')).toBe(usual)
})

test('serve() verifies the clients of every name by the same "ca"', async () => {
  const { ca, client, localhost, selfSigned } = certificates
  await using server = await serve(() => text('x'), {
    host: '127.0.0.1',
    tls: { ...localhost, ca, clientCertificate: 'required', names: { 'one.test': selfSigned } },
  })
  const socket = connect({
    host: '127.0.0.1',
    port: server.port,
    servername: 'one.test',
    rejectUnauthorized: false,
    ...client,
  })
  const answer = await new Promise<string>((resolve, reject) => {
    socket.once('error', reject)
    socket.once('data', (bytes) => resolve(String(bytes)))
    socket.write(get('/'))
  })
  await new Promise((resolve) => socket.once('close', resolve).destroy())
  expect(answer).toMatch(/^HTTP\/1\.1 200 /)
})

test('serve() refuses what is no server name', async () => {
  const { localhost } = certificates
  const tls = { ...localhost, names: { 'a.*.test': localhost } }
  await expect(serve(() => text('x'), { host: '127.0.0.1', tls })).rejects.toThrow(
    'Invalid server name "a.*.test": expected a host name, or *. and one',
  )
})

test('server.reload() reads certificates anew, and keeps the old ones if it can not', async () => {
  const tls = writeCertificate('localhost')
  const named = writeCertificate('selfSigned')
  const other = writeCertificate('wrongName')
  await using server = await serve(() => text('x'), {
    host: '127.0.0.1',
    tls: { ...tls, names: { 'one.test': named } },
  })
  const { port } = server
  const [usual, one] = [await serialAt(port), await serialAt(port, 'one.test')]
  copyFileSync(other.certFile, tls.certFile)
  await expect(server.reload()).rejects.toThrow(TypeError)
  expect([await serialAt(port), await serialAt(port, 'one.test')]).toEqual([usual, one])
  copyFileSync(other.keyFile, tls.keyFile)
  await server.reload()
  expect(await serialAt(port)).not.toBe(usual)
  expect(await serialAt(port, 'one.test')).toBe(one)
  rmSync(named.keyFile)
  await expect(server.reload()).rejects.toThrow(`Reading the TLS key "${named.keyFile}" failed`)
  expect(await serialAt(port, 'one.test')).toBe(one)
})

test('server.reload() does nothing to a connection that is open', async () => {
  await using server = await serve(() => text('same'), { host: '127.0.0.1' })
  await using client = await rawClient({ port: server.port })
  await client.send(get('/'))
  await client.readUntil('same')
  await server.reload()
  await client.send(get('/'))
  expect(await client.readUntil('same')).toMatch(/^HTTP.*same$/s)
})

test('serve() listens on several addresses, and frees all of them', async () => {
  const path = join(folder, 'socket')
  const server = await serve(({ secure, remoteAddress }) => text(`${secure} ${remoteAddress}`), {
    listeners: [
      { host: '127.0.0.1' },
      { host: '127.0.0.1', tls: certificates.localhost },
      { path },
    ],
  })
  expect(server.urls).toEqual([
    server.url,
    expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+$/),
    `unix:${path}`,
  ])
  expect(server.port).toBe(Number(new URL(server.url).port))
  await using plain = await rawClient({ port: server.port })
  await plain.send(get('/'))
  expect(await plain.readUntil('false 127.0.0.1')).toContain('false 127.0.0.1')
  expect(await serialAt(Number(new URL(server.urls[1] as string).port))).toMatch(/^[\dA-F]+$/)
  expect(server.statistics()).toMatchObject({ accepted: 2, refused: 0 })
  await server.close()
  for (const url of server.urls.slice(0, 2)) {
    await using again = await serve(() => text('x'), {
      host: '127.0.0.1',
      port: Number(new URL(url).port),
    })
    expect(again.port).toBe(Number(new URL(url).port))
  }
})

test('serve() counts the connections of all its addresses together', async () => {
  await using server = await serve(() => text('taken'), {
    listeners: [{ host: '127.0.0.1' }, { host: '127.0.0.1' }],
    limits: { connections: 1 },
  })
  const [first, second] = server.urls.map((url) => Number(new URL(url).port))
  await using one = await rawClient({ port: first })
  await one.send(get('/'))
  await one.readUntil('taken')
  await using two = await rawClient({ port: second })
  expect(await two.readAll().catch(() => '')).toBe('')
  expect(server.statistics()).toMatchObject({ connections: 1, accepted: 1, refused: 1 })
})

test('serve() listens nowhere if one of its addresses can not be had', async () => {
  await using taken = await serve(() => text('x'), { host: '127.0.0.1' })
  const path = join(folder, 'socket')
  const listeners = [{ path }, { host: '127.0.0.1', port: taken.port }]
  await expect(serve(() => text('x'), { listeners })).rejects.toThrow('the address is in use')
  await using again = await serve(() => text('x'), { path })
  expect(again.url).toBe(`unix:${path}`)
})

test('serve() refuses no addresses, and addresses said twice', async () => {
  await expect(serve(() => text('x'), { listeners: [] })).rejects.toThrow(
    'Cannot serve on no address: "listeners" is empty',
  )
  await expect(serve(() => text('x'), { listeners: [{}], port: 1 })).rejects.toThrow(
    'Cannot serve with "listeners" and "port": say it of each listener',
  )
})
