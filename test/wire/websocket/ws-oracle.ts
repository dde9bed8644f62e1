// `ws` as a second opinion: the same bytes read by its `Receiver`, the same frames made by its `Sender`.
import * as ws from 'ws'
import { expanded, type Reading, shown } from './recording.ts'

interface ReceiverOfWs {
  emit(event: string, data: Buffer | number, more: Buffer | boolean): boolean
  _write(chunk: Buffer, encoding: string, taken: (error?: Error | null) => void): void
}

interface PartsOfWs {
  readonly Receiver: new (options: object) => ReceiverOfWs
  readonly Sender: { frame(data: Buffer | string, options: object): (Buffer | string)[] }
}

const { Receiver, Sender } = ws as unknown as PartsOfWs

export interface ReadByWs {
  readonly events: string[]
  readonly fault: { code: string; message: string } | undefined
}

/** What `ws` makes of the bytes, told as `record()` tells it. */
export function readByWs(bytes: Uint8Array, reading: Reading = {}): ReadByWs {
  const { fromClient = true, compression = false } = reading
  const { maxPayload = 100_000, maxFragments = 100 } = reading
  const events: string[] = []
  let fault: ReadByWs['fault']
  const inflate = {
    decompress: (data: Buffer, _: boolean, done: (error: null, data: Buffer) => void) =>
      done(null, expanded(data)),
  }
  const receiver = new Receiver({
    isServer: fromClient,
    allowSynchronousEvents: true,
    extensions: compression ? { 'permessage-deflate': inflate } : {},
    maxFragments,
    maxPayload,
  })
  receiver.emit = (event, data, more) => {
    if (event === 'message') events.push(shown(more === true ? 'binary' : 'text', data as Buffer))
    else if (event === 'conclude') events.push(`close ${data as number} ${String(more)}`)
    else if (event === 'ping' || event === 'pong') events.push(shown(event, data as Buffer))
    return true
  }
  receiver._write(Buffer.from(bytes), 'buffer', (error) => {
    if (error) fault = { code: (error as NodeJS.ErrnoException).code ?? '', message: error.message }
  })
  return { events, fault }
}

/** A frame as `ws` writes it, masked with `key`. */
export function writtenByWs(first: number, data: Buffer | string, key: number | undefined): Buffer {
  const parts = Sender.frame(data, {
    fin: (first & 0x80) !== 0,
    rsv1: (first & 0x40) !== 0,
    opcode: first & 0x0f,
    mask: key !== undefined,
    readOnly: true,
    generateMask: (mask: Buffer) => mask.writeInt32LE(key ?? 0),
  })
  return Buffer.concat(parts.map((part) => Buffer.from(part as string)))
}
