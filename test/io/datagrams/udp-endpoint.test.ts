import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { gather, moveOnAfter } from 'spool'
import { bindUDP, connectUDP, staticResolver } from 'spool/io'
import { expectNothingLeft, openResources, turnUntil } from '../../support/open-resources.ts'

const local = { host: '127.0.0.1' }
let before: string[]

beforeEach(() => {
  before = openResources()
})

afterEach(async () => {
  await expectNothingLeft(before)
})

const textOf = ({ data }: { data: Uint8Array }): string => Buffer.from(data).toString()

test('bindUDP() and connectUDP() exchange datagrams, each whole', async () => {
  await using server = await bindUDP(local)
  await using client = await connectUDP({ ...local, port: server.port })
  for (const text of ['one', '', 'three']) await client.send(text)
  for (const text of ['one', '', 'three']) {
    const datagram = await server.receive()
    expect(textOf(datagram)).toBe(text)
    expect(datagram).toMatchObject({ address: '127.0.0.1', port: client.port })
  }
  await server.send(Buffer.from('answer'), { address: '127.0.0.1', port: client.port })
  expect(textOf(await client.receive())).toBe('answer')
  expect(server.statistics()).toEqual({ queued: 0, received: 3, dropped: 0, sent: 1 })
  expect(server.address).toBe('127.0.0.1')
})

test('a connected endpoint hears of its peer alone', async () => {
  await using peer = await bindUDP(local)
  await using stranger = await bindUDP(local)
  await using client = await connectUDP({ ...local, port: peer.port })
  const to = { address: '127.0.0.1', port: client.port }
  await stranger.send('not for you', to)
  await peer.send('for you', to)
  expect(textOf(await client.receive())).toBe('for you')
})

test('an endpoint drops what comes while its queue is full, by number and by bytes, and counts it', async () => {
  await using few = await bindUDP({ ...local, maxQueue: 2 })
  await using small = await bindUDP({ ...local, maxQueueBytes: 10 })
  await using client = await bindUDP(local)
  for (const text of ['one', 'two', 'three', 'four']) {
    await client.send(text, { address: '127.0.0.1', port: few.port })
    await client.send(`${text}12`, { address: '127.0.0.1', port: small.port })
  }
  await turnUntil(() => few.statistics().received + small.statistics().received === 8)
  expect(few.statistics()).toEqual({ queued: 2, received: 4, dropped: 2, sent: 0 })
  expect(small.statistics()).toEqual({ queued: 2, received: 4, dropped: 2, sent: 0 })
  expect(textOf(await few.receive())).toBe('one')
})

test('for await ends when the endpoint is closed, and receive() throws', async () => {
  const server = await bindUDP(local)
  const client = await connectUDP({ ...local, port: server.port })
  await client.send('last')
  const got: string[] = []
  await gather(
    async () => {
      for await (const datagram of server) {
        got.push(textOf(datagram))
        void server.close()
      }
    },
    async () => {
      await expect(client.receive()).rejects.toMatchObject({ code: 'SPOOL_CLOSED' })
    },
    async () => client.close(),
  )
  expect(got).toEqual(['last'])
  await server.close()
  await expect(server.receive()).rejects.toMatchObject({ code: 'SPOOL_CLOSED' })
  await expect(client.send('x')).rejects.toMatchObject({ code: 'SPOOL_CLOSED' })
  expect([server.port, server.address]).toEqual([0, ''])
})

test('a cancelled receive() takes nothing, and send() in a cancelled scope sends nothing', async () => {
  await using server = await bindUDP(local)
  await using client = await connectUDP({ ...local, port: server.port })
  await moveOnAfter(0, async () => server.receive())
  await moveOnAfter(0, async ({ cancel }) => {
    cancel()
    await client.send('no')
  })
  await client.send('yes')
  expect(textOf(await server.receive())).toBe('yes')
})

test('receive() tells of a peer that is not there', async () => {
  const gone = createSocket('udp4')
  gone.bind(0, '127.0.0.1')
  await once(gone, 'listening')
  const { port } = gone.address()
  gone.close()
  await once(gone, 'close')
  await using client = await connectUDP({ ...local, port })
  await client.send('are you there?')
  await expect(client.receive()).rejects.toMatchObject({ code: 'SPOOL_BROKEN' })
})

test('connectUDP() takes names, and bindUDP() IPv6', async () => {
  await using server = await bindUDP({ host: '::1' })
  const resolver = staticResolver({ 'example.test': '::1' })
  await using client = await connectUDP({ host: 'example.test', port: server.port, resolver })
  await client.send('hello')
  expect(textOf(await server.receive())).toBe('hello')
})

test('wrong arguments and addresses that can not be had are refused', async () => {
  await using server = await bindUDP(local)
  await expect(bindUDP({ ...local, port: server.port })).rejects.toMatchObject({
    code: 'SPOOL_LISTEN',
    message: `Listening on "127.0.0.1:${server.port}" failed: the address is in use (EADDRINUSE)`,
  })
  await expect(bindUDP({ host: 'localhost' })).rejects.toThrow('it must be an IP address')
  await expect(bindUDP({ port: 70_000 })).rejects.toThrow('between 1 and 65535')
  await expect(bindUDP({ maxQueue: 0 })).rejects.toThrow('Invalid maxQueue 0')
  await expect(connectUDP({ ...local, port: 0 })).rejects.toThrow('Invalid port "0"')
  const nobody = staticResolver({})
  await expect(
    connectUDP({ host: 'nobody.test', port: 1, resolver: nobody }),
  ).rejects.toMatchObject({ code: 'SPOOL_CONNECT', phase: 'dns' })
  await expect(server.send('x', { address: 'localhost', port: 1 })).rejects.toThrow('an IP address')
  await expect(
    server.send(Buffer.alloc(70_000), { address: '127.0.0.1', port: server.port }),
  ).rejects.toMatchObject({ code: 'SPOOL_BROKEN' })
})

test('bindUDP() and connectUDP() in a cancelled scope leave nothing open', async () => {
  await moveOnAfter(0, async ({ cancel }) => {
    cancel()
    await expect(bindUDP(local)).rejects.toMatchObject({ code: 'SPOOL_CANCELLED' })
    await expect(connectUDP({ ...local, port: 9 })).rejects.toMatchObject({
      code: 'SPOOL_CANCELLED',
    })
  })
})
