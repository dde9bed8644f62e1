import { Application, Room, serve } from 'spool/server'
import { expect, test } from 'vitest'
import { expectNothingLeft, openResources, turnUntil } from '../support/open-resources.ts'
import { dropCrowd, openCrowd } from '../support/websocket-crowd.ts'

test('10,000 connections opened and dropped without a close frame leave nothing', async () => {
  const before = openResources()
  const room = new Room()
  const app = new Application().websocket(
    '/ws',
    async (ws) => {
      using _ = room.join(ws)
      for await (const message of ws) await room.publish(message)
    },
    { compression: true },
  )
  const server = await serve(app, { port: 0, host: '127.0.0.1' })
  for (let opened = 0; opened < 10_000; opened += 250) {
    const sockets = await openCrowd(server.port, '/ws', 250)
    await turnUntil(() => room.size === 250)
    await room.publish('hello')
    await dropCrowd(sockets)
    await turnUntil(() => server.statistics().connections === 0)
    await turnUntil(() => server.statistics().active === 0)
    expect(room.size).toBe(0)
  }
  expect(server.statistics()).toMatchObject({ accepted: 10_000, requests: 10_000 })
  await server.close()
  await expectNothingLeft(before)
}, 240_000)
