/**
 * Reads the messages of one WebSocket (RFC 6455 §5), at either end.
 *
 * It is a machine without I/O: bytes go in, events come out, synchronously. A message that lies whole in one
 * chunk is not copied; one that comes in pieces, or in fragments, is gathered in a buffer that grows with
 * what has come. Whatever breaks the rules is found with the first byte that shows it.
 */
import { constants, isUtf8 } from 'node:buffer'
import { ByteCollector } from './byte-collector.ts'
import { closeCodes, isCloseCode } from './close-codes.ts'
import { closeReason } from './close-payload.ts'
import { faulty, FrameHead, longestHead } from './frame-head.ts'
import { mask, notASCII, rotated } from './masking.ts'
import type { MessageEvents, MessageLimits } from './messages.ts'
import { opcodes } from './opcodes.ts'
import { UTF8Check } from './utf8-check.ts'

const HEAD = 0
const PAYLOAD = 1
const INFLATING = 2
const OVER = 3

const { latin1Slice, utf8Slice } = Buffer.prototype as unknown as Record<
  'latin1Slice' | 'utf8Slice',
  (this: Uint8Array, start: number, end: number) => string
>

const noBytes: Uint8Array = new Uint8Array(0)
const notText = 'Text is not UTF-8'

export class MessageReader {
  readonly #events: MessageEvents
  readonly #limits: MessageLimits
  readonly #compression: boolean
  readonly #head: FrameHead
  #state: number = HEAD
  // Of a head that has come in part.
  #headBytes: Uint8Array | undefined = undefined
  #headSize = 0
  // How much of the payload has come; and what, where only the whole is of use.
  #got = 0
  #payload: ByteCollector | undefined = undefined
  // Of the message: what it is, 0 between two of them; how many bytes its frames have, and how many frames.
  #kind = 0
  #compressed = false
  #size = 0
  #frames = 0
  #inflated = 0
  // What has come of it, if it has not come whole in one chunk.
  #message: ByteCollector | undefined = undefined
  #check: UTF8Check | undefined = undefined

  /**
   * `fromClient`: whether it reads what a client sends, which is masked. `compression`: whether
   * `permessage-deflate` was agreed on, so that RSV1 means something.
   */
  constructor(
    events: MessageEvents,
    limits: MessageLimits,
    fromClient: boolean,
    compression: boolean,
  ) {
    this.#events = events
    this.#limits = limits
    this.#compression = compression
    this.#head = new FrameHead(fromClient)
  }

  /**
   * Reads `bytes`, which it unmasks in place, and tells what they hold. Returns how many were used: all of
   * them, unless something has to be inflated; then the rest is to be fed again.
   *
   * Behind a close frame, an error and `stop()` everything is used, and ignored.
   *
   * @throws ProtocolError if the peer breaks a rule or a limit; its `closeCode` says what to close with
   */
  feed(bytes: Uint8Array): number {
    try {
      return this.#read(bytes)
    } catch (error) {
      this.stop()
      throw error
    }
  }

