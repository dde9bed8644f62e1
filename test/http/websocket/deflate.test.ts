/** RFC 7692: what is agreed on, and what is done by it. */
import { deflateRawSync, constants, inflateRawSync } from 'node:zlib'
import { settle } from 'spool/testing'
import { describe, expect, test } from 'vitest'
import { turn } from '../../../src/testing/settle.ts'
import {
  acceptDeflate,
  deflatesOf,
  offerDeflate,
  readDeflateAnswer,
} from '../../../src/http/websocket/handshake/deflate-negotiation.ts'
import {
  type ExtensionParameters,
  parseExtensions,
} from '../../../src/wire/websocket/handshake-lists.ts'
import type { WebSocketConnection } from '../../../src/http/websocket/websocket-connection.ts'
import {
  type CompressionSettings,
  type MessageCompressionOptions,
  webSocketSettings,
} from '../../../src/http/websocket/websocket-options.ts'
import { opcodes } from '../../support/websocket-frames.ts'
import { type RawPeer, type Role, webSocketPair } from '../../support/websocket-pair.ts'

const { text, binary, continuation, close, ping, pong } = opcodes

function settingsOf(options: MessageCompressionOptions = {}): CompressionSettings {
  return webSocketSettings({ compression: options }).compression as CompressionSettings
}

function offers(header: string): ExtensionParameters[] {
  return deflatesOf(parseExtensions(header)!)
}

const bits = [8, 9, 10, 11, 12, 13, 14, 15]

describe('acceptDeflate()', () => {
  test.each<[string, MessageCompressionOptions, string | undefined]>([
    ['', {}, ''],
    ['; client_max_window_bits', {}, ''],
    ['; client_max_window_bits', { peerWindowBits: 10 }, '; client_max_window_bits=10'],
    ['; client_max_window_bits=9', { peerWindowBits: 10 }, '; client_max_window_bits=9'],
    ['; client_max_window_bits=8', {}, '; client_max_window_bits=8'],
    ['', { peerWindowBits: 10 }, ''],
    ['; server_max_window_bits=11', {}, '; server_max_window_bits=11'],
    ['; server_max_window_bits=11', { windowBits: 9 }, '; server_max_window_bits=9'],
    ['; server_max_window_bits="11"', {}, '; server_max_window_bits=11'],
    ['', { windowBits: 9 }, '; server_max_window_bits=9'],
    ['; server_no_context_takeover', {}, '; server_no_context_takeover'],
    ['; client_no_context_takeover', {}, '; client_no_context_takeover'],
    [
      '',
      { contextTakeover: false, peerContextTakeover: false },
      '; server_no_context_takeover; client_no_context_takeover',
    ],
    ['; server_max_window_bits=8', {}, undefined],
    ['; server_max_window_bits=8, permessage-deflate', {}, ''],
    ['; server_max_window_bits', {}, undefined],
    ['; server_max_window_bits=7', {}, undefined],
    ['; server_max_window_bits=16', {}, undefined],
    ['; server_max_window_bits=010', {}, undefined],
    ['; server_no_context_takeover=1', {}, undefined],
    ['; client_max_window_bits; client_max_window_bits', {}, undefined],
    ['; unknown', {}, undefined],
    ['; unknown, permessage-deflate; client_max_window_bits=12', {}, '; client_max_window_bits=12'],
  ])('answers permessage-deflate%s with %s by %s', (offer, options, answer) => {
    const accepted = acceptDeflate(offers(`permessage-deflate${offer}`), settingsOf(options))
    expect(accepted?.header).toBe(answer === undefined ? undefined : `permessage-deflate${answer}`)
  })
})

