// What holds for every sequence of frames. The gate tries a bounded number of them, test/long as many as there is time.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { closePayload } from '../../../src/wire/websocket/close-payload.ts'
import { writeFrame } from '../../../src/wire/websocket/frame-writer.ts'
import { FIN, opcodes, RSV1 } from '../../../src/wire/websocket/opcodes.ts'
import { type FrameParts, frame } from '../../support/websocket-frames.ts'
import { bytesOf, expanded, piecesOf, record, type Recorded, shown } from './recording.ts'
import { type ReadByWs, readByWs, writtenByWs } from './ws-oracle.ts'

export interface Property {
  readonly name: string
  check(parameters: fc.Parameters<unknown>): void
}

interface Message {
  readonly opcode: number
  readonly payload: Buffer
  /** Where it is cut into fragments. */
  readonly cuts: readonly number[]
  readonly compressed: boolean
}

const control = fc.constantFrom(opcodes.ping, opcodes.pong)
const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.nat(300).map((length) => 'x'.repeat(length)),
  fc.nat(300).map((length) => '€'.repeat(length)),
)
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.nat(400).map((length) => new Uint8Array(length).fill(0xc3)),
)
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 })

const message: fc.Arbitrary<Message> = fc
  .tuple(fc.oneof(texts, bytes), fc.oneof(fc.constant([]), cuts), fc.boolean())
  .map(([payload, fragments, compressed]) => ({
    opcode: typeof payload === 'string' ? opcodes.text : opcodes.binary,
    payload: Buffer.from(payload as string),
    cuts: fragments,
    compressed,
  }))

const controlFrame = fc
  .tuple(control, fc.uint8Array({ maxLength: 125 }))
  .map(([opcode, payload]) => ({ opcode, payload: Buffer.from(payload) }))

interface Written {
  readonly bytes: Buffer
  readonly events: string[]
}

const session = fc.record({
  messages: fc.array(message, { maxLength: 4 }),
  controls: fc.array(controlFrame, { maxLength: 6 }),
  key: fc.integer(),
  fromClient: fc.boolean(),
  compression: fc.boolean(),
  ends: fc.option(fc.constantFrom(1000, 1001, 3000, 4999)),
  cuts,
})

type Session = typeof session extends fc.Arbitrary<infer T> ? T : never

/** The frames of a session, with a control frame between two fragments as long as there are some. */
function written({ messages, controls, key, fromClient, compression, ends }: Session): Written {
  const mask = fromClient ? key : undefined
  const frames: Buffer[] = []
  const events: string[] = []
  const waiting = [...controls]
  const put = (first: number, payload: Uint8Array): void => {
    frames.push(bytesOf(writeFrame(first, payload, payload.length, mask)))
  }
  for (const one of messages) {
    const compressed = compression && one.compressed
    // What expands to it: every byte of it twice.
    const payload = one.payload
    const parts = cutAt(payload, one.cuts)
    for (const [index, part] of parts.entries()) {
      const first = index === 0 ? one.opcode | (compressed ? RSV1 : 0) : opcodes.continuation
      put(first | (index === parts.length - 1 ? FIN : 0), part)
      const next = index < parts.length - 1 ? waiting.shift() : undefined
      if (next === undefined) continue
      put(next.opcode | FIN, next.payload)
      events.push(shown(next.opcode === opcodes.ping ? 'ping' : 'pong', next.payload))
    }
    const told = compressed ? expanded(payload) : payload
    if (one.opcode === opcodes.text) events.push(shown('text', told))
    else events.push(shown('binary', told))
  }
  if (ends !== null) {
    put(opcodes.close | FIN, closePayload(ends, 'bye'))
    events.push(`close ${ends} bye`)
  }
  return { bytes: Buffer.concat(frames), events }
}

function cutAt(data: Buffer, fractions: readonly number[]): Buffer[] {
  const offsets = fractions.map((one) => Math.floor(one * data.length)).toSorted((a, b) => a - b)
  return [...offsets, data.length].map((end, i) => data.subarray(i === 0 ? 0 : offsets[i - 1], end))
}

// Text that is doubled byte by byte is text only if it is ASCII.
const honest = session.map((one) => ({
  ...one,
  messages: one.messages.map((each) => ({
    ...each,
    compressed:
      each.compressed && (each.opcode !== opcodes.text || each.payload.every((b) => b < 0x80)),
  })),
}))

// Frames that may say anything, most of it right.
const anyFrame = fc
  .record({
    opcode: fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(opcodes.text, opcodes.binary, opcodes.continuation) },
      { weight: 2, arbitrary: fc.constantFrom(opcodes.ping, opcodes.pong) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 15 }) },
    ),
    payload: fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }).map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 6 }).map((some) => Buffer.from(some)),
      fc.nat(260).map((length) => Buffer.alloc(length, 'x')),
      fc.integer({ min: 900, max: 5100 }).map((code) => Buffer.from(closePayload(code, 'é'))),
    ),
    fin: fc.boolean(),
    rsv: fc.oneof(
      { weight: 8, arbitrary: fc.constant(0) },
      { weight: 2, arbitrary: fc.constant(4) },
      { weight: 1, arbitrary: fc.nat(7) },
    ),
    masked: fc.oneof(
      { weight: 20, arbitrary: fc.constant(true) },
      { weight: 1, arbitrary: fc.constant(false) },
    ),
    lengthBits: fc.constantFrom(
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      16 as const,
      64 as const,
    ),
    claimed: fc.oneof(
      { weight: 20, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.constantFrom(0, 1, 126, 600, 65_536, 2 ** 40) },
    ),
  })
  .map(({ opcode, payload, lengthBits, claimed, ...parts }) => ({
    opcode,
    payload,
    // A length that is not there, or does not fit in as many bits, would be none.
    parts: {
      ...parts,
      ...(lengthBits === undefined || (claimed ?? 0) > 65_535 ? {} : { lengthBits }),
      ...(claimed === undefined ? {} : { claimed }),
    } satisfies FrameParts,
  }))