  /**
   * Takes what the last frame has become when it was inflated; the bytes are not the caller's any more.
   *
   * @throws ProtocolError as `feed()`
   */
  inflated(bytes: Uint8Array): void {
    if (this.#state !== INFLATING) return
    try {
      this.#readInflated(bytes)
    } catch (error) {
      this.stop()
      throw error
    }
  }

  /** Nothing is read any more. */
  stop(): void {
    this.#state = OVER
    this.#headBytes = this.#payload = this.#message = this.#check = undefined
  }

  #read(bytes: Uint8Array): number {
    let at = 0
    while (at < bytes.length) {
      if (this.#state === HEAD) {
        at = this.#headSize === 0 ? this.#readHead(bytes, at) : this.#completeHead(bytes, at)
        if (this.#state === HEAD) break
      }
      if (this.#state === INFLATING) return at
      if (this.#state === OVER) break
      at = this.#readPayload(bytes, at)
    }
    return bytes.length
  }

  #readHead(bytes: Uint8Array, at: number): number {
    const length = this.#parseHead(bytes, at, bytes.length)
    if (length > 0) return at + length
    this.#headBytes = new Uint8Array(longestHead)
    this.#headBytes.set(bytes.subarray(at))
    this.#headSize = bytes.length - at
    return bytes.length
  }

  #completeHead(bytes: Uint8Array, from: number): number {
    const head = this.#headBytes!
    let at = from
    while (at < bytes.length) {
      head[this.#headSize++] = bytes[at++]!
      if (this.#parseHead(head, 0, this.#headSize) === 0) continue
      this.#headBytes = undefined
      this.#headSize = 0
      break
    }
    return at
  }

  /** Returns the length of the head, and is then at its payload; or 0 if it is not whole. */
  #parseHead(bytes: Uint8Array, at: number, end: number): number {
    const head = this.#head
    // Byte by byte or whole: what is wrong first is what is told.
    head.begin(bytes[at]!)
    const control = head.opcode >= opcodes.close
    if (!control) this.#checkOrder()
    const length = head.read(bytes, at, end)
    if (!control && head.size > 0) this.#checkFrameSize()
    if (length === 0) return 0
    if (!control) this.#addFrame()
    this.#got = 0
    this.#state = PAYLOAD
    return length
  }

  // RFC 6455 §5.4: a message is a frame with an opcode, and those of opcode 0 that follow until one is the last.
  #checkOrder(): void {
    const { opcode, rsv1 } = this.#head
    if (opcode !== opcodes.continuation) {
      if (this.#kind !== 0) throw faulty('A message begins inside another')
      if (rsv1 && !this.#compression) throw faulty('RSV1 is set, and nothing was agreed on for it')
      return
    }
    if (this.#kind === 0) throw faulty('A continuation of no message')
    // RFC 7692 §6.1: it is set in the first frame of a message alone.
    if (rsv1) throw faulty('RSV1 is set in a continuation')
    const { maxFragments } = this.#limits
    if (this.#frames >= maxFragments) {
      throw faulty(`A message has more than ${maxFragments} fragments`, closeCodes.policyViolation)
    }
  }

  #checkFrameSize(): void {
    const { opcode, rsv1, size } = this.#head
    if (opcode === opcodes.continuation) this.#checkSize(this.#size + size, this.#compressed)
    else this.#checkSize(size, rsv1)
  }

  #addFrame(): void {
    const { opcode, rsv1, size } = this.#head
    if (opcode === opcodes.continuation) {
      this.#size += size
      this.#frames++
      return
    }
    this.#kind = opcode
    this.#compressed = rsv1
    this.#size = size
    this.#frames = 1
    this.#inflated = 0
  }

  #readPayload(bytes: Uint8Array, at: number): number {
    const { opcode, size, key, fin } = this.#head
    const got = this.#got
    const end = Math.min(bytes.length, at + size - got)
    const ends = end - at === size - got
    this.#got = got + end - at
    const data = opcode < opcodes.close
    const asText = data && this.#kind === opcodes.text && !this.#compressed
    let high = 0
    if (key !== 0) high = mask(bytes, at, end, rotated(key, got))
    else if (asText) high = notASCII(bytes, at, end)
    if (!data || this.#compressed) this.#readWhole(bytes, at, end, ends)
    else if (got === 0 && ends && fin && opcode !== opcodes.continuation) {
      this.#state = HEAD
      this.#kind = 0
      if (asText) this.#tellText(bytes, at, end, high === 0)
      else this.#events.binary(bytes.subarray(at, end), true)
    } else {
      this.#gather(bytes, at, end, high === 0, this.#size)
      if (ends) this.#state = HEAD
      if (ends && fin) this.#tellGathered()
    }
    return end
  }

  /** What is of use as a whole alone: a control frame, which is small, or what has to be inflated. */
  #readWhole(bytes: Uint8Array, at: number, end: number, ends: boolean): void {
    const { opcode, size, fin } = this.#head
    const view = end - at === size
    if (!view) (this.#payload ??= new ByteCollector()).add(bytes, at, end, size)
    if (!ends) return
    const payload = view ? bytes.subarray(at, end) : this.#payload!.take()
    this.#payload = undefined
    this.#state = HEAD
    if (opcode === opcodes.ping) this.#events.ping(payload)
    else if (opcode === opcodes.pong) this.#events.pong(payload)
    else if (opcode === opcodes.close) this.#readClose(payload)
    else {
      this.#state = INFLATING
      this.#events.compressed(payload, fin, view)
    }
  }

  #readClose(payload: Uint8Array): void {
    const empty = payload.length === 0
    const code = empty ? closeCodes.none : (payload[0]! << 8) | payload[1]!
    if (!empty && !isCloseCode(code)) throw faulty(`Close code ${code} must not be sent`)
    const reason = closeReason(payload)
    if (reason === undefined) throw faulty('A close reason is not UTF-8', closeCodes.invalidData)
    // §5.5.1: nothing may follow.
    this.stop()
    this.#events.close(code, reason)
  }

  #readInflated(bytes: Uint8Array): void {
    const { length } = bytes
    const { fin } = this.#head
    this.#state = HEAD
    this.#inflated += length
    this.#checkSize(this.#inflated, false)
    const asText = this.#kind === opcodes.text
    const plain = !asText || notASCII(bytes, 0, length) === 0
    if (!fin || this.#message !== undefined || this.#check !== undefined) {
      this.#gather(bytes, 0, length, plain, this.#inflated)
      if (fin) this.#tellGathered()
      return
    }
    this.#kind = 0
    if (asText) this.#tellText(bytes, 0, length, plain)
    else this.#events.binary(bytes, false)
  }

