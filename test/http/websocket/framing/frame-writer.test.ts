import { describe, expect, test } from 'vitest'
import { FrameWriter } from '../../../../src/http/websocket/framing/frame-writer.ts'
import { maskingKey } from '../../../../src/http/websocket/framing/masking-keys.ts'
import type { MessageDeflate } from '../../../../src/http/websocket/framing/message-deflate.ts'
import { memoryPair } from '../../../../src/io/memory-transport.ts'
import { settle } from 'spool/testing'
import { framesOf, opcodes } from '../../../support/websocket-frames.ts'

const { text, binary, continuation, ping, close } = opcodes

/** Compresses when it is told to, to the first byte. */
class SlowDeflate {
  readonly #waiting: (() => void)[] = []

  compress(data: Uint8Array | string, fin: boolean, done: (data: Uint8Array) => void): void {
    this.#waiting.push(() => done(Buffer.from(`${String(data).slice(0, 1)}${fin ? '.' : ''}`)))
  }

  next(): void {
    this.#waiting.shift()?.()
  }
}

function start(masked = false) {
  const [near, far] = memoryPair()
  let bytes = Buffer.alloc(0)
  far.start({
    data: (some) => {
      bytes = Buffer.concat([bytes, some])
    },
    end: () => undefined,
    drain: () => undefined,
    closed: () => undefined,
  })
  const deflate = new SlowDeflate()
  let sent = 0
  const writer = new FrameWriter(
    near,
    masked,
    deflate as unknown as MessageDeflate,
    () => void sent++,
  )
  const frames = async () => {
    await settle()
    return framesOf(bytes).frames.map(({ opcode, rsv, fin, payload }) => {
      const flags = `${rsv === 4 ? ' compressed' : ''}${fin ? '' : ' first'}`
      return `${opcode} ${payload.toString()}${flags}`
    })
  }
  return { writer, deflate, frames, sent: () => sent }
}

describe('FrameWriter', () => {
  test('FrameWriter writes at once what need not be compressed', async () => {
    const { writer, frames, sent } = start()
    writer.send('é', 2, false, false, true)
    writer.send(Buffer.from('ab'), 2, true, false, false)
    writer.ping(Buffer.from('p'))
    writer.send(Buffer.from('c'), 1, true, false, true)
    expect([writer.direct, writer.deflating, sent()]).toEqual([true, 0, 0])
    expect(await frames()).toEqual([
      `${text} é`,
      `${binary} ab first`,
      `${ping} p`,
      `${continuation} c`,
    ])
  })

  test('FrameWriter keeps the order of the calls while it compresses', async () => {
    const { writer, deflate, frames, sent } = start()
    writer.send('one', 3, false, true, true)
    writer.send('two', 3, false, false, true)
    const payload = Buffer.from('p')
    writer.ping(payload)
    payload.fill('x')
    writer.send('three', 5, false, true, true)
    let closed = false
    writer.close(1000, '', () => (closed = true))
    expect([writer.direct, writer.deflating, closed]).toEqual([false, 14, false])
    expect(await frames()).toEqual([])
    deflate.next()
    expect(writer.deflating).toBe(7)
    expect(await frames()).toEqual([`${text} o. compressed`, `${text} two`, `${ping} p`])
    expect(sent()).toBe(0)
    deflate.next()
    expect([writer.direct, writer.deflating, closed, sent()]).toEqual([true, 0, true, 1])
    expect((await frames()).slice(3)).toEqual([`${text} t. compressed`, `${close} \u0003\ufffd`])
  })

  test('FrameWriter compresses all fragments of a message if it does the first', async () => {
    const { writer, deflate, frames } = start()
    writer.send('ab', 2, false, true, false)
    writer.send('cd', 2, false, true, true)
    writer.send('ef', 2, false, false, true)
    deflate.next()
    deflate.next()
    expect(await frames()).toEqual([
      `${text} a compressed first`,
      `${continuation} c.`,
      `${text} ef`,
    ])
  })

  test('FrameWriter drops what waits once there is nowhere to go', async () => {
    const { writer, deflate, frames, sent } = start()
    writer.send('one', 3, false, true, true)
    writer.send('two', 3, false, true, true)
    writer.destroyed = true
    deflate.next()
    deflate.next()
    expect([writer.direct, writer.deflating, sent()]).toEqual([true, 0, 1])
    expect(await frames()).toEqual([])
  })

  test('FrameWriter masks with other keys each time, if it has to', async () => {
    const { writer, frames } = start(true)
    writer.send('one', 3, false, false, true)
    writer.send(Buffer.alloc(70_000, 'x'), 70_000, true, false, true)
    expect(await frames()).toEqual([`${text} one`, `${binary} ${'x'.repeat(70_000)}`])
  })
})

describe('maskingKey()', () => {
  test('maskingKey() never gives the same keys again', () => {
    const keys = new Set(Array.from({ length: 5_000 }, () => maskingKey()))
    // Of 5,000 random ones two may be the same once in 300 times, and ten may not.
    expect(keys.size).toBeGreaterThan(4_990)
    expect([...keys].some((key) => key < 0) && [...keys].some((key) => key > 0x4000_0000)).toBe(
      true,
    )
  })
})
