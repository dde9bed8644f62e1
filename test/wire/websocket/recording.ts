// What a `MessageReader` makes of bytes, as text that can be compared, wherever the bytes are cut.
import { ProtocolError } from 'spool/wire'
import type { WrittenFrame } from '../../../src/wire/websocket/frame-writer.ts'
import { MessageReader } from '../../../src/wire/websocket/message-reader.ts'

export interface Reading {
  readonly fromClient?: boolean
  readonly compression?: boolean
  readonly maxPayload?: number
  readonly maxFragments?: number
}

export interface Recorded {
  /** One for each event: its name and what it says. */
  readonly events: string[]
  /** What the peer did wrong: what it is closed with, and why. */
  readonly fault: { closeCode: number; message: string } | undefined
}

/** Stands for inflating: each byte twice, none for 0. */
export function expanded(data: Uint8Array): Buffer {
  return Buffer.from([...data].flatMap((byte) => (byte === 0 ? [] : [byte, byte])))
}

export function shown(name: string, data: Uint8Array): string {
  return `${name} ${Buffer.from(data).toString('hex')}`
}

/** Feeds copies of the pieces, since they are unmasked in place, and forgets them behind the reader's back. */
export function record(pieces: Iterable<Uint8Array>, reading: Reading = {}): Recorded {
  const { fromClient = true, compression = false } = reading
  const { maxPayload = 100_000, maxFragments = 100 } = reading
  const events: string[] = []
  const kept: [number, string, Uint8Array][] = []
  let toInflate: Uint8Array | undefined
  const reader = new MessageReader(
    {
      text: (text, size) => {
        const bytes = Buffer.from(text)
        if (bytes.length !== size) throw new Error(`${bytes.length} bytes of text, not ${size}`)
        events.push(shown('text', bytes))
      },
      binary: (data, view) => {
        // What is the receiver's own must still be there when all is read.
        if (view) events.push(shown('binary', data))
        else kept.push([events.push('') - 1, 'binary', data])
      },
      ping: (data) => events.push(shown('ping', data)),
      pong: (data) => events.push(shown('pong', data)),
      close: (code, reason) => events.push(`close ${code} ${reason}`),
      compressed: (data) => {
        toInflate = expanded(data)
      },
    },
    { maxPayload, maxFragments },
    fromClient,
    compression,
  )
  let fault: Recorded['fault']
  try {
    for (const piece of pieces) {
      const chunk = Uint8Array.from(piece)
      let rest: Uint8Array = chunk
      for (;;) {
        rest = rest.subarray(reader.feed(rest))
        if (toInflate === undefined) break
        const bytes = toInflate
        toInflate = undefined
        reader.inflated(bytes)
      }
      if (rest.length > 0) throw new Error(`${rest.length} bytes are left`)
      chunk.fill(0xee)
    }
  } catch (error) {
    if (!ProtocolError.is(error)) throw error
    fault = { closeCode: error.closeCode, message: error.message }
  }
  for (const [at, name, data] of kept) events[at] = shown(name, data)
  return { events, fault }
}

export function* piecesOf(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** The ways to cut: whole, byte by byte, in two at each position. */
export function* waysToCut(bytes: Uint8Array): Generator<Uint8Array[]> {
  yield [bytes]
  yield [...piecesOf(bytes, 1)]
  for (let at = 1; at < bytes.length; at++) yield [bytes.subarray(0, at), bytes.subarray(at)]
}

/** What was written, as it goes over the wire. */
export function bytesOf(frame: WrittenFrame): Buffer {
  if (typeof frame === 'string') return Buffer.from(frame, 'latin1')
  return Array.isArray(frame) ? Buffer.concat(frame) : Buffer.from(frame)
}