describe('readDeflateAnswer()', () => {
  test.each<[string, MessageCompressionOptions, object | string]>([
    ['', {}, { windowBits: 15, peerWindowBits: 15, contextTakeover: true, compresses: true }],
    ['; client_max_window_bits=10', {}, { windowBits: 10, compresses: true }],
    ['; client_max_window_bits=8', {}, { compresses: false }],
    ['; client_max_window_bits=12', { windowBits: 10 }, { windowBits: 10 }],
    ['; server_max_window_bits=8', {}, { peerWindowBits: 8 }],
    ['; client_no_context_takeover', {}, { contextTakeover: false, peerContextTakeover: true }],
    ['; server_no_context_takeover', {}, { contextTakeover: true, peerContextTakeover: false }],
    ['', { contextTakeover: false }, { contextTakeover: false }],
    ['', { peerContextTakeover: false }, 'it did not accept server_no_context_takeover'],
    ['; client_max_window_bits', {}, 'its parameters for permessage-deflate are invalid'],
    ['; server_max_window_bits=3', {}, 'its parameters for permessage-deflate are invalid'],
  ])('of permessage-deflate%s with %s is %s', (answer, options, expected) => {
    const [parameters] = offers(`permessage-deflate${answer}`)
    const read = readDeflateAnswer(parameters!, settingsOf(options))
    expect(typeof read === 'string' ? { problem: read } : read).toMatchObject(
      typeof expected === 'string' ? { problem: expected } : expected,
    )
  })

  test('of an answer that acceptDeflate() gave to offerDeflate() is what the other end knows', () => {
    const choices: MessageCompressionOptions[] = []
    for (const windowBits of [9, 12, 15]) {
      for (const peerWindowBits of [9, 12, 15]) {
        for (const contextTakeover of [true, false]) {
          for (const peerContextTakeover of [true, false]) {
            choices.push({ windowBits, peerWindowBits, contextTakeover, peerContextTakeover })
          }
        }
      }
    }
    for (const ours of choices) {
      for (const theirs of choices) {
        const accepted = acceptDeflate(offers(offerDeflate(settingsOf(ours))), settingsOf(theirs))
        const read = readDeflateAnswer(offers(accepted!.header)[0]!, settingsOf(ours))
        expect(read).toMatchObject({
          peerWindowBits: accepted!.agreement.windowBits,
          peerContextTakeover: accepted!.agreement.contextTakeover,
          contextTakeover: accepted!.agreement.peerContextTakeover,
        })
        const { windowBits } = read as { windowBits: number }
        expect(windowBits).toBeLessThanOrEqual(accepted!.agreement.peerWindowBits)
      }
    }
  })
})

const tail = Buffer.from([0, 0, 0xff, 0xff])

function deflated(data: string | Buffer, windowBits = 15): Buffer {
  const options = { windowBits: Math.max(windowBits, 9), finishFlush: constants.Z_SYNC_FLUSH }
  return deflateRawSync(data, options).subarray(0, -4)
}

function inflated(data: Buffer, windowBits = 15): string {
  const options = { windowBits, finishFlush: constants.Z_SYNC_FLUSH }
  return inflateRawSync(Buffer.concat([data, tail]), options).toString()
}

