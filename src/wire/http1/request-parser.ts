/**
 * Reads the requests of one connection, one after the other: the server's half of the engine.
 *
 * It is a machine without I/O: bytes go in, events come out, synchronously. After an error it is of no use,
 * for where the next message begins is then anybody's guess.
 */
import { ChunkedReader } from './body/chunked-reader.ts'
import { FieldFacts, fieldsAt, listOf, noteFacts } from './head/field-reader.ts'
import { isKeptAlive, requestFraming } from './framing.ts'
import { CR, LF, quoted, refused } from './grammar.ts'
import { HeadReader } from './head/head-reader.ts'
import { type HTTP1Limits, limitsFrom } from './limits.ts'
import type { FieldList, MinorVersion, RequestEvents } from './messages.ts'
import { ReadRequestHead } from './head/read-request-head.ts'
import { scanRequestLine } from './head/request-line.ts'
import { hostOf } from './head/request-target.ts'

const BETWEEN = 0
const EMPTY_LINE_LF = 1
const HEAD = 2
const LENGTH_BODY = 3
const CHUNKED_BODY = 4
const AFTER_LAST = 5

const noTrailers: FieldList = Object.freeze([])
const facts = new FieldFacts()

export class RequestParser {
  readonly #events: RequestEvents
  readonly #limits: HTTP1Limits
  readonly #heads: HeadReader
  #chunks: ChunkedReader | null
  #state: number
  #paused: boolean
  #remaining: number
  #emptyLines: number
  #keepAlive: boolean
  #leavesHTTP: boolean
  #failure: Error | undefined

  /** @throws RangeError if a limit is not a positive integer */
  constructor(events: RequestEvents, limits?: Partial<HTTP1Limits>) {
    this.#events = events
    this.#limits = limitsFrom(limits)
    this.#heads = new HeadReader(this.#limits, scanRequestLine)
    this.#chunks = null
    this.#state = BETWEEN
    this.#paused = false
    this.#remaining = 0
    this.#emptyLines = 0
    this.#keepAlive = true
    this.#leavesHTTP = false
    this.#failure = undefined
  }

  /** Whether it stands between two messages and has seen nothing of the next one. */
  get idle(): boolean {
    return this.#state === BETWEEN || this.#state === AFTER_LAST
  }

  /** Stops before the next message; the one that is being read is read to its end. */
  pause(): void {
    this.#paused = true
  }

  /** Allows the next message; the bytes that `feed()` left are to be fed again. */
  resume(): void {
    this.#paused = false
  }

