/** A client's WebSocket against a server on a socket that breaks the rules: each fault ends it, and nothing stays. */
import { deflateRawSync, constants } from 'node:zlib'
import { timeout } from 'spool'
import { ClientSession, ConnectionClosedError, ProtocolError, ResponseError } from 'spool/client'
import type { WebSocketConnection, WebSocketRequestOptions } from 'spool/client'
import { describe, expect, test } from 'vitest'
import { acceptOf } from '../../../src/http/websocket/handshake/accept-key.ts'
import { turnUntil } from '../../support/open-resources.ts'
import { type RawScript, rawServer } from '../../support/raw-server.ts'
import type { RawConnection } from '../../support/raw-connection.ts'
import {
  closeFrame,
  frame,
  type FrameParts,
  framesOf,
  opcodes,
} from '../../support/websocket-frames.ts'

const { continuation, text, binary, close, ping } = opcodes

const made = (opcode: number, payload: string | Uint8Array = '', parts: FrameParts = {}): Buffer =>
  frame(opcode, payload, { masked: false, ...parts })

/** Without the empty block at its end (RFC 7692 §7.2.1). */
function deflated(data: string | Uint8Array): Buffer {
  return deflateRawSync(data, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
}

const deflate = 'Sec-WebSocket-Extensions: permessage-deflate\r\n'

/** Answers the handshake as it should be, with more fields, and sends `bytes` in the same write. */
async function answer(peer: RawConnection, bytes: Uint8Array, fields = ''): Promise<void> {
  const { headers } = await peer.message()
  const head = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptOf(headers['sec-websocket-key'] ?? '')}\r\n${fields}\r\n`
  await peer.send(Buffer.concat([Buffer.from(head, 'latin1'), bytes]))
}

/** Runs `use` with a session, and the URL of a server that plays `script`; nothing may stay of either. */
async function against(
  script: RawScript,
  use: (session: ClientSession, url: string) => Promise<void>,
): Promise<void> {
  await using server = await rawServer(script)
  const session = new ClientSession()
  try {
    await use(session, server.origin)
    expect(session.statistics()).toMatchObject({ open: 0, requests: 0, waiting: 0 })
    await turnUntil(() => server.connections.every(({ ended, closed }) => ended || closed))
  } finally {
    await session.close()
  }
}

async function received(ws: WebSocketConnection): Promise<unknown[]> {
  const all: unknown[] = []
  try {
    for (;;) all.push(await ws.receive())
  } catch (error) {
    if (!ConnectionClosedError.is(error)) throw error
    return all
  }
}

/** The codes of the close frames that came. */
function closeCodesOf(peer: RawConnection): number[] {
  return framesOf(Buffer.from(peer.pending, 'latin1'))
    .frames.filter(({ opcode, masked }) => opcode === close && masked)
    .map(({ payload }) => payload.readUInt16BE(0))
}

describe('A WebSocket of a client', () => {
  test.each<[string, number, Uint8Array, (string | undefined)?, WebSocketRequestOptions?]>([
    ['a masked frame', 1002, made(text, 'a', { masked: true })],
    ['a masked close frame', 1002, closeFrame(1000, '', { masked: true })],
    ['RSV1 though nothing was agreed on', 1002, made(text, 'a', { rsv: 4 })],
    ['RSV2', 1002, made(text, 'a', { rsv: 2 })],
    ['an opcode that there is not', 1002, made(3, 'a')],
    ['a ping of 126 bytes', 1002, made(ping, 'x'.repeat(126))],
    ['a ping in fragments', 1002, made(ping, 'a', { fin: false })],
    ['a continuation of nothing', 1002, made(continuation, 'a')],
    [
      'a message inside another',
      1002,
      Buffer.concat([made(text, 'a', { fin: false }), made(binary, 'b')]),
    ],
    ['text that is not UTF-8', 1007, made(text, Buffer.from([0xc0, 0xaf]))],
    ['a close of one byte', 1002, made(close, 'x')],
    ['a close with 1005', 1002, closeFrame(1005, '', { masked: false })],
    ['a length of 2⁶³', 1002, Buffer.from([0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0])],
    [
      'more than maxMessageSize',
      1009,
      made(binary, '', { claimed: 101 }),
      '',
      { maxMessageSize: 100 },
    ],
    [
      'more than maxMessageSize in fragments',
      1009,
      Buffer.concat([
        made(binary, 'x'.repeat(60), { fin: false }),
        made(continuation, 'x'.repeat(60), { fin: false }),
      ]),
      '',
      { maxMessageSize: 100 },
    ],
    [
      'more fragments than a message may have',
      1008,
      Buffer.concat([
        made(binary, 'x', { fin: false }),
        ...Array.from({ length: 1_100 }, () => made(continuation, '', { fin: false })),
      ]),
      '',
      { maxMessageSize: 100_000 },
    ],
    [
      'a bomb',
      1009,
      made(binary, deflated(Buffer.alloc(5_000_000)), { rsv: 4 }),
      deflate,
      { compression: true },
    ],
    [
      'data that is not deflated',
      1007,
      made(text, 'nonsense', { rsv: 4 }),
      deflate,
      { compression: true },
    ],
    [
      'a compressed ping',
      1002,
      made(ping, deflated('a'), { rsv: 4 }),
      deflate,
      { compression: true },
    ],
  ])('answers %s with %i', async (_, code, bytes, fields, options) => {
    let peer: RawConnection | undefined
    await against(
      async (connection) => {
        peer = connection
        await answer(connection, bytes, fields)
        await turnUntil(() => connection.ended)
        connection.end()
      },
      async (session, url) => {
        const ws = await session.websocket(url, options ?? {})
        expect(await received(ws)).toEqual([])
        expect(await ws.closed()).toMatchObject({
          closeCode: code,
          wasClean: false,
          closedBy: 'local',
        })
        await expect(ws.send('more')).rejects.toThrow(ConnectionClosedError)
      },
    )
    expect(closeCodesOf(peer!)).toEqual([code])
  })

  test('takes what comes in one packet with the 101, and byte by byte', async () => {
    const bytes = Buffer.concat([
      made(text, 'one'),
      made(text, 'tw', { fin: false }),
      made(ping, 'p'),
      made(continuation, 'o'),
      made(binary, 'three'),
      closeFrame(1000, 'done', { masked: false }),
    ])
    for (const size of [1, bytes.length]) {
      await against(
        async (peer) => {
          await answer(peer, bytes.subarray(0, size))
          await peer.drip(bytes.subarray(size))
          await turnUntil(() => peer.ended)
          peer.end()
        },
        async (session, url) => {
          const ws = await session.websocket(url)
          expect(await received(ws)).toEqual(['one', 'two', Buffer.from('three')])
          expect(await ws.closed()).toMatchObject({
            closeCode: 1000,
            reason: 'done',
            wasClean: true,
          })
        },
      )
    }
  })

  test.each<[string, Uint8Array, number]>([
    ['a close frame', closeFrame(3000, '', { masked: false }), 3000],
    ['what breaks the rules', made(3), 1002],
  ])('answers a message that comes in one packet with the 101 and %s', async (_, bytes, code) => {
    let peer: RawConnection | undefined
    await against(
      async (connection) => {
        peer = connection
        await answer(connection, Buffer.concat([made(text, 'one'), bytes]))
        await turnUntil(() => connection.ended)
        connection.end()
      },
      async (session, url) => {
        const ws = await session.websocket(url)
        await ws.send(await ws.receive())
        await expect(ws.receive()).rejects.toMatchObject({ closeCode: code })
        await ws.closed()
      },
    )
    const { frames } = framesOf(Buffer.from(peer!.pending, 'latin1'))
    expect(frames.map(({ opcode }) => opcode)).toEqual([text, close])
    expect(closeCodesOf(peer!)).toEqual([code])
  })

  test.each<[string, (peer: RawConnection) => void]>([
    ['FIN', (peer) => peer.end()],
    ['a reset', (peer) => peer.reset()],
  ])('that ends with %s in the middle of a frame is broken off', async (_, end) => {
    await against(
      async (peer) => {
        await answer(peer, Buffer.concat([made(text, 'whole'), made(text, 'half').subarray(0, 4)]))
        await peer.read(1)
        end(peer)
      },
      async (session, url) => {
        const ws = await session.websocket(url)
        expect(await ws.receive()).toBe('whole')
        await ws.send('go on')
        await expect(ws.receive()).rejects.toMatchObject({ closeCode: 1006, wasClean: false })
        await ws.closed()
      },
    )
  })

  test('whose server answers no close frame is dropped after closeTimeout', async () => {
    await against(
      async (peer) => {
        await answer(peer, Buffer.alloc(0))
        await peer.untilClosed()
      },
      async (session, url) => {
        const ws = await session.websocket(url, { closeTimeout: 100 })
        await ws.close()
        expect(ws.ending).toMatchObject({ closeCode: 1006, closedBy: 'local' })
      },
    )
  })

  test('whose server floods it with pings answers the last, and holds none of them', async () => {
    const pings = Buffer.concat(Array.from({ length: 1_000 }, (_, at) => made(ping, `${at}`)))
    await against(
      async (peer) => {
        await answer(peer, Buffer.alloc(0))
        peer.pause()
        for (let at = 0; at < 200; at++) await peer.send(pings)
        await peer.send(made(text, 'after'))
        peer.resume()
        await peer.untilClosed()
      },
      async (session, url) => {
        const ws = await session.websocket(url)
        expect(await ws.receive()).toBe('after')
        expect(ws.statistics().sending).toBeLessThan(1_000_000)
        ws.destroy()
        await ws.closed()
      },
    )
  })
})

describe('ClientSession.websocket()', () => {
  const upgrade = 'Upgrade: websocket\r\nConnection: Upgrade\r\n'

  test.each<[string, (key: string) => string, string, unknown]>([
    [
      'a 101 without Sec-WebSocket-Accept',
      () => `HTTP/1.1 101 OK\r\n${upgrade}\r\n`,
      'not that of our key',
      ProtocolError,
    ],
    [
      'the accept of another key',
      () => `HTTP/1.1 101 OK\r\n${upgrade}Sec-WebSocket-Accept: ${acceptOf('')}\r\n\r\n`,
      'not that of our key',
      ProtocolError,
    ],
    [
      'the accept twice',
      (key) =>
        `HTTP/1.1 101 OK\r\n${upgrade}Sec-WebSocket-Accept: ${acceptOf(key)}\r\nSec-WebSocket-Accept: ${acceptOf(key)}\r\n\r\n`,
      'not that of our key',
      ProtocolError,
    ],
    [
      'an extension that was not offered',
      (key) =>
        `HTTP/1.1 101 OK\r\n${upgrade}Sec-WebSocket-Accept: ${acceptOf(key)}\r\n${deflate}\r\n`,
      'an extension that was not offered',
      ProtocolError,
    ],
    [
      'a subprotocol that was not offered',
      (key) =>
        `HTTP/1.1 101 OK\r\n${upgrade}Sec-WebSocket-Accept: ${acceptOf(key)}\r\nSec-WebSocket-Protocol: x\r\n\r\n`,
      'a subprotocol that was not offered',
      ProtocolError,
    ],
    [
      '200 with a body',
      () => 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi',
      '200',
      ResponseError,
    ],
    ['what is no HTTP', () => '\x81\x02hi', '', ProtocolError],
  ])('refuses %s, and leaves nothing', async (_, response, message, type) => {
    await against(
      async (peer) => {
        const { headers } = await peer.message()
        await peer.send(response(headers['sec-websocket-key'] ?? ''))
        await peer.send(made(text, 'too early'))
        await peer.untilClosed()
      },
      async (session, url) => {
        const error = await session.websocket(url).catch((thrown: unknown) => thrown)
        expect(error).toBeInstanceOf(type)
        expect(String(error)).toContain(message)
        await turnUntil(() => session.statistics().open === 0)
      },
    )
  })

  test('that is never answered ends with its scope', async () => {
    await against(
      async (peer) => {
        await peer.message()
        await peer.untilClosed()
      },
      async (session, url) => {
        await expect(timeout(50, () => session.websocket(url))).rejects.toMatchObject({
          code: 'SPOOL_TIMEOUT',
        })
      },
    )
  })
})