/** zlib works on threads of its own. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn()
  await settle()
}

async function framesOnceSent(peer: RawPeer, ws: WebSocketConnection, count: number) {
  await until(() => ws.statistics().messagesSent >= count && ws.link.writer.direct)
  return peer.take()
}

describe.each<Role>(['server', 'client'])('Compression of a %s', (role) => {
  test.each(bits)('messages are inflated with a window of %s bits', async (peerWindowBits) => {
    const { ws, peer } = await webSocketPair(
      role,
      {},
      { peerWindowBits, peerContextTakeover: false },
    )
    const long = 'spool '.repeat(5_000)
    // A text of 200 bytes is within the smallest window, whatever zlib makes of it.
    const message = peerWindowBits === 8 ? 'x'.repeat(200) : long
    await peer.send(text, deflated(message, peerWindowBits), { rsv: 4 })
    expect(await ws.receive()).toBe(message)
    await peer.send(text, 'as it is')
    expect(await ws.receive()).toBe('as it is')
    await peer.send(binary, '', { rsv: 4, fin: false })
    await peer.send(continuation, deflated('abc'))
    expect(Buffer.from(await ws.receiveBytes()).toString()).toBe('abc')
    ws.destroy()
  })

  test.each(bits.slice(1))(
    'messages are compressed with a window of %s bits',
    async (windowBits) => {
      const { ws, peer } = await webSocketPair(role, {}, { windowBits, contextTakeover: false })
      const message = 'spool '.repeat(5_000)
      await ws.send(message)
      await ws.send(message)
      await ws.send('short')
      const frames = await framesOnceSent(peer, ws, 3)
      expect(frames.map(({ rsv, opcode }) => [rsv, opcode])).toEqual([
        [4, text],
        [4, text],
        [0, text],
      ])
      for (const { payload } of frames.slice(0, 2)) {
        expect(payload.length).toBeLessThan(1_000)
        expect(inflated(payload, windowBits)).toBe(message)
      }
      ws.destroy()
    },
  )

  test('a window that zlib has not is sent nothing compressed', async () => {
    const { ws, peer } = await webSocketPair(role, {}, { compresses: false })
    await ws.send('spool '.repeat(5_000))
    await ws.send(['a', 'b'])
    await settle()
    expect(peer.take().map(({ rsv }) => rsv)).toEqual([0, 0, 0])
    ws.destroy()
  })

  test('a context that is kept makes what is said again smaller', async () => {
    const { ws, peer } = await webSocketPair(role, {}, {})
    const message = Array.from({ length: 400 }, (_, index) => index * 7_919).join()
    await ws.send(message)
    await ws.send(message)
    const [first, second] = await framesOnceSent(peer, ws, 2)
    expect(second!.payload.length * 10).toBeLessThan(first!.payload.length)
    // Sent back, it is understood by the same.
    await peer.send(text, first!.payload, { rsv: 4 })
    await peer.send(text, second!.payload, { rsv: 4 })
    expect([await ws.receive(), await ws.receive()]).toEqual([message, message])
    ws.destroy()
  })

  test('everything leaves in the order of the calls, also what is not compressed', async () => {
    const { ws, peer } = await webSocketPair(role, {}, {})
    const long = 'spool '.repeat(10_000)
    const sends = [ws.send(long), ws.send('short'), ws.send(Buffer.from(long)), ws.send('last')]
    const results = Promise.allSettled([...sends, ws.ping()])
    await peer.send(ping, 'x')
    const closing = ws.close()
    await until(() => peer.transport.peer.bytesWritten > 500 && ws.link.writer.direct)
    const frames = peer.take()
    expect(frames.map(({ opcode }) => opcode)).toEqual([
      text,
      text,
      binary,
      text,
      ping,
      pong,
      close,
    ])
    await peer.close(1000)
    await peer.end()
    await closing
    // All was taken, as the answer to the close frame says; of the ping it says nothing.
    expect((await results).map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
    ])
  })

  test('of the pings that come while a message is compressed, the last one is answered', async () => {
    const { ws, peer } = await webSocketPair(role, {}, {})
    const sends = [ws.send('spool '.repeat(10_000)), ws.send('last')]
    peer.transport.cork()
    for (let count = 0; count < 1_000; count++) void peer.send(ping, `p${count}`)
    peer.transport.uncork()
    await Promise.all(sends)
    await until(() => ws.link.writer.direct)
    expect(peer.takeShort().slice(1)).toEqual([
      [text, 'last'],
      [pong, 'p999'],
    ])
    expect(ws.statistics().sending).toBe(0)
    await peer.send(ping, 'x')
    expect(peer.takeShort()).toEqual([[pong, 'x']])
    ws.destroy()
  })

  test('send() waits until a message is compressed', async () => {
    const { ws, peer } = await webSocketPair(role, {}, {})
    let sent = false
    const sending = ws.send('spool '.repeat(10_000)).then(() => (sent = true))
    expect([sent, ws.statistics().sending]).toEqual([false, 60_000])
    await sending
    await settle()
    expect(ws.statistics().sending).toBe(0)
    expect(peer.take().length).toBe(1)
    ws.destroy()
  })

  test.each([
    ['in one frame', Infinity],
    ['in fragments', 500],
  ])('a bomb %s is refused with 1009', async (_, size) => {
    const { ws, peer } = await webSocketPair(role, { maxMessageSize: 100_000 }, {})
    const bomb = deflated(Buffer.alloc(10_000_000))
    for (let at = 0; at < bomb.length; at += size) {
      const fin = at + size >= bomb.length
      await peer.send(at === 0 ? binary : continuation, bomb.subarray(at, at + size), {
        fin,
        rsv: at === 0 ? 4 : 0,
      })
    }
    await until(() => ws.ending !== undefined)
    expect(ws.ending).toMatchObject({ closeCode: 1009, wasClean: false })
    expect(peer.takeShort()).toEqual([[close, 1009]])
    ws.destroy()
  })

  test('many small bombs in one read are inflated one by one, as they are taken', async () => {
    const { ws, peer } = await webSocketPair(
      role,
      { maxQueue: 1_000_000 },
      { peerContextTakeover: false },
    )
    const bomb = deflated(Buffer.alloc(1_000_000))
    peer.transport.cork()
    for (let count = 0; count < 30; count++) await peer.send(binary, bomb, { rsv: 4 })
    peer.transport.uncork()
    await until(() => ws.statistics().queued > 0)
    for (let turns = 0; turns < 200; turns++) await turn()
    expect(ws.statistics().queued).toBe(1)
    for (let count = 0; count < 30; count++) {
      expect((await ws.receiveBytes()).length).toBe(1_000_000)
      expect(ws.statistics().queued).toBeLessThan(2)
    }
    ws.destroy()
  })

  test.each([
    ['compressed data that is none', Buffer.from([0xff, 0xff, 0xff]), 1007],
    ['compressed text that is not UTF-8', deflated(Buffer.from([0xc3, 0x28])), 1007],
  ])('%s is refused', async (_, payload, code) => {
    const { ws, peer } = await webSocketPair(role, {}, {})
    await peer.send(text, payload, { rsv: 4 })
    await until(() => ws.ending !== undefined)
    expect(ws.ending).toMatchObject({ closeCode: code, wasClean: false })
    ws.destroy()
  })

  test('text that is not UTF-8 is refused with its fragment, once inflated', async () => {
    const { ws, peer } = await webSocketPair(role, {}, {})
    const bytes = deflateRawSync(
      Buffer.concat([Buffer.from('x'.repeat(100)), Buffer.from([0xff])]),
      {
        finishFlush: constants.Z_SYNC_FLUSH,
      },
    )
    await peer.send(text, bytes, { fin: false, rsv: 4 })
    await until(() => ws.ending !== undefined)
    expect(ws.ending).toMatchObject({ closeCode: 1007 })
    ws.destroy()
  })

  test('RSV1 on a continuation is refused (§6.1)', async () => {
    const { ws, peer } = await webSocketPair(role, {}, {})
    await peer.send(text, 'a', { fin: false })
    await peer.send(continuation, 'b', { rsv: 4 })
    expect(ws.ending).toMatchObject({ closeCode: 1002 })
    ws.destroy()
  })

  test('a close frame and FIN behind a message that is still inflated lose nothing', async () => {
    const { ws, peer } = await webSocketPair(role, {}, {})
    const message = 'spool '.repeat(100_000)
    peer.transport.cork()
    await peer.send(text, deflated(message), { rsv: 4 })
    await peer.close(1000)
    peer.transport.uncork()
    await peer.end()
    expect(await ws.receive()).toBe(message)
    await expect(ws.receive()).rejects.toMatchObject({ closeCode: 1000, wasClean: true })
  })

  test('a connection that is lost while it compresses and inflates leaves nothing', async () => {
    const { ws, peer } = await webSocketPair(role, {}, {})
    const long = Buffer.alloc(1_000_000)
    const sends = Promise.allSettled([ws.send(long), ws.send(long), ws.send('last')])
    await peer.send(binary, deflated(long), { rsv: 4 })
    ws.destroy()
    expect((await sends).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    await until(() => ws.link.writer.direct)
    expect(ws.statistics()).toMatchObject({ queued: 0, sending: 0 })
    const held = ws.link.deflate!.extension as unknown as { _inflate: unknown; _deflate: unknown }
    await until(() => held._inflate === null && held._deflate === null)
    expect(peer.closed || peer.ended).toBe(true)
  })
})