  /**
   * Reads `bytes` and tells what they hold. Returns how many were used: all of them unless it was paused or
   * pauses itself, behind a request that may end HTTP on the connection (`CONNECT`, or one with `upgrade`).
   * Behind a request after which the connection is not kept, everything is used and ignored (RFC 9112 §9.6).
   *
   * @throws ProtocolError if a message breaks the rules; each later call throws the same again
   */
  feed(bytes: Uint8Array): number {
    if (this.#failure !== undefined) throw this.#failure
    try {
      return this.#read(bytes)
    } catch (error) {
      this.#failure = error as Error
      throw error
    }
  }

  /**
   * The peer sends no more.
   *
   * @throws ProtocolError if it stopped inside a message
   */
  eof(): void {
    if (this.#failure !== undefined) throw this.#failure
    if (this.idle) return
    this.#failure = refused(
      this.#state <= HEAD
        ? 'Connection ended inside the head of a request'
        : 'Connection ended inside the body of a request',
    )
    throw this.#failure
  }

  #read(bytes: Uint8Array): number {
    let at = 0
    while (at < bytes.length) {
      switch (this.#state) {
        case BETWEEN:
          if (this.#paused) return at
          if (bytes[at] !== CR) {
            this.#state = HEAD
            break
          }
          this.#state = EMPTY_LINE_LF
          at++
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
          if (this.#remaining === 0) this.#end(noTrailers)
          break
        }
        case CHUNKED_BODY: {
          at = this.#chunks!.read(bytes, at, this.#events)
          if (at === -1) return bytes.length
          this.#end(this.#chunks!.trailers)
          break
        }
        case EMPTY_LINE_LF:
          // RFC 9112 §2.2: "a server that is expecting to receive and parse a request-line SHOULD ignore at
          // least one empty line (CRLF) received prior to the request-line".
          if (bytes[at] !== LF) throw refused('CR without LF before a request')
          if (++this.#emptyLines > this.#limits.emptyLines) {
            throw refused(`More than ${this.#limits.emptyLines} empty lines before a request`)
          }
          this.#state = BETWEEN
          at++
          break
        default: // AFTER_LAST
          return bytes.length
      }
    }
    return at
  }

  /** `base`: where the head is in `bytes`; -1 if it is not there as a whole. */
  #head(bytes: Uint8Array, base: number): void {
    const { scan } = this.#heads
    const text = this.#heads.takeText()
    const method = methodOf(text, scan.firstEnd)
    const target = text.slice(scan.firstEnd + 1, scan.secondEnd)
    const minorVersion = scan.minorVersion as MinorVersion
    if (base === -1) noteFacts(scan, text, facts, true)
    else noteFacts(scan, text, facts, true, bytes, base)
    const host = hostOf(method, target, facts.host, minorVersion)
    const framing = requestFraming(facts, minorVersion)
    const connect = method === 'CONNECT'
    // RFC 9110 §9.3.6: behind a CONNECT stands what is meant for the tunnel, sent ahead by some. If there
    // is no tunnel it must not be read as requests: somebody else may have written it.
    const keepAlive = !connect && isKeptAlive(facts, minorVersion)
    const upgrade =
      facts.upgrade !== undefined && facts.connectionUpgrade && minorVersion === 1
        ? facts.upgrade
        : undefined
    const contentLength = framing === 'length' ? facts.contentLength : 0
    const expectContinue = facts.expect !== undefined && this.#expectsContinue(facts.expect)
    if (connect && framing !== 'none') {
      // RFC 9110 §9.3.6: "A CONNECT request message does not have content"; some read what follows as the
      // tunnel's, others as a body.
      throw refused('CONNECT request has a body')
    }
    this.#emptyLines = 0
    this.#keepAlive = keepAlive
    this.#leavesHTTP = upgrade !== undefined || connect
    const head = new ReadRequestHead(
      method,
      target,
      minorVersion,
      text,
      fieldsAt(scan, text),
      scan.fieldCount,
      framing,
      contentLength,
      host,
      keepAlive,
      expectContinue && minorVersion === 1 && framing !== 'none',
      upgrade,
      facts.contentType,
    )
    if (framing === 'none') {
      this.#events.head(head)
      this.#end(noTrailers)
      return
    }
    if (framing === 'length') {
      this.#remaining = contentLength
      this.#state = LENGTH_BODY
    } else {
      this.#chunks ??= new ChunkedReader(this.#limits)
      this.#chunks.begin()
      this.#state = CHUNKED_BODY
    }
    this.#events.head(head)
  }

  /** RFC 9110 §10.1.1: 417 to what we can't meet. §5.6.1: empty elements are none. */
  #expectsContinue(expect: string): boolean {
    let expects = false
    for (const expectation of listOf(expect)) {
      if (expectation.toLowerCase() === '100-continue') expects = true
      else if (expectation !== '') {
        throw refused(`Expectation ${quoted(expectation)} is not supported`, 417)
      }
    }
    return expects
  }

  #end(trailers: FieldList): void {
    this.#state = this.#keepAlive || this.#leavesHTTP ? BETWEEN : AFTER_LAST
    if (this.#leavesHTTP) this.#paused = true
    this.#events.end(trailers)
  }
}

/** The usual ones are always the same string: its hash is known, and comparing it is comparing a pointer. */
function methodOf(text: string, end: number): string {
  if (end === 3 && text.startsWith('GET')) return 'GET'
  if (end === 4 && text.startsWith('POST')) return 'POST'
  return text.slice(0, end)
}
