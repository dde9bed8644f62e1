/**
 * Puts messages into a transport as frames, through the `Sender` of `ws`, for which it is the socket: head
 * and body of a frame become one write.
 *
 * A `Sender` that deflates queues what comes behind, so that everything leaves in the order in which it
 * was given. Whoever writes frames by itself may do so only while nothing is deflated.
 */
import { outsideScopes } from '../../concurrency/scope/context.ts'
import type { Transport } from '../../io/transport.ts'
import type { Codec, Sender, SenderSocket } from './codec.ts'
import type { MessageDeflate } from './message-deflate.ts'

// A body up to this size is copied behind its head, which costs less than two writes. A larger one is left
// with the transport until it has taken it: as much as this is always more than it takes at once.
const joinedLimit = 65_535

const nothing: Uint8Array = new Uint8Array(0)

export class FrameWriter implements SenderSocket {
  /** As the `Sender` asks: whether what is deflated meanwhile has nowhere to go. */
  destroyed = false
  /** Whether the transport has more than the peer takes. */
  full = false
  /** Bytes of messages that are being deflated, and of those behind them. */
  deflating = 0
  readonly #transport: Transport
  readonly #sender: Sender
  readonly #masked: boolean
  readonly #deflate: MessageDeflate | undefined
  readonly #onSent: () => void
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
    this.#transport = transport
    this.#masked = masked
    this.#deflate = deflate
    this.#onSent = onSent
    this.#sender = new codec.Sender(
      this,
      deflate === undefined ? noExtensions : { 'permessage-deflate': deflate.extension },
    )
  }

  /** Whether everything that was given to it is with the transport. */
  get direct(): boolean {
    return this.#pending === 0
  }

  /** Whether it takes more without its waiting anywhere. */
  get ready(): boolean {
    return !this.full && this.#pending === 0
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
    const options = { binary, compress, fin, mask: this.#masked }
    if (compress || this.#pending > 0) {
      // zlib's contexts, and its queue, are shared by all who send: they must not keep one of them.
      outsideScopes(() => this.#sender.send(data, options, this.#begin(size)))
    } else this.#sender.send(data, options)
  }

  ping(data: Uint8Array | string): void {
    this.#sender.ping(data, this.#masked, this.#pending > 0 ? this.#begin(0) : undefined)
  }

  pong(data: Uint8Array | string): void {
    this.#sender.pong(data, this.#masked, this.#pending > 0 ? this.#begin(0) : undefined)
  }

  /** Sends a close frame behind everything else, and calls back when it is with the transport. */
  close(code: number | undefined, reason: string, sent: () => void): void {
    this.#sender.close(code, reason, this.#masked, sent)
  }

  /** Writes a frame that is made already. Only while `direct`. */
  writeFrame(frame: Uint8Array): void {
    if (!this.#transport.write(frame)) this.full = true
  }

  // As the socket of the sender:

  cork(): void {
    this.#corked = true
  }

  write(data: Uint8Array | string, written?: (error?: Error) => void): void {
    if (!this.#corked) this.#write(data)
    else if (this.#first === nothing) this.#first = data
    else this.#writeFrame(this.#first as Uint8Array, data)
    written?.()
  }

  uncork(): void {
    this.#corked = false
    this.#first = nothing
  }

  #writeFrame(head: Uint8Array, body: Uint8Array | string): void {
    const length = typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength
    if (length <= joinedLimit) {
      const frame = Buffer.allocUnsafe(head.byteLength + length)
      frame.set(head, 0)
      if (typeof body === 'string') {
        // As many bytes as characters: all of them ASCII.
        frame.write(body, head.byteLength, length === body.length ? 'latin1' : 'utf8')
      } else frame.set(body, head.byteLength)
      this.#write(frame)
    } else {
      this.#transport.cork()
      this.#write(head)
      this.#write(typeof body === 'string' ? Buffer.from(body) : body)
      this.#transport.uncork()
    }
  }

  #write(data: Uint8Array | string): void {
    if (!this.#transport.write(data)) this.full = true
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
