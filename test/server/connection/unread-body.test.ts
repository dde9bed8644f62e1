import { AsyncEvent } from 'spool'
import { Application, serve, text } from 'spool/server'
import { settle } from 'spool/testing'
import { expect, test } from 'vitest'
import { MemoryServer } from '../../support/memory-server.ts'
import { turnUntil } from '../../support/open-resources.ts'
import { rawClient } from '../../support/raw-client.ts'
import { get, post } from '../../support/requests.ts'

// More than is read ahead of whoever reads it.
const body = 'x'.repeat(100_000)

test('A body that came whole and that nobody read holds up no request behind it', async () => {
  const server = new MemoryServer(() => text('here'))
  const client = await server.connect().send(post('/', body))
  expect(client.statuses()).toEqual([200])
  await client.send(get('/'))
  expect(client.statuses()).toEqual([200])
  await client.end()
  expect(server.host.statistics()).toMatchObject({ connections: 0, requests: 2 })
  server.host.end()
})

test('A body that came whole and that nobody read does not hide that its client leaves', async () => {
  await using server = await serve(() => new AsyncEvent().wait().then(() => text('')), {
    host: '127.0.0.1',
  })
  await using client = await rawClient({ port: server.port })
  await client.send(post('/', body.slice(0, 65_536)))
  await turnUntil(() => server.statistics().active === 1)
  client.end()
  await turnUntil(() => server.statistics().disconnected === 1)
  expect(server.statistics()).toMatchObject({ active: 0 })
})

test('A body that is read late lets nobody send more than is read ahead', async () => {
  const read = new AsyncEvent()
  const go = new AsyncEvent()
  const server = new MemoryServer(async (request) => {
    await read.wait()
    await request.bytes()
    await go.wait()
    return text('here')
  })
  const client = await server.connect().send(post('/', body) + get('/').repeat(2_000))
  const flood = get('/').repeat(200)
  read.set()
  for (let count = 0; count < 20; count++) await client.send(flood)
  expect(client.transport.bytesQueued).toBeGreaterThan(10 * flood.length)
  go.set()
  await turnUntil(() => client.count === 6_001)
  await client.end()
  server.host.end()
})

test('Bodies that nobody reads hold up nothing over a socket, however they arrive', async () => {
  const go = new AsyncEvent()
  const app = new Application()
    .post('/unread', async () => {
      await go.wait()
      return text('here')
    })
    .get('/', () => text('root'))
  await using server = await serve(app, { host: '127.0.0.1' })
  await using client = await rawClient({ port: server.port })
  // Up to 64 KiB may be left unread without an end of the connection: on both sides of that.
  for (const length of [60_000, 65_535, 65_536]) {
    go.clear()
    await client.send(post('/unread', 'x'.repeat(length)))
    await turnUntil(() => server.statistics().active === 1)
    await settle()
    go.set()
    expect((await client.message()).body.toString()).toBe('here')
    await client.send(get('/'))
    expect((await client.message()).body.toString()).toBe('root')
  }
})
