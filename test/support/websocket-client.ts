/** A client of a server in memory: asks for a WebSocket by hand, and is then a raw peer. */
import { settle } from 'spool/testing'
import { loopTurns } from '../../src/concurrency/time/turn-budget.ts'
import type { MemoryPairOptions } from '../../src/io/memory-transport.ts'
import type { MemoryServer } from './memory-server.ts'
import { closeFrame, type Frame, frame, type FrameParts, framesOf } from './websocket-frames.ts'

/** The example of RFC 6455 §1.2, and its answer of §1.3. */
export const sampleKey = 'dGhlIHNhbXBsZSBub25jZQ=='
export const sampleAccept = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='

/** A request for a WebSocket. `undefined` leaves a field out. */
export function handshake(
  path = '/ws',
  fields: Record<string, string | undefined> = {},
  start = `GET ${path} HTTP/1.1`,
): string {
  const all: Record<string, string | undefined> = {
    Host: 'example.com',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': sampleKey,
    'Sec-WebSocket-Version': '13',
    ...fields,
  }
  const lines = Object.entries(all).filter(([, value]) => value !== undefined)
  return `${start}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}

export class MemoryWebSocket {
  readonly client: ReturnType<MemoryServer['connect']>
  /** The head of the answer. */
  head = ''

  constructor(server: MemoryServer, options?: MemoryPairOptions) {
    this.client = server.connect(options)
  }

  /** Asks, and takes the head of the answer. */
  async open(request: string = handshake()): Promise<this> {
    // What other tests have sent is not to make a send() of this one wait for a turn of the loop.
    loopTurns()
    await this.client.send(request)
    // The codec may have to be loaded.
    for (let turns = 0; !this.client.text.includes('\r\n\r\n') && turns < 1_000; turns++) {
      await new Promise((resolve) => setImmediate(resolve))
    }
    await settle()
    const end = this.client.text.indexOf('\r\n\r\n') + 4
    this.head = this.client.text.slice(0, end)
    this.client.text = this.client.text.slice(end)
    return this
  }

  async send(opcode: number, payload: string | Uint8Array = '', parts?: FrameParts): Promise<void> {
    await this.write(frame(opcode, payload, parts))
  }

  async close(code?: number, reason?: string): Promise<void> {
    await this.write(closeFrame(code, reason))
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.client.transport.write(bytes)
    await settle()
  }

  /** Takes the frames that came. */
  take(): Frame[] {
    const { frames, rest } = framesOf(Buffer.from(this.client.text, 'latin1'))
    this.client.text = rest.toString('latin1')
    return frames
  }

  /** Takes them: opcode and payload as text, or the code of a close frame. */
  takeShort(): (readonly [number, string | number])[] {
    return this.take().map(({ opcode, payload }) => [
      opcode,
      opcode === 8 && payload.length > 1 ? payload.readUInt16BE(0) : payload.toString(),
    ])
  }
}
