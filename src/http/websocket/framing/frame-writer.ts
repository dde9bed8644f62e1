/**
 * Puts messages into a transport as frames. What need not be compressed is written at once. What is, and
 * what comes behind it while it is being deflated, waits in a queue, so that everything leaves in the order in
 * which it was given. Whoever writes frames by itself may do so only while nothing waits.
 */
import { RingBuffer } from '../../../concurrency/queues/ring-buffer.ts'
import type { Transport } from '../../../io/transport.ts'
import { closePayload } from '../../../wire/websocket/close-payload.ts'
import { writeFrame } from '../../../wire/websocket/frame-writer.ts'
import { FIN, opcodes, RSV1 } from '../../../wire/websocket/opcodes.ts'
import { ownBytes } from '../incoming-message.ts'
import { maskingKey } from './masking-keys.ts'
import type { MessageDeflate } from './message-deflate.ts'

/** A frame that waits for those before it. */
interface WaitingFrame {
  /** Its first byte. */
  readonly first: number
  data: Uint8Array | string
  size: number
  readonly compress: boolean
  readonly sent: (() => void) | undefined
}

export class FrameWriter {
  /** Whether what is deflated meanwhile has nowhere to go. */
  destroyed = false
  /** Whether the transport has more than the peer takes. */
  full = false
  /** Bytes of messages that are being deflated, and of those behind them. */
  deflating = 0
  readonly #transport: Transport
  readonly #masked: boolean
  readonly #deflate: MessageDeflate | undefined
  readonly #onSent: () => void
  // Whether a fragment was sent, and the last one was not; and whether it was compressed.
  #fragmented = false
  #compressing = false
  // The first one is being deflated.
  #waiting: RingBuffer<WaitingFrame> | undefined = undefined
  // The pong among them.
  #pong: WaitingFrame | undefined = undefined

  /** `onSent` hears when what was deflated is with the transport, and nothing is left behind it. */
  constructor(
    transport: Transport,
    masked: boolean,
    deflate: MessageDeflate | undefined,
    onSent: () => void,
  ) {
    this.#transport = transport
    this.#masked = masked
    this.#deflate = deflate
    this.#onSent = onSent
  }

  /** Whether everything that was given to it is with the transport. */
  get direct(): boolean {
    return this.#waiting === undefined
  }

  /** Whether it takes more without its waiting anywhere. */
  get ready(): boolean {
    return !this.full && this.#waiting === undefined
  }

  /** Whether the last message is complete, so that another may follow. */
  get between(): boolean {
    return !this.#fragmented
  }

  /** Bytes that wait to be sent. */
  get queued(): number {
    return this.deflating + this.#transport.bytesQueued
  }

  /** Sends a message, or with `fin` false a fragment of one. `size`: its bytes. */
  send(
    data: Uint8Array | string,
    size: number,
    binary: boolean,
    compress: boolean,
    fin: boolean,
  ): void {
    let first: number = opcodes.continuation
    if (!this.#fragmented) {
      first = binary ? opcodes.binary : opcodes.text
      if (compress) first |= RSV1
      this.#compressing = compress
    }
    this.#fragmented = !fin
    if (fin) first |= FIN
    this.#put(first, data, size, this.#compressing)
  }

  ping(data: Uint8Array): void {
    this.#control(opcodes.ping, data)
  }

  /** RFC 6455 §5.5.3: of pongs that would wait, the last one is enough. So a flood of pings fills no queue. */
  pong(data: Uint8Array): void {
    const waiting = this.#pong
    if (waiting === undefined) this.#control(opcodes.pong, data)
    else {
      this.deflating += data.byteLength - waiting.size
      waiting.data = ownBytes(data)
      waiting.size = data.byteLength
    }
  }

  /** Sends a close frame behind everything else, and calls back when it is with the transport. */
  close(code: number | undefined, reason: string, sent: () => void): void {
    this.#control(opcodes.close, closePayload(code, reason), sent)
  }

  /** Writes a frame that is made already. Only while `direct`. */
  writeFrame(frame: Uint8Array | string): void {
    if (!this.#transport.write(frame)) this.full = true
  }

  #control(opcode: number, data: Uint8Array, sent?: () => void): void {
    // What waits is read later, and the bytes may be the peer's.
    const kept = this.direct ? data : ownBytes(data)
    this.#put(opcode | FIN, kept, data.byteLength, false, sent)
  }

  #put(
    first: number,
    data: Uint8Array | string,
    size: number,
    compress: boolean,
    sent?: () => void,
  ): void {
    if (!compress && this.#waiting === undefined) {
      this.#write(first, data, size)
      sent?.()
      return
    }
    this.deflating += size
    const frame: WaitingFrame = { first, data, size, compress, sent }
    if (first === (opcodes.pong | FIN)) this.#pong = frame
    if (this.#waiting !== undefined) this.#waiting.add(frame)
    else {
      this.#waiting = new RingBuffer()
      this.#waiting.add(frame)
      this.#deflateNext(frame)
    }
  }

  #deflateNext({ first, data }: WaitingFrame): void {
    this.#deflate?.compress(data, (first & FIN) !== 0, (deflated) => {
      if (this.destroyed) this.#waiting = this.#pong = undefined
      else this.#deflated(first, deflated)
      if (this.#waiting !== undefined) return
      this.deflating = 0
      this.#onSent()
    })
  }

  #deflated(first: number, data: Uint8Array): void {
    this.#write(first, data, data.byteLength)
    this.#written()
    for (let next = this.#waiting?.first(); next !== undefined; next = this.#waiting?.first()) {
      if (next.compress) {
        this.#deflateNext(next)
        return
      }
      this.#write(next.first, next.data, next.size)
      this.#written()
    }
    this.#waiting = undefined
  }

  /** The first that waited does not any more. */
  #written(): void {
    const frame = this.#waiting?.take()
    if (frame === this.#pong) this.#pong = undefined
    this.deflating -= frame?.size ?? 0
    frame?.sent?.()
  }

  #write(first: number, data: Uint8Array | string, size: number): void {
    const frame = writeFrame(first, data, size, this.#masked ? maskingKey() : undefined)
    if (!Array.isArray(frame)) {
      this.writeFrame(frame)
      return
    }
    // The transport makes one write of it.
    this.#transport.cork()
    for (const part of frame) this.writeFrame(part)
    this.#transport.uncork()
  }
}
