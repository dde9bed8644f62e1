/** What RFC 6455 demands of whoever reads frames, at both ends, against a peer that breaks each rule. */
import { settle } from 'spool/testing'
import { describe, expect, test } from 'vitest'
import { closeFrame, type FrameParts, frame, opcodes } from '../../support/websocket-frames.ts'
import { type Role, webSocketPair } from '../../support/websocket-pair.ts'

const { continuation, text, binary, close, ping, pong } = opcodes

describe.each<Role>(['server', 'client'])('WebSocketLink as a %s', (role) => {
  const masked = role === 'server'
  const made = (opcode: number, payload: string | Uint8Array = '', parts: FrameParts = {}) =>
    frame(opcode, payload, { masked, ...parts })

  test.each<[string, number, () => Buffer]>([
    ['RSV1 without compression (§5.2)', 1002, () => made(text, 'a', { rsv: 4 })],
    ['RSV2 (§5.2)', 1002, () => made(text, 'a', { rsv: 2 })],
    ['RSV3 (§5.2)', 1002, () => made(binary, 'a', { rsv: 1 })],
    ['RSV1 on a control frame', 1002, () => made(ping, '', { rsv: 4 })],
    ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode): [string, number, () => Buffer] => [
      `opcode ${opcode} (§5.2)`,
      1002,
      () => made(opcode, 'a'),
    ]),
    ['the wrong masking (§5.1)', 1002, () => made(text, 'a', { masked: !masked })],
    ['a ping in fragments (§5.5)', 1002, () => made(ping, 'a', { fin: false })],
    ['a close in fragments (§5.5)', 1002, () => made(close, '', { fin: false })],
    ['a ping of 126 bytes (§5.5)', 1002, () => made(ping, 'x'.repeat(126))],
    ['a close of 126 bytes (§5.5)', 1002, () => made(close, 'x'.repeat(126))],
    ['a continuation of nothing (§5.4)', 1002, () => made(continuation, 'a')],
    [
      'a new message inside another (§5.4)',
      1002,
      () => Buffer.concat([made(text, 'a', { fin: false }), made(text, 'b')]),
    ],
    ['a close of one byte (§5.5.1)', 1002, () => made(close, 'a')],
    ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map(
      (code): [string, number, () => Buffer] => [
        `a close with ${code} (§7.4)`,
        1002,
        () => closeFrame(code, '', { masked }),
      ],
    ),
    [
      'a reason that is not UTF-8 (§5.5.1)',
      1007,
      () => made(close, Buffer.from([3, 232, 0xc3, 0x28])),
    ],
    ['text that is not UTF-8 (§8.1)', 1007, () => made(text, Buffer.from([0xff]))],
    ['half a character (§8.1)', 1007, () => made(text, Buffer.from('é').subarray(0, 1))],
    ['a surrogate (§8.1)', 1007, () => made(text, Buffer.from([0xed, 0xa0, 0x80]))],
    [
      'text that is not UTF-8 in its second fragment',
      1007,
      () =>
        Buffer.concat([
          made(text, Buffer.from('é').subarray(0, 1), { fin: false }),
          made(continuation, 'a'),
        ]),
    ],
    ['a message above the limit', 1009, () => made(text, '', { claimed: 10_001 })],
    [
      'fragments that are together above the limit',
      1009,
      () =>
        Buffer.concat([
          made(binary, Buffer.alloc(3_000), { fin: false }),
          made(continuation, '', { claimed: 7_001 }),
        ]),
    ],
    [
      'a length of 2⁶³ (§5.2)',
      1002,
      () =>
        Buffer.concat([
          made(text, '', { lengthBits: 64, claimed: 5 }).subarray(0, 2),
          Buffer.from([0x80, 0, 0, 0, 0, 0, 0, 0]),
        ]),
    ],
    [
      'a length that is not in its shortest form (§5.2)',
      1002,
      () => made(text, 'a', { lengthBits: 16 }),
    ],
    [
      'more fragments than are allowed',
      1008,
      () =>
        Buffer.concat([
          made(text, '', { fin: false }),
          ...Array.from({ length: 1_024 }, () => made(continuation, '', { fin: false })),
        ]),
    ],
  ])('%s closes with %s', async (_, code, bytes) => {
    for (const chunkSize of [Infinity, 1]) {
      const { ws, peer, wheel } = await webSocketPair(role, { maxMessageSize: 10_000 }, undefined, {
        chunkSize,
        shared: true,
      })
      await peer.send(text, 'before')
      await peer.write(Buffer.concat([bytes(), made(text, 'after')]))
      expect(peer.takeShort()).toEqual([[close, code]])
      expect([peer.ended, await ws.receive()]).toEqual([true, 'before'])
      await expect(ws.receive()).rejects.toMatchObject({
        closeCode: code,
        wasClean: false,
        closedBy: 'local',
        cause: { code: 'SPOOL_REMOTE_PROTOCOL', closeCode: code },
      })
      await peer.end()
      expect([ws.link.gone, peer.closed, wheel.size]).toEqual([true, true, 0])
    }
  })

  test('a message of the largest size is read byte by byte', async () => {
    const { ws, peer } = await webSocketPair(role, { maxMessageSize: 70_000 }, undefined, {
      chunkSize: 1,
    })
    const message = 'é'.repeat(35_000)
    const receiving = ws.receive()
    await peer.write(made(text, message))
    expect((await receiving) === message).toBe(true)
    ws.destroy()
  })

  test.each([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999])(
    'a close with %s is answered with the same (§5.5.1)',
    async (code) => {
      const { ws, peer } = await webSocketPair(role)
      await peer.close(code, 'why')
      expect(peer.takeShort()).toEqual([[close, code]])
      expect(ws.ending).toMatchObject({ closeCode: code, reason: 'why', wasClean: true })
      await peer.end()
      expect(ws.link.gone).toBe(true)
    },
  )

  test('a close without a code is answered without one, and is 1005 (§7.1.5)', async () => {
    const { ws, peer } = await webSocketPair(role)
    await peer.close()
    expect(peer.take().map(({ opcode, payload }) => [opcode, payload.length])).toEqual([[close, 0]])
    expect(ws.ending).toMatchObject({ closeCode: 1005, reason: '', wasClean: true })
    ws.destroy()
  })

  test('nothing is read behind a close frame (§5.5.1)', async () => {
    const { ws, peer } = await webSocketPair(role)
    await peer.write(
      Buffer.concat([closeFrame(1000, '', { masked }), made(text, 'a'), made(15, 'b')]),
    )
    await peer.send(text, 'c')
    await expect(ws.receive()).rejects.toMatchObject({ closeCode: 1000 })
    expect(peer.takeShort()).toEqual([[close, 1000]])
    ws.destroy()
  })

  test.each([0, 1, 125])(
    'a ping of %s bytes is answered with the same (§5.5.3)',
    async (length) => {
      const { ws, peer } = await webSocketPair(role)
      const payload = 'x'.repeat(length)
      await peer.send(ping, payload)
      await peer.send(pong, 'unasked')
      expect(peer.takeShort()).toEqual([[pong, payload]])
      expect(ws.open).toBe(true)
      ws.destroy()
    },
  )

  test('control frames come between fragments, at once (§5.4)', async () => {
    const { ws, peer } = await webSocketPair(role)
    await peer.send(text, 'a', { fin: false })
    await peer.send(ping, 'now')
    expect(peer.takeShort()).toEqual([[pong, 'now']])
    await peer.send(continuation, '', { fin: false })
    await peer.send(pong, '')
    await peer.send(continuation, 'b')
    expect(await ws.receive()).toBe('ab')
    await peer.send(text, 'c', { fin: false })
    await peer.close(1000)
    await expect(ws.receive()).rejects.toMatchObject({ closeCode: 1000 })
    ws.destroy()
  })

  test('text is the same wherever its bytes are cut into fragments', async () => {
    const { ws, peer } = await webSocketPair(role)
    const whole = 'κόσμε €😀 \u0000\ufeff\u{10ffff}'
    const bytes = Buffer.from(whole)
    for (let at = 0; at <= bytes.length; at++) {
      await peer.send(text, bytes.subarray(0, at), { fin: false })
      await peer.send(continuation, bytes.subarray(at))
      expect(await ws.receive()).toBe(whole)
    }
    for (const [index, byte] of bytes.entries()) {
      const opcode = index === 0 ? text : continuation
      await peer.send(opcode, Buffer.from([byte]), { fin: index === bytes.length - 1 })
    }
    expect(await ws.receive()).toBe(whole)
    ws.destroy()
  })

  test.each<[string, string]>([
    ['a byte that never is', 'ff'],
    ['a continuation of nothing', '80'],
    ['an overlong slash', 'c0af'],
    ['half of an overlong slash', 'c0'],
    ['a surrogate', 'eda0'],
    ['what is above U+10FFFF', 'f490'],
    ['a character that is broken off', 'e28261'],
  ])('text with %s in a fragment is refused with the fragment', async (_, bad) => {
    for (const before of ['', 'é', '€'.repeat(1_000)]) {
      const { ws, peer } = await webSocketPair(role)
      await peer.send(text, before, { fin: false })
      await peer.send(continuation, '', { fin: false })
      expect(peer.take()).toEqual([])
      await peer.send(continuation, Buffer.from(bad, 'hex'), { fin: false })
      expect(peer.takeShort()).toEqual([[close, 1007]])
      ws.destroy()
    }
  })

  test('text that is not UTF-8 is refused before its frame is whole', async () => {
    const { ws, peer } = await webSocketPair(role)
    const whole = made(text, Buffer.concat([Buffer.from('κόσμε'), Buffer.from([0xff, 0x61])]))
    await peer.write(whole.subarray(0, -2))
    expect(peer.take()).toEqual([])
    await peer.write(whole.subarray(-2, -1))
    expect(peer.takeShort()).toEqual([[close, 1007]])
    ws.destroy()
  })

  test('what begins in one fragment and becomes invalid in the next is refused there', async () => {
    const { ws, peer } = await webSocketPair(role)
    await peer.send(text, 'whole', { fin: false })
    await peer.send(continuation, Buffer.from([0xe2, 0x82]), { fin: false })
    expect(peer.take()).toEqual([])
    await peer.send(continuation, 'a', { fin: false })
    expect(peer.takeShort()).toEqual([[close, 1007]])
    ws.destroy()
  })

  test('the fragments of one message say nothing of those of the next', async () => {
    const { ws, peer } = await webSocketPair(role)
    for (let round = 0; round < 3; round++) {
      await peer.send(text, Buffer.from([0xe2]), { fin: false })
      await peer.send(continuation, Buffer.from([0x82]), { fin: false })
      await peer.send(continuation, Buffer.from([0xac]))
      await peer.send(binary, Buffer.from([0xff]), { fin: false })
      await peer.send(continuation, Buffer.from([0xff]))
      expect(await ws.receive()).toBe('€')
      expect(await ws.receive()).toEqual(Buffer.from([0xff, 0xff]))
    }
    expect(ws.open).toBe(true)
    ws.destroy()
  })

  test.each([1, 2, 3, 7, 4_096, Infinity])('frames are read in chunks of %s', async (chunkSize) => {
    for (const shared of [false, true]) {
      const { ws, peer } = await webSocketPair(role, {}, undefined, { chunkSize, shared })
      const lengths = [0, 1, 125, 126, 127, 300, ...(chunkSize < 100 ? [] : [65_535, 65_536])]
      const frames = lengths.map((length) => made(binary, Buffer.alloc(length, 'abc')))
      const reading = (async () => {
        const got: number[] = []
        for (let count = 0; count < frames.length; count++) {
          const message = await ws.receiveBytes()
          expect(Buffer.from(message).equals(Buffer.alloc(message.length, 'abc'))).toBe(true)
          got.push(message.length)
        }
        return got
      })()
      await peer.write(Buffer.concat(frames))
      expect(new Set(await reading)).toEqual(new Set(lengths))
      ws.destroy()
      await settle()
    }
  })

  test('a small binary message does not keep a large read in memory', async () => {
    const { ws, peer } = await webSocketPair(role)
    await peer.write(Buffer.concat([made(binary, 'small'), made(binary, Buffer.alloc(60_000))]))
    const small = await ws.receiveBytes()
    expect(small.buffer.byteLength).toBeLessThanOrEqual(Buffer.poolSize)
    ws.destroy()
  })
})
