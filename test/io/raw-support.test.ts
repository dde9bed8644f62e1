import { expect, test } from 'vitest'
import { certificates } from '../support/certificates.ts'
import { expectNothingLeft, openResources } from '../support/open-resources.ts'
import { exchange, rawClient } from '../support/raw-client.ts'
import { PeerLeftError } from '../support/raw-connection.ts'
import { answering, rawResponse, rawServer } from '../support/raw-server.ts'

test('rawServer() plays a script for each connection, and leaves nothing', async () => {
  const before = openResources()
  {
    await using server = await rawServer(async (connection, index) => {
      expect(await connection.readUntil('\n')).toBe('hello\n')
      await connection.send(`you are ${index}`)
      connection.end()
    })
    expect(await exchange(server, 'hello\n')).toBe('you are 0')
    expect(await exchange(server, 'hello\n')).toBe('you are 1')
    expect(server.connections).toHaveLength(2)
  }
  await expectNothingLeft(before)
})

test('rawServer() tells at close() which scripts failed', async () => {
  const server = await rawServer(() => {
    throw new Error('bad script')
  })
  await exchange(server, 'x')
  await expect(server.close()).rejects.toThrow('1 scripts failed')
})

test('message() takes messages by length, in chunks and to the end', async () => {
  await using server = await rawServer(async (connection) => {
    const request = await connection.message()
    expect(request.startLine).toBe('POST /a HTTP/1.1')
    expect(request.body.toString()).toBe('abc')
    await connection.send(rawResponse('by length', { fields: 'X: 1\r\nX: 2\r\n' }))
    await connection.drip(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\nT: 1\r\n\r\n',
    )
    await connection.send('HTTP/1.0 200 OK\r\n\r\nto the end')
    connection.end()
  })
  await using connection = await rawClient(server)
  await connection.send('POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc')
  const first = await connection.message()
  expect([first.status, first.headers['x'], first.body.toString()]).toEqual([
    200,
    '1, 2',
    'by length',
  ])
  expect((await connection.message()).body.toString()).toBe('abcde')
  expect((await connection.message()).body.toString()).toBe('to the end')
  expect(connection.pending).toBe('')
})

test('answering() answers until the client leaves', async () => {
  await using server = await rawServer(answering(rawResponse('yes')), {
    tls: certificates.localhost,
  })
  await using connection = await rawClient({ port: server.port, tls: { ca: certificates.ca } })
  for (let round = 0; round < 3; round++) {
    await connection.send('GET / HTTP/1.1\r\n\r\n')
    expect((await connection.message()).body.toString()).toBe('yes')
  }
  expect(server.open).toBe(1)
})

test('reset() is seen by the other end, and reading fails with what had come', async () => {
  await using server = await rawServer(async (connection) => {
    await connection.send('half')
    await connection.readUntil('got it')
    connection.reset()
  })
  await using connection = await rawClient(server)
  await connection.read(4)
  await connection.send('got it')
  await expect(connection.readUntil('\r\n')).rejects.toThrow(PeerLeftError)
  expect(connection.errorCode).toBe('ECONNRESET')
})

test('flood() stops when the peer has gone', async () => {
  await using server = await rawServer((connection) => connection.pause())
  await using connection = await rawClient(server)
  const peer = await server.connection()
  const sent = connection.flood(Buffer.alloc(65_536), 1e9)
  peer.reset()
  expect(await sent).toBeLessThan(1e9)
})
