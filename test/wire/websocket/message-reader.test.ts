import { describe, expect, test, vi } from 'vitest'
import { ProtocolError } from 'spool/wire'
import { MessageReader } from '../../../src/wire/websocket/message-reader.ts'
import { closeFrame, type FrameParts, frame, opcodes } from '../../support/websocket-frames.ts'
import { expanded, piecesOf, type Reading, record, shown, waysToCut } from './recording.ts'

const { continuation, text, binary, close, ping, pong } = opcodes

const hex = (bytes: string): Buffer => Buffer.from(bytes, 'hex')
const all = (...frames: Uint8Array[]): Buffer => Buffer.concat(frames)

describe.each([
  ['a client', true],
  ['a server', false],
])('MessageReader of what %s sends', (_, fromClient) => {
  const made = (opcode: number, payload: string | Uint8Array = '', parts: FrameParts = {}) =>
    frame(opcode, payload, { masked: fromClient, ...parts })
  const closed = (code?: number, reason = '') => closeFrame(code, reason, { masked: fromClient })

  test.each<[string, () => Buffer, string[], Reading?]>([
    ['a text', () => made(text, 'Hello'), [told('text', 'Hello')]],
    ['an empty text', () => made(text), [told('text', '')]],
    ['a text that is not ASCII', () => made(text, 'κόσμε €😀'), [told('text', 'κόσμε €😀')]],
    [
      'a text with NUL and a byte order mark',
      () => made(text, '\ufeff\0'),
      [told('text', '\ufeff\0')],
    ],
    ['bytes', () => made(binary, hex('00ff80')), [told('binary', hex('00ff80'))]],
    ['no bytes', () => made(binary), [told('binary', '')]],
    ...[125, 126, 127, 128, 255, 256].map((length): [string, () => Buffer, string[]] => [
      `a text of ${length} bytes`,
      () => made(text, 'x'.repeat(length)),
      [told('text', 'x'.repeat(length))],
    ]),
    [
      'a text in fragments, cut inside a character',
      () =>
        all(
          made(text, hex('e2'), { fin: false }),
          made(continuation, '', { fin: false }),
          made(continuation, hex('82'), { fin: false }),
          made(continuation, hex('ac61')),
        ),
      [told('text', '€a')],
    ],
    [
      'an empty message in fragments',
      () => all(made(binary, '', { fin: false }), made(continuation)),
      [told('binary', '')],
    ],
    [
      'control frames between fragments',
      () =>
        all(
          made(text, 'a', { fin: false }),
          made(ping, 'p'),
          made(continuation, 'b', { fin: false }),
          made(pong, 'q'),
          made(continuation, 'c'),
        ),
      [told('ping', 'p'), told('pong', 'q'), told('text', 'abc')],
    ],
    ['a ping of 125 bytes', () => made(ping, 'x'.repeat(125)), [told('ping', 'x'.repeat(125))]],
    [
      'a close with a reason, and nothing behind it',
      () => all(made(text, 'a'), closed(4_000, 'é'), made(text, 'b'), hex('ffff')),
      [told('text', 'a'), 'close 4000 é'],
    ],
    ['a close without a code', () => closed(), ['close 1005 ']],
    [
      'a close inside a message in fragments',
      () => all(made(text, 'a', { fin: false }), closed(1000)),
      ['close 1000 '],
    ],
    [
      'a compressed message, in one frame and in three',
      () =>
        all(
          made(text, 'ab', { rsv: 4 }),
          made(binary, 'c', { rsv: 4, fin: false }),
          made(ping, 'p'),
          made(continuation, hex('00'), { fin: false }),
          made(continuation, 'd'),
          made(text, 'as it is'),
        ),
      [told('text', 'aabb'), told('ping', 'p'), told('binary', 'ccdd'), told('text', 'as it is')],
      { compression: true },
    ],
    [
      'a compressed message of nothing',
      () =>
        all(
          made(text, hex('00'), { rsv: 4 }),
          made(binary, hex('00'), { rsv: 4, fin: false }),
          made(continuation, hex('00')),
        ),
      [told('text', ''), told('binary', '')],
      { compression: true },
    ],
    [
      'a compressed message that is larger than what it becomes may be',
      () => made(binary, all(Buffer.alloc(1_500), hex('61')), { rsv: 4 }),
      [told('binary', 'aa')],
      { compression: true, maxPayload: 1_000 },
    ],
  ])('tells %s', (_, bytes, expected, reading = {}) => {
    for (const pieces of waysToCut(bytes())) {
      const recorded = record(pieces, { ...reading, fromClient })
      expect(recorded).toEqual({ events: expected, fault: undefined })
    }
  })

  test.each<[string, number, () => Buffer, Reading?]>([
    ['RSV1 without compression (§5.2)', 1002, () => made(text, 'a', { rsv: 4 })],
    ['RSV2 (§5.2)', 1002, () => made(text, 'a', { rsv: 2 })],
    ['RSV3 (§5.2)', 1002, () => made(binary, 'a', { rsv: 1 })],
    ['RSV1 on a control frame', 1002, () => made(ping, '', { rsv: 4 }), { compression: true }],
    [
      'RSV1 on a continuation',
      1002,
      () => all(made(text, 'a', { fin: false }), made(continuation, 'b', { rsv: 4 })),
      { compression: true },
    ],
    ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode): [string, number, () => Buffer] => [
      `opcode ${opcode} (§5.2)`,
      1002,
      () => made(opcode, 'a'),
    ]),
    ['the wrong masking (§5.1)', 1002, () => made(text, 'a', { masked: !fromClient })],
    ['a ping in fragments (§5.5)', 1002, () => made(ping, 'a', { fin: false })],
    ['a close in fragments (§5.5)', 1002, () => made(close, '', { fin: false })],
    ['a ping of 126 bytes (§5.5)', 1002, () => made(ping, 'x'.repeat(126))],
    ['a close of 126 bytes (§5.5)', 1002, () => made(close, 'x'.repeat(126))],
    ['a continuation of nothing (§5.4)', 1002, () => made(continuation, 'a')],
    [
      'a continuation behind the last one (§5.4)',
      1002,
      () => all(made(text, 'a', { fin: false }), made(continuation, 'b'), made(continuation, 'c')),
    ],
    [
      'a new message inside another (§5.4)',
      1002,
      () => all(made(text, 'a', { fin: false }), made(text, 'b')),
    ],
    [
      'a length of 125 in 16 bits (§5.2)',
      1002,
      () => made(text, 'x'.repeat(125), { lengthBits: 16 }),
    ],
    [
      'a length of 65,535 in 64 bits (§5.2)',
      1002,
      () => made(text, '', { lengthBits: 64, claimed: 65_535 }),
    ],
    ['a length of 2⁶³ (§5.2)', 1002, () => withLength('8000000000000000')],
    ['a length of 2⁶⁴ − 1 (§5.2)', 1002, () => withLength('ffffffffffffffff')],
    ['a length of 2⁶³ − 1', 1009, () => withLength('7fffffffffffffff')],
    ['a length of 2⁵³', 1009, () => withLength('0020000000000000')],
    ['a length of 2³²', 1009, () => withLength('0000000100000000')],
    ['a close of one byte (§5.5.1)', 1002, () => made(close, 'a')],
    ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map(
      (code): [string, number, () => Buffer] => [
        `a close with ${code} (§7.4)`,
        1002,
        () => closed(code),
      ],
    ),
    ['a reason that is not UTF-8 (§5.5.1)', 1007, () => made(close, hex('03e8c328'))],
    ['text that is not UTF-8 (§8.1)', 1007, () => made(text, hex('ff'))],
    ['half a character (§8.1)', 1007, () => made(text, hex('c3'))],
    ['a surrogate (§8.1)', 1007, () => made(text, hex('eda080'))],
    [
      'half a character at the end of fragments (§8.1)',
      1007,
      () => all(made(text, 'a', { fin: false }), made(continuation, hex('e282'))),
    ],
    ['a message above the limit', 1009, () => made(text, '', { claimed: 1_001 })],
    [
      'fragments that are together above the limit',
      1009,
      () =>
        all(
          made(binary, 'x'.repeat(600), { fin: false }),
          made(continuation, '', { claimed: 401 }),
        ),
    ],
    [
      'a message that is above the limit once it is inflated',
      1009,
      () => made(binary, 'x'.repeat(501), { rsv: 4 }),
      { compression: true },
    ],
    [
      'fragments that are together above the limit once they are inflated',
      1009,
      () =>
        all(
          made(binary, 'x'.repeat(300), { fin: false, rsv: 4 }),
          made(continuation, 'x'.repeat(201)),
        ),
      { compression: true },
    ],
    [
      'a compressed message that is far above the limit',
      1009,
      () => made(binary, '', { claimed: 2_150, rsv: 4 }),
      { compression: true },
    ],
    [
      'compressed text that is not UTF-8',
      1007,
      () => made(text, hex('ff'), { rsv: 4 }),
      { compression: true },
    ],
    [
      'compressed text that is not UTF-8, in its first fragment',
      1007,
      () => made(text, hex('61ff'), { rsv: 4, fin: false }),
      { compression: true },
    ],
    [
      'more fragments than are allowed',
      1008,
      () =>
        all(
          made(text, '', { fin: false }),
          ...Array.from({ length: 5 }, () => made(continuation, '', { fin: false })),
        ),
      { maxFragments: 5 },
    ],
  ])('refuses %s with %s', (_, closeCode, bytes, reading = {}) => {
    const whole = all(made(text, 'before'), bytes())
    const options = { maxPayload: 1_000, ...reading, fromClient }
    const { events, fault } = record([whole], options)
    expect([events[0], fault?.closeCode]).toEqual([told('text', 'before'), closeCode])
    const trailed = all(whole, made(text, 'after'), made(15))
    for (const pieces of [...waysToCut(whole), ...waysToCut(trailed)]) {
      expect(record(pieces, options)).toEqual({ events, fault })
    }
  })

  function withLength(length: string): Buffer {
    return all(made(binary, '', { lengthBits: 64, claimed: 65_536 }).subarray(0, 2), hex(length))
  }

  test('takes a message of exactly the limit', () => {
    const payload = Buffer.alloc(70_000, 'é')
    const expected = { events: [told('text', payload)], fault: undefined }
    for (const size of [Infinity, 65_536, 4_096, 7]) {
      const pieces = piecesOf(made(text, payload), size)
      expect(record(pieces, { maxPayload: 70_000, fromClient })).toEqual(expected)
    }
  })

  test.each<[string, string, number]>([
    ['a byte that never is', '61ff', 2],
    ['a continuation of nothing', '6180', 2],
    ['an overlong slash', '61c0af', 2],
    ['a surrogate', 'eda080', 2],
    ['what is above U+10FFFF', 'f4908080', 2],
    ['a character that is broken off', 'e28261', 3],
    ['an overlong character of three bytes', 'e08080', 2],
    ['an overlong character of four bytes', 'f0808080', 2],
    ['a first byte above all', 'f5808080', 1],
  ])('finds %s with the byte that shows it, in a frame of which more is to come', (_, bad, at) => {
    for (const before of ['', 'é', 'x'.repeat(200), '€'.repeat(300)]) {
      const start = Buffer.from(before)
      const whole = made(text, all(start, hex(bad), Buffer.from('and more of it')))
      const head = whole.length - start.length - bad.length / 2 - 14
      const shows = head + start.length + at
      expect(record([whole.subarray(0, shows - 1)], { fromClient }).fault).toBeUndefined()
      expect(record([whole.subarray(0, shows)], { fromClient }).fault?.closeCode).toBe(1007)
      expect(
        record(piecesOf(whole.subarray(0, shows - 1), 1), { fromClient }).fault,
      ).toBeUndefined()
      expect(record(piecesOf(whole.subarray(0, shows), 1), { fromClient }).fault?.closeCode).toBe(
        1007,
      )
    }
  })

  test('finds a fault of the head before the head is whole', () => {
    const faults: [Buffer, number, number][] = [
      [made(3, 'a'), 1, 1002],
      [made(continuation, 'a'), 1, 1002],
      [made(text, 'a', { masked: !fromClient }), 2, 1002],
      [made(close, 'a'), 2, 1002],
      [made(binary, '', { claimed: 1_001 }), 4, 1009],
      [made(binary, '', { claimed: 100_000 }), 10, 1009],
    ]
    for (const [bytes, shows, closeCode] of faults) {
      const options = { maxPayload: 1_000, fromClient }
      expect(record([bytes.subarray(0, shows - 1)], options).fault).toBeUndefined()
      expect(record([bytes.subarray(0, shows)], options).fault?.closeCode).toBe(closeCode)
    }
  })

  test('gives a whole binary message as a view of the bytes that were fed, and copies no other', () => {
    const views: [Uint8Array, boolean][] = []
    const reader = readerOf({ binary: (data, view) => void views.push([data, view]) }, fromClient)
    const chunk = all(made(binary, 'whole'), made(binary, 'cut'))
    reader.feed(chunk.subarray(0, chunk.length - 1))
    reader.feed(chunk.subarray(chunk.length - 1))
    expect(views.map(([data, view]) => [Buffer.from(data).toString(), view])).toEqual([
      ['whole', true],
      ['cut', false],
    ])
    expect(
      views.map(([data]) => data.buffer === chunk.buffer && data.byteOffset >= chunk.byteOffset)[0],
    ).toBe(true)
  })

  test('sets nothing aside for what was only announced', () => {
    const allocated = vi.spyOn(Buffer, 'allocUnsafe')
    const reader = readerOf({}, fromClient, 1_000_000_000)
    reader.feed(made(binary, '', { claimed: 900_000_000 }))
    for (let at = 0; at < 1_000; at++) reader.feed(new Uint8Array(1))
    const sizes = allocated.mock.calls.map(([size]) => size)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2_048)
    expect(sizes.length).toBeLessThan(10)
  })

  test('stop() in an event is the end of it', () => {
    const got: string[] = []
    const reader = readerOf(
      {
        text: (message) => {
          got.push(message)
          reader.stop()
        },
      },
      fromClient,
    )
    const two = all(made(text, 'a'), made(text, 'b'))
    expect(reader.feed(two)).toBe(two.length)
    expect(reader.feed(made(15))).toBeGreaterThan(0)
    expect(got).toEqual(['a'])
  })

  test('reads nothing while something has to be inflated', () => {
    const told: unknown[] = []
    const reader = readerOf(
      {
        text: (message) => void told.push(message),
        compressed: (data, fin, view) => void told.push(Buffer.from(data).toString(), fin, view),
      },
      fromClient,
    )
    const first = made(text, 'a', { rsv: 4 })
    const chunk = all(first, made(text, 'b'))
    expect(reader.feed(chunk)).toBe(first.length)
    expect(reader.feed(chunk.subarray(first.length))).toBe(0)
    expect(told).toEqual(['a', true, true])
    reader.inflated(expanded(Buffer.from('a')))
    reader.inflated(Buffer.from('nobody asked'))
    expect(reader.feed(chunk.subarray(first.length))).toBe(chunk.length - first.length)
    expect(told.slice(3)).toEqual(['aa', 'b'])
  })

  test('passes on what a listener throws, and reads nothing then', () => {
    const fault = new Error('listener')
    const reader = readerOf(
      {
        ping: () => {
          throw fault
        },
      },
      fromClient,
    )
    expect(() => reader.feed(made(ping))).toThrow(fault)
    expect(reader.feed(made(15))).toBeGreaterThan(0)
  })

  test('throws what the peer did once, and ignores what comes then', () => {
    const reader = readerOf({}, fromClient)
    expect(() => reader.feed(made(15))).toThrow(ProtocolError)
    expect(reader.feed(made(15))).toBeGreaterThan(0)
  })
})

function ignore(): void {}

function readerOf(
  events: Partial<ConstructorParameters<typeof MessageReader>[0]>,
  fromClient: boolean,
  maxPayload = 1_000,
): MessageReader {
  return new MessageReader(
    {
      text: ignore,
      binary: ignore,
      ping: ignore,
      pong: ignore,
      close: ignore,
      compressed: ignore,
      ...events,
    },
    { maxPayload, maxFragments: 10 },
    fromClient,
    true,
  )
}

function told(name: string, payload: string | Buffer): string {
  return shown(name, Buffer.from(payload as string))
}
