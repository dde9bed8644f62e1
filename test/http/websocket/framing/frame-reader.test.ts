import { describe, expect, test } from 'vitest'
import type { ProtocolError } from 'spool/wire'
import {
  type FrameEvents,
  FrameReader,
} from '../../../../src/http/websocket/framing/frame-reader.ts'
import type { MessageDeflate } from '../../../../src/http/websocket/framing/message-deflate.ts'
import { webSocketSettings } from '../../../../src/http/websocket/websocket-options.ts'
import { closeFrame, type FrameParts, frame, opcodes } from '../../../support/websocket-frames.ts'

const { text, binary, ping } = opcodes

/** Inflates when it is told to: what is given back is what came, twice. */
class SlowDeflate {
  readonly #waiting: (() => void)[] = []

  get waiting(): number {
    return this.#waiting.length
  }

  inflate(data: Uint8Array, _: boolean, done: (result: Uint8Array | ProtocolError) => void): void {
    this.#waiting.push(() => done(Buffer.concat([data, data])))
  }

  next(): void {
    this.#waiting.shift()?.()
  }
}

class Recorder implements FrameEvents {
  satiated = false
  readonly told: unknown[] = []

  message(message: string | Uint8Array, size: number): void {
    const shown = typeof message === 'string' ? message : Buffer.from(message).toString()
    this.told.push(shown.length > 20 ? size : shown)
  }

  ping(): void {
    this.told.push('ping')
  }

  pong(): void {
    this.told.push('pong')
  }

  concluded(code: number): void {
    this.told.push(code)
  }

  unreadable(error: ProtocolError): void {
    this.told.push(error)
  }

  congested(congested: boolean): void {
    this.told.push(congested)
  }

  caughtUp(): void {
    this.told.push('caught up')
  }
}

function made(opcode: number, payload: string | Uint8Array = '', parts: FrameParts = {}): Buffer {
  return frame(opcode, payload, parts)
}

function compressed(payload: string): Buffer {
  return made(text, payload, { rsv: 4 })
}

function start(): { reader: FrameReader; events: Recorder; deflate: SlowDeflate } {
  const deflate = new SlowDeflate()
  const events = new Recorder()
  const settings = webSocketSettings({ compression: true })
  const reader = new FrameReader(true, settings, deflate as unknown as MessageDeflate, events)
  return { reader, events, deflate }
}

/** Feeds as a shared read buffer does, which is overwritten afterwards. */
function feedShared(reader: FrameReader, bytes: Uint8Array): void {
  const shared = Buffer.from(bytes)
  reader.feed(shared, true)
  shared.fill(0xee)
}

describe('FrameReader', () => {
  test('FrameReader reads nothing while it inflates, and then all that came, in order', () => {
    const { reader, events, deflate } = start()
    feedShared(
      reader,
      Buffer.concat([made(text, 'a'), compressed('b'), made(binary, 'c'), compressed('d')]),
    )
    feedShared(reader, Buffer.concat([made(ping), made(text, 'e')]))
    expect([reader.behind, events.told]).toEqual([true, ['a']])
    deflate.next()
    expect(events.told).toEqual(['a', 'bb', 'c'])
    feedShared(reader, closeFrame(1000))
    deflate.next()
    expect(events.told.slice(3)).toEqual(['dd', 'ping', 'e', 1000])
    expect([reader.behind, deflate.waiting]).toEqual([false, 0])
  })

  test('FrameReader is caught up once what was inflated is told, and nothing is left', () => {
    const { reader, events, deflate } = start()
    reader.feed(compressed('a'), false)
    deflate.next()
    expect([reader.behind, events.told]).toEqual([false, ['aa', 'caught up']])
    reader.feed(made(text, 'b'), false)
    expect(events.told).toEqual(['aa', 'caught up', 'b'])
  })

  test('FrameReader says when it holds 64 KiB, and when it does not any more', () => {
    const { reader, events, deflate } = start()
    feedShared(reader, compressed('a'))
    const large = made(binary, Buffer.alloc(65_536))
    // Byte by byte: what is held is one buffer, however many pieces it came in.
    for (const byte of large.subarray(0, 65_535)) feedShared(reader, Uint8Array.of(byte))
    expect(events.told).toEqual([])
    feedShared(reader, large.subarray(65_535))
    expect(events.told).toEqual([true])
    deflate.next()
    expect(events.told).toEqual([true, 'aa', false, 65_536, 'caught up'])
  })

  test('FrameReader inflates nothing while enough is there, until goOn()', () => {
    const { reader, events, deflate } = start()
    events.satiated = true
    feedShared(reader, Buffer.concat([compressed('a'), compressed('b')]))
    expect(deflate.waiting).toBe(0)
    reader.goOn()
    reader.goOn()
    expect(deflate.waiting).toBe(1)
    deflate.next()
    expect([events.told, deflate.waiting]).toEqual([['aa'], 0])
    reader.goOn()
    deflate.next()
    expect(events.told).toEqual(['aa', 'bb', 'caught up'])
  })

  test('FrameReader.stop() is the end of it, also while it inflates', () => {
    const { reader, events, deflate } = start()
    reader.feed(Buffer.concat([compressed('a'), made(text, 'b')]), false)
    reader.stop()
    deflate.next()
    reader.feed(made(text, 'c'), false)
    reader.goOn()
    expect([events.told, reader.behind]).toEqual([[], false])
  })

  test('FrameReader tells a fault once, also behind what was inflated', () => {
    const { reader, events, deflate } = start()
    reader.feed(Buffer.concat([compressed('a'), made(3), made(text, 'b')]), false)
    deflate.next()
    expect(events.told).toEqual(['aa', expect.objectContaining({ closeCode: 1002 })])
    reader.feed(made(3), false)
    expect(events.told.length).toBe(2)
  })

  test('FrameReader gives away no byte of a buffer that is overwritten', () => {
    const { reader, events } = start()
    const kept: Uint8Array[] = []
    events.message = (message) => void kept.push(message as Uint8Array)
    feedShared(reader, Buffer.concat([made(binary, 'one'), made(binary, 'two', { fin: false })]))
    feedShared(reader, Buffer.concat([made(0, 'three')]))
    expect(kept.map((bytes) => Buffer.from(bytes).toString())).toEqual(['one', 'twothree'])
  })
})