  /** Keeps a piece of a message that has `size` bytes with this frame, and looks at it if it is text. */
  #gather(bytes: Uint8Array, start: number, end: number, plain: boolean, size: number): void {
    if (start === end) return
    if (this.#kind === opcodes.text) {
      this.#check ??= new UTF8Check()
      if (!this.#check.add(bytes, start, end, plain)) throw faulty(notText, closeCodes.invalidData)
    }
    this.#message ??= new ByteCollector()
    this.#message.add(bytes, start, end, this.#head.fin ? size : this.#limits.maxPayload)
  }

  #tellGathered(): void {
    const data = this.#message?.take() ?? noBytes
    const check = this.#check
    const asText = this.#kind === opcodes.text
    this.#kind = 0
    this.#message = this.#check = undefined
    if (!asText) {
      this.#events.binary(data, false)
      return
    }
    // It was looked at; but its last character may be cut.
    if (check?.whole === false) throw faulty(notText, closeCodes.invalidData)
    this.#events.text(decoded(data, 0, data.length, check?.ascii !== false), data.length)
  }

  #tellText(bytes: Uint8Array, start: number, end: number, plain: boolean): void {
    if (!plain && !isUtf8(bytes.subarray(start, end))) {
      throw faulty(notText, closeCodes.invalidData)
    }
    this.#events.text(decoded(bytes, start, end, plain), end - start)
  }

  #checkSize(size: number, compressed: boolean): void {
    const { maxPayload } = this.#limits
    // What does not get smaller gets larger, by far less than this.
    const most = compressed ? maxPayload + Math.floor(maxPayload / 8) + 1_024 : maxPayload
    if (size <= most) return
    const message = `A message has ${size} bytes or more, ${maxPayload} are allowed`
    throw faulty(message, closeCodes.tooLarge)
  }
}

function decoded(bytes: Uint8Array, start: number, end: number, plain: boolean): string {
  if (end - start > constants.MAX_STRING_LENGTH) {
    const message = `A text has ${end - start} bytes, a string ${constants.MAX_STRING_LENGTH} at most`
    throw faulty(message, closeCodes.tooLarge)
  }
  // ASCII, which most text is, costs a fraction as latin1.
  return plain ? latin1Slice.call(bytes, start, end) : utf8Slice.call(bytes, start, end)
}
