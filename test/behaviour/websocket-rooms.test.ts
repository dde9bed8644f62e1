/** What holds for rooms over sockets. */
import { ClientSession, type WebSocketConnection } from 'spool/client'
import { Application, Room, type RoomOptions, serve, type Server } from 'spool/server'
import { expect, test } from 'vitest'
import { expectNothingLeft, openResources, turnUntil } from '../support/open-resources.ts'

interface Crowd {
  readonly room: Room
  readonly server: Server
  readonly clients: readonly WebSocketConnection[]
}

/** A room and clients in it, every other of which compresses; each message that one sends is published. */
async function withCrowd(
  count: number,
  options: RoomOptions,
  body: (crowd: Crowd) => Promise<void>,
): Promise<void> {
  const before = openResources()
  const room = new Room(options)
  const app = new Application().websocket(
    '/ws',
    async (ws) => {
      using _ = room.join(ws)
      for await (const message of ws) await room.publish(message)
    },
    { compression: { threshold: 50 } },
  )
  const server = await serve(app, { port: 0, host: '127.0.0.1' })
  {
    await using session = new ClientSession({ baseUrl: server.url })
    const clients: WebSocketConnection[] = []
    for (let index = 0; index < count; index++) {
      clients.push(await session.websocket('/ws', { compression: index % 2 === 1 }))
    }
    await turnUntil(() => room.size === count)
    await body({ room, server, clients })
  }
  await server.close()
  await expectNothingLeft(before)
}

async function allOf(ws: WebSocketConnection): Promise<string[]> {
  const messages: string[] = []
  for await (const message of ws) messages.push(String(message))
  return messages
}

test('server.close() says 1001 behind all that was published', async () => {
  await withCrowd(20, { maxDelay: Infinity }, async ({ room, server, clients }) => {
    const receiving = clients.map(allOf)
    // The second is held back, since the first was written just now.
    await room.publish('a')
    await turnUntil(() => room.statistics().flushes === 1)
    await room.publish('b'.repeat(100))
    await server.close()
    expect(new Set((await Promise.all(receiving)).map(String))).toEqual(
      new Set([`a,${'b'.repeat(100)}`]),
    )
    for (const { ending } of clients) expect(ending).toMatchObject({ closeCode: 1001 })
  })
})

test('a burst of more than sockets take disconnects nobody who reads it', async () => {
  await withCrowd(4, { maxQueue: 65_536 }, async ({ room, clients }) => {
    const message = Buffer.alloc(32_768, 'x')
    const counts = clients.map(() => 0)
    const receiving = clients.map(async (ws, index) => {
      for await (const { length } of ws) counts[index] = counts[index]! + length
    })
    const bytes = 8_388_608
    for (let sent = 0; sent < bytes; sent += message.length) void room.publish(message)
    await turnUntil(() => counts.every((count) => count === bytes))
    await room.publish('last')
    await turnUntil(() => counts.every((count) => count === bytes + 4))
    expect(room.statistics()).toMatchObject({ members: 4, disconnected: 0, queued: 0 })
    await Promise.all(clients.map((ws) => ws.close()))
    await Promise.all(receiving)
  })
})

test('who speaks at once is heard by all in the same order, in fewer writes', async () => {
  await withCrowd(12, {}, async ({ room, clients }) => {
    const receiving = clients.map(async (ws) => {
      const messages: string[] = []
      for await (const message of ws) if (messages.push(String(message)) === 12 * 20) break
      return messages
    })
    for (let round = 0; round < 20; round++) {
      for (const [index, ws] of clients.entries()) void ws.send(`${index}/${round}`.padEnd(60))
    }
    const heard = await Promise.all(receiving)
    expect(new Set(heard.map(String)).size).toBe(1)
    for (const index of clients.keys()) {
      const own = heard[0]!.filter((message) => message.startsWith(`${index}/`))
      expect(own.map((message) => message.trim())).toEqual(
        Array.from({ length: 20 }, (_, round) => `${index}/${round}`),
      )
    }
    const { published, flushes } = room.statistics()
    expect(published).toBe(240)
    expect(flushes).toBeLessThan(240)
  })
})
