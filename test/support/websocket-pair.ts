/** A `WebSocketConnection` over memory, and its peer in the hands of a test: frames made and read by hand. */
import { settle } from 'spool/testing'
import { outsideScopes } from '../../src/concurrency/scope/context.ts'
import { TimerWheel } from '../../src/concurrency/time/timer-wheel.ts'
import { loopTurns } from '../../src/concurrency/time/turn-budget.ts'
import { loadDeflate } from '../../src/http/websocket/framing/deflate-extension.ts'
import {
  type DeflateAgreement,
  MessageDeflate,
} from '../../src/http/websocket/framing/message-deflate.ts'
import { WebSocketConnection } from '../../src/http/websocket/websocket-connection.ts'
import { WebSocketLink } from '../../src/http/websocket/websocket-link.ts'
import {
  type WebSocketOptions,
  webSocketSettings,
} from '../../src/http/websocket/websocket-options.ts'
import {
  memoryPair,
  type MemoryPairOptions,
  type MemoryTransport,
} from '../../src/io/memory-transport.ts'
import { closeFrame, type Frame, frame, type FrameParts, framesOf } from './websocket-frames.ts'

export type Role = 'server' | 'client'

/** The peer: sends what it likes, and keeps what comes. */
export class RawPeer {
  readonly transport: MemoryTransport
  /** Whether the other end sends no more. */
  ended = false
  closed = false
  error: Error | undefined = undefined
  readonly #masked: boolean
  #bytes: Buffer = Buffer.alloc(0)

  constructor(transport: MemoryTransport, masked: boolean) {
    this.transport = transport
    this.#masked = masked
    transport.start({
      data: (bytes) => {
        this.#bytes = Buffer.concat([this.#bytes, bytes])
      },
      end: () => {
        this.ended = true
      },
      drain: () => undefined,
      closed: (error) => {
        this.closed = this.ended = true
        this.error = error
      },
    })
  }

  /** Bytes that came and make no frame yet. */
  get rest(): Buffer {
    return framesOf(this.#bytes).rest
  }

  /** Takes the frames that came. */
  take(): Frame[] {
    const { frames, rest } = framesOf(this.#bytes)
    this.#bytes = rest
    return frames
  }

  /** Takes the frames that came: opcode and payload as text, or the code of a close frame. */
  takeShort(): (readonly [number, string | number])[] {
    return this.take().map(({ opcode, payload }) => [
      opcode,
      opcode === 8 && payload.length > 1 ? payload.readUInt16BE(0) : payload.toString(),
    ])
  }

  /** Sends a frame, masked as its role demands, and lets the other end do what it can. */
  async send(
    opcode: number,
    payload: string | Uint8Array = '',
    parts: FrameParts = {},
  ): Promise<void> {
    await this.write(frame(opcode, payload, { masked: this.#masked, ...parts }))
  }

  async close(code?: number, reason = ''): Promise<void> {
    await this.write(closeFrame(code, reason, { masked: this.#masked }))
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.transport.write(bytes)
    await settle()
  }

  async end(): Promise<void> {
    this.transport.end()
    await settle()
  }
}

export interface Pair {
  readonly ws: WebSocketConnection
  readonly peer: RawPeer
  readonly wheel: TimerWheel
  readonly near: MemoryTransport
}

/** `role`: whose part the connection has. */
export async function webSocketPair(
  role: Role = 'server',
  options: WebSocketOptions = {},
  deflate?: Partial<DeflateAgreement>,
  memory?: MemoryPairOptions,
): Promise<Pair> {
  const extension = await loadDeflate()
  // What other tests have sent is not to make this one's send() wait for a turn of the loop.
  loopTurns()
  const [near, far] = memoryPair(memory)
  const wheel = new TimerWheel()
  const agreement: DeflateAgreement = {
    windowBits: 15,
    peerWindowBits: 15,
    contextTakeover: true,
    peerContextTakeover: true,
    compresses: true,
    ...deflate,
  }
  const settings = webSocketSettings(
    deflate === undefined ? options : { compression: true, ...options },
  )
  const link = new WebSocketLink(near, {
    isServer: role === 'server',
    settings,
    deflate:
      deflate === undefined
        ? undefined
        : new MessageDeflate(extension, agreement, role === 'server', settings),
    wheel,
  })
  outsideScopes(() => link.start())
  return {
    ws: new WebSocketConnection(link, undefined),
    peer: new RawPeer(far, role === 'server'),
    wheel,
    near,
  }
}
