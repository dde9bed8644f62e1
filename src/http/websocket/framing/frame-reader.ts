/**
 * Makes messages of the bytes of a transport, through the `Receiver` of `ws`.
 *
 * It is fed one chunk after the other. While it inflates it takes none; what comes then is held. A chunk
 * may hold many messages, and inflated they may be a thousand times as much: so none is inflated while
 * whoever takes them has enough.
 */
import type { Codec, Receiver, ReceiverListener } from './codec.ts'
import { closeCodes } from '../close-code.ts'
import type { MessageDeflate } from './message-deflate.ts'
import type { WebSocketSettings } from '../websocket-options.ts'

export interface FrameEvents {
  /** Whether no more messages are wanted for now. */
  readonly satiated: boolean
  /** The bytes are whoever's it is. */
  message(data: Buffer, binary: boolean): void
  ping(data: Buffer): void
  pong(data: Buffer): void
  /** The peer has sent a close frame; nothing comes behind it. */
  concluded(code: number, reason: string): void
  /** What came breaks the rules or a limit; nothing is read any more. */
  unreadable(error: Error, code: number): void
  /** More is held than should be: true; or it is taken: false. */
  congested(congested: boolean): void
  /** Something had to be inflated, and now all that came is read. */
  caughtUp(): void
}

// While something is inflated: as much as a socket gives in one read.
const mostHeld = 65_536
// Each costs about 150 bytes of our own: a message that comes in smaller pieces costs no more than that.
const leastChunk = 64
const fewestChunks = 4_096
// What a message that comes byte by byte may have; the time to join them is not linear beyond.
const mostChunks = 65_536
// As aiohttp: a fragment costs us more than it costs its sender.
const leastFragment = 256
const fewestFragments = 1_024

export class FrameReader implements ReceiverListener {
  readonly #events: FrameEvents
  readonly #receiver: Receiver
  readonly #deflate: MessageDeflate | undefined
  #busy = false
  // Whether something had to be inflated, and is not read to its end.
  #behind = false
  #feeding = false
  #over = false
  #held: Uint8Array[] | undefined = undefined
  #heldBytes = 0
  #toInflate: (() => void) | undefined = undefined

  constructor(
    codec: Codec,
    isServer: boolean,
    settings: WebSocketSettings,
    deflate: MessageDeflate | undefined,
    events: FrameEvents,
  ) {
    const { maxMessageSize } = settings
    this.#events = events
    this.#deflate = deflate
    const receiver = new codec.Receiver({
      isServer,
      // All messages of a chunk at once: the queue is bounded by its limit and one chunk.
      allowSynchronousEvents: true,
      binaryType: 'nodebuffer',
      extensions: deflate === undefined ? noExtensions : { 'permessage-deflate': this },
      maxBufferedChunks: Math.min(
        Math.max(fewestChunks, Math.floor(maxMessageSize / leastChunk)),
        mostChunks,
      ),
      maxFragments: Math.max(fewestFragments, Math.floor(maxMessageSize / leastFragment)),
      maxPayload: maxMessageSize,
      skipUTF8Validation: false,
    })
    receiver.listener = this
    this.#receiver = receiver
  }

  /** Reads a chunk, which is from now on ours: it is unmasked in place. */
  feed(bytes: Uint8Array): void {
    if (this.#over) return
    if (!this.#busy) {
      this.#busy = true
      this.#receiver._write(bytes, 'buffer', this.#taken)
      if (this.#busy) this.#behind = true
      return
    }
    ;(this.#held ??= []).push(bytes)
    this.#heldBytes += bytes.byteLength
    if (this.#heldBytes >= mostHeld) this.#events.congested(true)
  }

  /** Whether what came is not read to its end. */
  get behind(): boolean {
    return this.#behind
  }

  /** More messages are wanted again. */
  goOn(): void {
    const inflate = this.#toInflate
    this.#toInflate = undefined
    inflate?.()
  }

  /** Nothing is read any more. */
  stop(): void {
    this.#over = true
    this.#behind = false
    this.#held = undefined
    this.#heldBytes = 0
    this.#toInflate = undefined
  }

  /** @internal As the extension that the `Receiver` takes it for. */
  decompress(
    data: Uint8Array,
    fin: boolean,
    callback: (error: Error | null, data: Buffer) => void,
  ): void {
    if (this.#over) return
    const deflate = this.#deflate as MessageDeflate
    const inflate = (): void => {
      deflate.begin()
      deflate.extension.decompress(data, fin, (error, inflated) => {
        deflate.done()
        if (!this.#over) callback(error, inflated)
      })
    }
    if (this.#events.satiated) this.#toInflate = inflate
    else inflate()
  }

  // As ReceiverListener. A receiver that was told to stop may still have something to tell.

  received(data: Buffer, binary: boolean): void {
    if (!this.#over) this.#events.message(data, binary)
  }

  pinged(data: Buffer): void {
    if (!this.#over) this.#events.ping(data)
  }

  ponged(data: Buffer): void {
    if (!this.#over) this.#events.pong(data)
  }

  concluded(code: number, reason: Buffer): void {
    if (this.#over) return
    this.stop()
    this.#events.concluded(code, reason.toString())
  }

  readonly #taken = (error?: Error | null): void => {
    this.#busy = false
    if (this.#over) return
    if (error != null) {
      this.stop()
      this.#events.unreadable(error, closeCodeOf(error))
    } else if (this.#behind) this.#catchUp()
  }

  #catchUp(): void {
    // A loop and not a recursion: it may be held byte by byte.
    if (this.#feeding) return
    this.#feeding = true
    while (!this.#busy && this.#held !== undefined) {
      const [bytes] = this.#held.splice(0, 1)
      if (bytes === undefined) this.#held = undefined
      else {
        this.#heldBytes -= bytes.byteLength
        if (this.#heldBytes === 0) this.#events.congested(false)
        this.feed(bytes)
      }
    }
    this.#feeding = false
    if (this.#busy || this.#over) return
    this.#behind = false
    this.#events.caughtUp()
  }
}

const noExtensions: Record<string, unknown> = Object.freeze({})

const closeCodesOf = new Map<string, number>([
  ['WS_ERR_INVALID_UTF8', closeCodes.invalidData],
  ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', closeCodes.tooLarge],
  ['WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH', closeCodes.tooLarge],
  ['WS_ERR_TOO_MANY_BUFFERED_PARTS', closeCodes.policyViolation],
])

// By the codes of `ws`; what has none of them is zlib's.
function closeCodeOf(error: Error): number {
  const { code = '' } = error as NodeJS.ErrnoException
  const other = code.startsWith('WS_ERR_') ? closeCodes.protocolError : closeCodes.invalidData
  return closeCodesOf.get(code) ?? other
}
