import { ClientSession } from 'spool/client'
import { Application, serve } from 'spool/server'
import { describe, expect, test } from 'vitest'
import { opcodes } from '../../support/websocket-frames.ts'
import { webSocketPair } from '../../support/websocket-pair.ts'

/** What a peer takes that takes everything at once. */
const greedy = { highWaterMark: 2 ** 40 }

// Far more than is sent in a turn: who gets here has held up the loop.
const endless = 1_000

/** Whether the event loop has turned since. */
function turn(): { done: boolean } {
  const state = { done: false }
  setImmediate(() => (state.done = true))
  return state
}

describe('WebSocketConnection.send() to a peer that takes everything', () => {
  test.each([
    ['empty messages', ''],
    ['small messages', 'x'.repeat(32)],
    ['large ones', Buffer.alloc(20_000)],
  ])('lets others have their turn between %s', async (_, message) => {
    const { ws } = await webSocketPair('client', {}, undefined, greedy)
    const state = turn()
    let sent = 0
    while (!state.done && sent < endless) {
      await ws.send(message)
      sent++
    }
    expect(sent).toBeLessThan(endless)
    ws.destroy()
  })

  test('lets others have their turn between the fragments of one message', async () => {
    const { ws } = await webSocketPair('client', {}, undefined, greedy)
    const state = turn()
    let sent = 0
    await ws.send(
      (function* () {
        for (; !state.done && sent < endless; sent++) yield 'part'
      })(),
    )
    expect(sent).toBeLessThan(endless)
    ws.destroy()
  })

  test('lets others have their turn over a socket', async () => {
    const app = new Application().websocket('/', async (ws) => {
      for await (const _ of ws);
    })
    await using server = await serve(app, { port: 0 })
    await using session = new ClientSession()
    const ws = await session.websocket(server.url)
    const state = turn()
    let sent = 0
    for (; !state.done && sent < endless; sent++) await ws.send('x')
    expect(sent).toBeLessThan(endless)
    await ws.close()
    expect(session.statistics()).toMatchObject({ open: 0, active: 0, requests: 0 })
  })

  test('waits for nothing where the messages are few, or answers', async () => {
    const { ws, peer } = await webSocketPair('client', {}, undefined, greedy)
    for (let round = 0; round < 5; round++) {
      await peer.send(opcodes.text, 'hello')
      const state = turn()
      for (let count = 0; count < 50; count++) await ws.send('x')
      expect(state.done).toBe(false)
      await ws.receive()
    }
    ws.destroy()
  })
})
