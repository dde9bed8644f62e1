/**
 * Puts messages into a transport as frames. What need not be compressed is written at once. What is, and
 * what is sent in fragments, goes through a `Sender` of `ws`, for which this is the socket: it queues
 * what comes behind while it deflates, so that everything leaves in the order in which it was given.
 * Whoever writes frames by itself may do so only while nothing is deflated.
 */
import { outsideScopes } from '../../../concurrency/scope/context.ts'
import type { Transport } from '../../../io/transport.ts'
import type { Codec, Sender, SenderSocket } from './codec.ts'
import type { MessageDeflate } from './message-deflate.ts'
import { joined, type Opcode, opcodes, wholeFrame } from './whole-frame.ts'

const nothing: Uint8Array = new Uint8Array(0)

export class FrameWriter implements SenderSocket {
  /** As the `Sender` asks: whether what is deflated meanwhile has nowhere to go. */
  destroyed = false
  /** Whether the transport has more than the peer takes. */
  full = false
  /** Bytes of messages that are being deflated, and of those behind them. */
  deflating = 0
  readonly #codec: Codec
  readonly #transport: Transport
  readonly #masked: boolean
  readonly #deflate: MessageDeflate | undefined
  readonly #onSent: () => void
  #madeSender: Sender | undefined = undefined
  // Whether a fragment was sent, and the last one was not.
  #fragmented = false
  #corked = false
  #first: Uint8Array | string = nothing
  // Sends that the sender has, and the transport has not.
  #pending = 0

  /** `onSent` hears when what was deflated is with the transport, and nothing is left behind it. */
  constructor(
    codec: Codec,
    transport: Transport,
    masked: boolean,
    deflate: MessageDeflate | undefined,
    onSent: () => void,
  ) {
    this.#codec = codec
    this.#transport = transport
    this.#masked = masked
    this.#deflate = deflate
    this.#onSent = onSent
  }

  /** Whether everything that was given to it is with the transport. */
  get direct(): boolean {
    return this.#pending === 0
  }

  /** Whether it takes more without its waiting anywhere. */
  get ready(): boolean {
    return !this.full && this.#pending === 0
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
    if (!compress && this.direct && fin && !this.#fragmented) {
      this.#writeWhole(binary ? opcodes.binary : opcodes.text, data, size)
      return
    }
    const options = { binary, compress, fin, mask: this.#masked }
    this.#fragmented = !fin
    if (compress || !this.direct) {
      // zlib's contexts, and its queue, are shared by all who send: they must not keep one of them.
      outsideScopes(() => this.#sender.send(data, options, this.#begin(size)))
    } else this.#sender.send(data, options)
  }

  ping(data: Uint8Array): void {
    if (!this.direct) this.#sender.ping(data, this.#masked, this.#begin(0))
    else this.#writeWhole(opcodes.ping, data, data.byteLength)
  }

  pong(data: Uint8Array): void {
    if (!this.direct) this.#sender.pong(data, this.#masked, this.#begin(0))
    else this.#writeWhole(opcodes.pong, data, data.byteLength)
  }

  /** Sends a close frame behind everything else, and calls back when it is with the transport. */
  close(code: number | undefined, reason: string, sent: () => void): void {
    this.#sender.close(code, reason, this.#masked, sent)
  }

  /** Writes a frame that is made already. Only while `direct`. */
  writeFrame(frame: Uint8Array | string): void {
    if (!this.#transport.write(frame)) this.full = true
  }

  // As the socket of the sender:

  cork(): void {
    this.#corked = true
  }

  write(data: Uint8Array | string, written?: (error?: Error) => void): void {
    if (!this.#corked) this.writeFrame(data)
    else if (this.#first === nothing) this.#first = data
    else {
      const body = typeof data === 'string' ? Buffer.from(data) : data
      this.#writeFrame(joined(this.#first as Uint8Array, body))
    }
    written?.()
  }

  uncork(): void {
    this.#corked = false
    this.#first = nothing
  }

  get #sender(): Sender {
    return (this.#madeSender ??= new this.#codec.Sender(
      this,
      this.#deflate === undefined
        ? noExtensions
        : { 'permessage-deflate': this.#deflate.extension },
    ))
  }

  #writeWhole(opcode: Opcode, data: Uint8Array | string, size: number): void {
    this.#writeFrame(wholeFrame(this.#codec, opcode, data, size, this.#masked))
  }

  #writeFrame(frame: Uint8Array | string | [Uint8Array, Uint8Array]): void {
    if (!Array.isArray(frame)) {
      this.writeFrame(frame)
      return
    }
    // The transport makes one write of it.
    this.#transport.cork()
    for (const part of frame) this.writeFrame(part)
    this.#transport.uncork()
  }

  #begin(size: number): () => void {
    this.#pending++
    this.deflating += size
    this.#deflate?.begin()
    return () => {
      this.#pending--
      this.deflating -= size
      this.#deflate?.done()
      if (this.#pending === 0) this.#onSent()
    }
  }
}

const noExtensions: Record<string, unknown> = Object.freeze({})
