/**
 * Reads the responses of one connection: the client's half of the engine. What a response means depends on
 * the request, so each is announced by `start()`; bytes for which nobody asked are never read.
 */
import { ProtocolError } from '../errors.ts'
import { ChunkedReader } from './body/chunked-reader.ts'
import { FieldFacts, noteFacts } from './head/field-reader.ts'
import { isKeptAlive, responseFraming } from './framing.ts'
import { refused } from './grammar.ts'
import { HeadReader } from './head/head-reader.ts'
import { type HTTP1Limits, limitsFrom } from './limits.ts'
import type { FieldList, MinorVersion, ResponseEvents } from './messages.ts'
import { ReadResponseHead } from './head/read-response-head.ts'
import { scanStatusLine } from './head/status-line.ts'

const IDLE = 0
const BEFORE_HEAD = 1
const HEAD = 2
const LENGTH_BODY = 3
const CHUNKED_BODY = 4
const BODY_UNTIL_CLOSE = 5
const TUNNEL = 6

const noTrailers: FieldList = Object.freeze([])
const facts = new FieldFacts()

export class ResponseParser {
  readonly #events: ResponseEvents
  readonly #limits: HTTP1Limits
  readonly #heads: HeadReader
  #chunks: ChunkedReader | null
  #method: string
  #state: number
  #remaining: number
  #informational: number
  #failure: Error | undefined

  /** @throws RangeError if a limit is not a positive integer */
  constructor(events: ResponseEvents, limits?: Partial<HTTP1Limits>) {
    this.#events = events
    this.#limits = limitsFrom(limits)
    this.#heads = new HeadReader(this.#limits, scanStatusLine)
    this.#chunks = null
    this.#method = ''
    this.#state = IDLE
    this.#remaining = 0
    this.#informational = 0
    this.#failure = undefined
  }

  /**
   * Whether nothing has been read since the last response ended; an announced one whose first byte has not
   * come yet leaves it true.
   */
  get idle(): boolean {
    return this.#state <= BEFORE_HEAD && this.#informational === 0
  }

  /**
   * Announces the response to a request with `method`.
   *
   * @throws Error if the last one has not ended
   */
  start(method: string): void {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#state !== IDLE) throw new Error('Response before this one has not ended')
    this.#method = method
    this.#informational = 0
    this.#state = BEFORE_HEAD
  }

  /**
   * Reads `bytes` and tells what they hold. Returns how many were used: it stops behind a response and behind
   * the head of a tunnel. What is left belongs to the tunnel, or to no request: such a connection is not to
   * be used again.
   *
   * @throws ProtocolError if a message breaks the rules; each later call throws the same again
   */
  feed(bytes: Uint8Array): number {
    if (this.#failure !== undefined) throw this.#failure
    try {
      return this.#read(bytes)
    } catch (error) {
      this.#failure = asBadGateway(error)
      throw this.#failure
    }
  }

  /**
   * The peer sends no more: this ends a body that goes until then.
   *
   * @throws ProtocolError if a response is missing or cut off
   */
  eof(): void {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#state === IDLE || this.#state === TUNNEL) return
    if (this.#state === BODY_UNTIL_CLOSE) {
      this.#end(noTrailers)
      return
    }
    this.#failure = refused(
      this.#state === BEFORE_HEAD
        ? 'Connection ended before the response'
        : this.#state === HEAD
          ? 'Connection ended inside the head of the response'
          : 'Connection ended inside the body of the response',
      502,
    )
    throw this.#failure
  }

  #read(bytes: Uint8Array): number {
    let at = 0
    while (at < bytes.length) {
      switch (this.#state) {
        case BEFORE_HEAD:
          this.#state = HEAD
          break
        case HEAD: {
          const base = this.#heads.begun ? -1 : at
          at = this.#heads.read(bytes, at)
          if (at === -1) return bytes.length
          this.#head(bytes, base)
          break
        }
        case LENGTH_BODY: {
          const end = Math.min(bytes.length, at + this.#remaining)
          this.#remaining -= end - at
          this.#events.body(bytes.subarray(at, end))
          at = end
          if (this.#remaining === 0) {
            this.#end(noTrailers)
            return at
          }
          break
        }
        case CHUNKED_BODY: {
          at = this.#chunks!.read(bytes, at, this.#events)
          if (at === -1) return bytes.length
          this.#end(this.#chunks!.trailers)
          return at
        }
        case BODY_UNTIL_CLOSE:
          this.#events.body(bytes.subarray(at))
          return bytes.length
        default: // IDLE, TUNNEL
          return at
      }
    }
    return at
  }

  /** `base`: where the head is in `bytes`; -1 if it is not there as a whole. */
  #head(bytes: Uint8Array, base: number): void {
    const { scan } = this.#heads
    const text = this.#heads.takeText()
    const { status } = scan
    const minorVersion = scan.minorVersion as MinorVersion
    if (base === -1) noteFacts(scan, text, facts, false)
    else noteFacts(scan, text, facts, false, bytes, base)
    const framing = responseFraming(this.#method, status, facts, minorVersion)
    const contentLength = framing === 'length' ? facts.contentLength : 0
    const keepAlive =
      framing !== 'until-close' && isKeptAlive(facts, minorVersion) && this.#isSound(status)
    const head = new ReadResponseHead(
      scan,
      text,
      framing,
      contentLength,
      keepAlive,
      facts.contentType,
    )
    if (status < 200 && status !== 101) {
      if (++this.#informational > this.#limits.informational) {
        throw refused(`More than ${this.#limits.informational} informational responses`, 502)
      }
      this.#state = BEFORE_HEAD
      this.#events.informational(head)
      return
    }
    switch (framing) {
      case 'none':
        this.#events.head(head)
        this.#end(noTrailers)
        return
      case 'tunnel':
        this.#state = TUNNEL
        break
      case 'length':
        this.#remaining = head.contentLength
        this.#state = LENGTH_BODY
        break
      case 'chunked':
        this.#chunks ??= new ChunkedReader(this.#limits)
        this.#chunks.begin()
        this.#state = CHUNKED_BODY
        break
      case 'until-close':
        this.#state = BODY_UNTIL_CLOSE
    }
    this.#events.head(head)
  }

  /**
   * Whether the framing of a response without a body is beyond doubt. RFC 9110 §8.6 and RFC 9112 §6.1 forbid
   * a length or a coding in 204; a server that sends one may send a body, too, which would then stand before
   * the next response.
   */
  #isSound(status: number): boolean {
    if (status !== 204) return true
    return facts.transferEncoding === undefined && facts.contentLength <= 0
  }

  #end(trailers: FieldList): void {
    this.#state = IDLE
    this.#informational = 0
    this.#events.end(trailers)
  }
}

/** Who passes on what an upstream got wrong answers 502 for it, never 400. */
function asBadGateway(error: unknown): Error {
  if (!(error instanceof ProtocolError) || error.statusHint === 502) return error as Error
  return new ProtocolError('remote', error.message, { statusHint: 502 })
}
