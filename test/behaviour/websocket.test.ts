/** What holds for WebSockets as a whole, over sockets. */
import { run } from 'spool'
import { ClientSession } from 'spool/client'
import { Application, Room, serve } from 'spool/server'
import { expect, test } from 'vitest'
import {
  expectNothingLeft,
  openResources,
  someTurns,
  turnUntil,
} from '../support/open-resources.ts'
import { dropCrowd, openCrowd } from '../support/websocket-crowd.ts'

test('connections that are dropped without a close frame leave nothing', async () => {
  const before = openResources()
  const room = new Room()
  const errors: unknown[] = []
  const app = new Application().websocket('/ws', async (ws) => {
    using _ = room.join(ws)
    for await (const message of ws) await room.publish(message)
  })
  const server = await serve(app, {
    port: 0,
    host: '127.0.0.1',
    onError: (error) => void errors.push(error),
  })
  const sockets = await openCrowd(server.port, '/ws', 200)
  await turnUntil(() => room.size === 200)
  await room.publish('hello')
  await dropCrowd(sockets)
  await turnUntil(() => server.statistics().connections === 0)
  await turnUntil(() => server.statistics().active === 0)
  expect([room.size, room.statistics().queued, errors]).toEqual([0, 0, []])
  await server.close()
  await expectNothingLeft(before)
})

test('a receiver that never reads holds the await of send(), and nothing piles up', async () => {
  const before = openResources()
  const chunk = Buffer.alloc(65_536)
  let sent = 0
  let sending = 0
  const app = new Application().websocket('/ws', async (ws) => {
    for (; sent < 10_000; sent++) {
      sending = Math.max(sending, ws.statistics().sending)
      await ws.send(chunk)
    }
  })
  await using server = await serve(app, { port: 0, host: '127.0.0.1' })
  const [socket] = await openCrowd(server.port, '/ws', 1)
  socket!.pause()
  let last = -1
  // What the system's buffers take is taken, and then no more.
  for (let quiet = 0; quiet < 5; quiet = sent === last ? quiet + 1 : 0) {
    last = sent
    await someTurns(100)
  }
  expect(sent).toBeGreaterThan(0)
  expect(sent).toBeLessThan(2_000)
  expect(sending).toBeLessThan(200_000)
  socket!.destroy()
  await server.close()
  await expectNothingLeft(before)
})

test('server.close() says 1001 to every client, and is done when they have answered', async () => {
  const before = openResources()
  await run(async () => {
    const app = new Application().websocket('/ws', async (ws) => {
      for await (const message of ws) await ws.send(message)
    })
    const server = await serve(app, { port: 0, host: '127.0.0.1' })
    await using session = new ClientSession({ baseUrl: server.url })
    const sockets = await Promise.all(Array.from({ length: 20 }, () => session.websocket('/ws')))
    const endings = sockets.map((ws) => ws.closed())
    await server.close()
    for (const ending of await Promise.all(endings)) {
      expect(ending).toMatchObject({ closeCode: 1001, wasClean: true, closedBy: 'remote' })
    }
    expect(server.statistics()).toMatchObject({ connections: 0, active: 0 })
  })
  await expectNothingLeft(before)
})