const damaged = fc
  .tuple(session, fc.array(fc.tuple(fc.nat(), fc.nat(7)), { minLength: 1, maxLength: 3 }))
  .map(([one, flips]) => {
    const data = Buffer.from(written(one).bytes)
    for (const [at, bit] of flips) if (data.length > 0) data[at % data.length]! ^= 1 << bit
    return { data, fromClient: one.fromClient }
  })

const made = fc
  .tuple(fc.array(anyFrame, { maxLength: 8 }), fc.boolean())
  .map(([frames, fromClient]) => ({
    fromClient,
    data: Buffer.concat(
      frames.map(({ opcode, payload, parts }) =>
        frame(opcode, payload, { ...parts, masked: parts.masked === fromClient }),
      ),
    ),
  }))

export const properties: readonly Property[] = [
  {
    name: 'MessageReader reads what was written, wherever the bytes are cut',
    check(parameters) {
      fc.assert(
        fc.property(honest, (one) => {
          const { bytes: all, events } = written(one)
          const { fromClient, compression } = one
          const expected = { events, fault: undefined }
          for (const pieces of [[all], cutAt(all, one.cuts), piecesOf(all, 1)]) {
            assert.deepEqual(record(pieces, { fromClient, compression }), expected)
          }
        }),
        parameters,
      )
    },
  },
  ...(
    [
      ['damaged frames', damaged],
      ['frames of any kind', made],
    ] as const
  ).map(([name, arbitrary]): Property => ({
    name: `MessageReader reads ${name} as ws does, but for what is documented, wherever they are cut`,
    check(parameters) {
      fc.assert(
        fc.property(arbitrary, fc.boolean(), cuts, ({ data, fromClient }, compression, where) => {
          const reading = { fromClient, compression, maxPayload: 500, maxFragments: 5 }
          const whole = record([data], reading)
          assert.deepEqual(record(cutAt(data, where), reading), whole)
          assert.deepEqual(record(piecesOf(data, 1), reading), whole)
          compare(whole, readByWs(data, reading))
        }),
        parameters,
      )
    },
  })),
  {
    name: 'writeFrame() writes the bytes that ws writes',
    check(parameters) {
      const first = fc.constantFrom(0x81, 0x82, 0xc1, 0x01, 0x00, 0x80, 0x89)
      const data = fc.oneof(
        texts,
        bytes.map((some) => Buffer.from(some)),
        fc.constantFrom(125, 126, 65_535, 65_536).map((length) => Buffer.alloc(length, 'y')),
      )
      fc.assert(
        fc.property(first, data, fc.option(fc.integer(), { nil: undefined }), (kind, one, key) => {
          const ours = bytesOf(writeFrame(kind, one, Buffer.byteLength(one), key))
          assert.ok(ours.equals(writtenByWs(kind, one, key)))
        }),
        parameters,
      )
    },
  },
]

const closeCodes = new Map([
  ['WS_ERR_INVALID_UTF8', 1007],
  ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', 1009],
  ['WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH', 1009],
  ['WS_ERR_TOO_MANY_BUFFERED_PARTS', 1008],
])

/** The same events and the same end; or one of the differences that are on purpose. */
function compare(ours: Recorded, theirs: ReadByWs): void {
  const { events, fault } = ours
  const theirCode = theirs.fault && (closeCodes.get(theirs.fault.code) ?? 1002)
  const same = events.join('\n') === theirs.events.join('\n') && fault?.closeCode === theirCode
  if (same) return
  const context = JSON.stringify({ ours, theirs })
  const more = theirs.events.slice(events.length)
  assert.deepEqual(theirs.events.slice(0, events.length), events, context)
  if (fault === undefined) {
    // What is compressed may be somewhat larger than what it becomes may be: ws refuses it at once.
    assert.ok(theirCode === 1009 && more.length === 0, context)
  } else if (/shortest form/.test(fault.message)) {
    // RFC 6455 §5.2: ws takes lengths that are longer than they need to be.
  } else if (/highest bit/.test(fault.message)) {
    assert.ok(theirCode === 1009 && more.length === 0, context)
  } else if (fault.closeCode === 1007) {
    // We look at text as it comes, ws once it is whole: until then it takes control frames, and finds other faults.
    assert.ok(!more.some((event) => /^(?:text|binary)/.test(event)), context)
  } else {
    // We look at a head as it comes, at the number of frames before their bytes: ws waits, or stops at what
    // comes first of them.
    assert.ok(
      more.length === 0 &&
        (theirCode === undefined || fault.closeCode === 1008 || theirCode === 1009),
      context,
    )
  }
}
