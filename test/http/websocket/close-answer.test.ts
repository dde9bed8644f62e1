/** What comes before a close frame can still be answered (RFC 6455 §5.5.1), for a while. */
import { AsyncEvent } from 'spool'
import { MockClock, settle } from 'spool/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { WebSocketConnection } from '../../../src/http/websocket/websocket-connection.ts'
import { turnUntil } from '../../support/open-resources.ts'
import { closeFrame, frame, framesOf, opcodes } from '../../support/websocket-frames.ts'
import { type Role, webSocketPair } from '../../support/websocket-pair.ts'

const { text, close } = opcodes

let clock: MockClock

beforeEach(() => {
  clock = MockClock.install()
})

afterEach(() => clock[Symbol.dispose]())

async function echo(ws: WebSocketConnection): Promise<string> {
  for await (const message of ws) await ws.send(message)
  return 'ended'
}

describe.each<Role>(['server', 'client'])('WebSocketLink as a %s', (role) => {
  const masked = role === 'server'
  const messages = (...payloads: string[]): Buffer =>
    Buffer.concat(payloads.map((payload) => frame(text, payload, { masked })))
  const closing = (code = 1000): Buffer => closeFrame(code, '', { masked })

  test.each<[code: number | undefined, reason: string]>([
    [4001, 'bye'],
    [1000, ''],
    [3000, '\u2713'.repeat(41)],
    [undefined, ''],
  ])(
    'a close frame that says %s %j is answered by one that says the same',
    async (code, reason) => {
      const { ws, peer } = await webSocketPair(role)
      await peer.close(code, reason)
      const [answer] = peer.take()
      const said = framesOf(closeFrame(code, reason)).frames[0]!.payload
      expect([answer!.opcode, answer!.payload]).toEqual([close, said])
      await peer.end()
      expect(ws.ending).toMatchObject({ closeCode: code ?? 1005, reason, wasClean: true })
    },
  )

  test('messages that come in one read with a close frame are answered before it', async () => {
    const { ws, peer } = await webSocketPair(role)
    const ended = expect(echo(ws)).rejects.toMatchObject({ closeCode: 3001, closedBy: 'remote' })
    await settle()
    await peer.write(Buffer.concat([messages('a', 'b', 'c'), closing(3001)]))
    expect(peer.takeShort()).toEqual([
      [text, 'a'],
      [text, 'b'],
      [text, 'c'],
      [close, 3001],
    ])
    await ended
    expect(peer.ended).toBe(true)
    await peer.end()
    expect(ws.link.gone).toBe(true)
  })

  test('messages that come in one read with what breaks the rules are answered before the complaint', async () => {
    const { ws, peer } = await webSocketPair(role)
    const ended = expect(echo(ws)).rejects.toMatchObject({ closeCode: 1002, closedBy: 'local' })
    await settle()
    await peer.write(Buffer.concat([messages('a', 'b'), frame(3, '', { masked }), messages('c')]))
    expect(peer.takeShort()).toEqual([
      [text, 'a'],
      [text, 'b'],
      [close, 1002],
    ])
    await ended
    expect(peer.ended).toBe(true)
    await peer.end()
    expect(ws.link.gone).toBe(true)
  })

  test('they are answered compressed, too, which takes longer', async () => {
    const { ws, peer } = await webSocketPair(role, { compression: { threshold: 0 } }, {})
    const echoing = echo(ws)
    await settle()
    await peer.write(Buffer.concat([messages('a', 'b'), closing()]))
    await turnUntil(() => ws.ending !== undefined)
    await settle()
    expect(peer.take().map(({ opcode, rsv }) => [opcode, rsv])).toEqual([
      [text, 4],
      [text, 4],
      [close, 0],
    ])
    expect(await echoing).toBe('ended')
    ws.destroy()
  })

  test('an answer may take a second, and then the close frame is answered', async () => {
    const { ws, peer, wheel } = await webSocketPair(role)
    const go = new AsyncEvent()
    const answering = (async () => {
      await ws.receive()
      await go.wait()
      await ws.send('late')
    })()
    await settle()
    await peer.write(Buffer.concat([messages('a'), closing()]))
    await clock.advance(900)
    expect([peer.takeShort(), ws.open]).toEqual([[], true])
    await clock.advance(300)
    expect([peer.takeShort(), ws.open]).toEqual([[[close, 1000]], false])
    go.set()
    await expect(answering).rejects.toMatchObject({ closeCode: 1000, wasClean: true })
    await peer.end()
    expect([ws.link.gone, wheel.size]).toEqual([true, 0])
  })

  test('a close frame is answered at once if nobody receives, or who does waits for more', async () => {
    for (const receives of [false, true]) {
      const { ws, peer } = await webSocketPair(role)
      const echoing = receives ? echo(ws) : undefined
      await peer.write(closing())
      expect(peer.takeShort()).toEqual([[close, 1000]])
      await echoing
      ws.destroy()
    }
  })

  test('close() answers it at once, with what the peer said', async () => {
    const { ws, peer } = await webSocketPair(role)
    const received = ws.receive()
    await peer.write(Buffer.concat([messages('a'), closing(1001)]))
    expect([await received, peer.takeShort()]).toEqual(['a', []])
    const closed = ws.close(4000, 'ours')
    await settle()
    expect(peer.takeShort()).toEqual([[close, 1001]])
    await peer.end()
    await closed
    expect(ws.ending).toMatchObject({ closeCode: 1001, closedBy: 'remote', wasClean: true })
  })

  test('FIN behind the close frame stops no answer', async () => {
    const { ws, peer } = await webSocketPair(role)
    const echoing = echo(ws)
    await settle()
    peer.transport.write(Buffer.concat([messages('a'), closing()]))
    await peer.end()
    expect(peer.takeShort()).toEqual([
      [text, 'a'],
      [close, 1000],
    ])
    expect(await echoing).toBe('ended')
    expect(ws.link.gone).toBe(true)
  })

  test('a reset behind the close frame ends it as the close frame said', async () => {
    const { ws, peer } = await webSocketPair(role)
    const received = ws.receive()
    await peer.write(Buffer.concat([messages('a'), closing()]))
    await received
    peer.transport.reset()
    await settle()
    expect(ws.ending).toMatchObject({ closeCode: 1000, closedBy: 'remote' })
    expect(ws.link.gone).toBe(true)
    await expect(ws.receive()).rejects.toMatchObject({ closeCode: 1000 })
  })
})
