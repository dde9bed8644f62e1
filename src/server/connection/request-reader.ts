/**
 * Makes requests of bytes, one at a time: between the parser and the connection's policy. After each
 * message the parser stands still until `next()`, so at most one request of a connection exists.
 *
 * It is also the source of that request's body: it slows the client down when enough is queued,
 * answers `Expect: 100-continue` when somebody begins to read, and reads away what nobody wants.
 */
import { type BodySource, IncomingBody } from '../../http/incoming-body.ts'
import { type BodyInput, isWhole } from '../../http/outgoing-body.ts'
import type { Transport } from '../../io/transport.ts'
import type { FieldList, RequestEvents, RequestHead } from '../../wire/http1/messages.ts'
import { RequestParser } from '../../wire/http1/request-parser.ts'
import {
  type InterimSender,
  type RequestOrigin,
  ServerRequest,
} from '../messages/server-request.ts'
import type { ServerResponse } from '../messages/server-response.ts'
import type { ServerLimits } from '../server-options.ts'
import type { ConnectionHost } from './connection-host.ts'
import type { ReadTimer } from './read-timer.ts'

export class RequestReader implements RequestEvents, BodySource, InterimSender {
  /** The request that is read or handled; undefined between two. */
  request: ServerRequest | undefined = undefined
  /** Whether its message is not complete yet. */
  reading = false
  /** Bytes of its body that have come. */
  received = 0
  /** Whether what comes is thrown away: where the next message begins is anybody's guess. */
  lost = false
  readonly #parser: RequestParser
  readonly #transport: Transport
  readonly #origin: RequestOrigin
  readonly #limits: ServerLimits
  readonly #timer: ReadTimer
  #paused = false
  // Whether the client waits for 100 Continue before it sends the body.
  #expecting = false
  // Once nobody wants the body: how much of it was thrown away.
  #discarding = false
  #discarded = 0
  #shared = false

  constructor(transport: Transport, origin: RequestOrigin, host: ConnectionHost, timer: ReadTimer) {
    this.#transport = transport
    this.#origin = origin
    this.#limits = host.limits
    this.#timer = timer
    this.#parser = new RequestParser(this, host.parserLimits)
  }

  /** Whether nothing of the next message was seen. */
  get idle(): boolean {
    return this.#parser.idle
  }

  /** Whether it is the client's turn: it can send more of the body, and we would take it. */
  get waiting(): boolean {
    return this.reading && !this.#expecting && !this.#paused
  }

  /** Whether the rest of the body that nobody read is too much to throw away. */
  get tooMuchToDiscard(): boolean {
    if (!this.reading || this.request === undefined) return false
    const { framing, contentLength } = this.request.head
    const limit = this.#limits.readAhead
    // A client that waits for 100 Continue may send the body or not: who knows where the next request is.
    return (
      this.#expecting || this.#discarded > limit || (framing === 'length' && contentLength > limit)
    )
  }

  /**
   * Whether nobody reads the rest of a body whose length is not said: it may become too much to throw away,
   * and a client that was told to go on would lose its next request.
   */
  leavesOpenEnd(response: BodyInput | null): boolean {
    const { request } = this
    if (!this.reading || request?.head.framing !== 'chunked') return false
    // Sent back as it comes, it is read from now on.
    return this.#discarding || (request.incoming?.used === false && request.incoming !== response)
  }

  /** The response comes: from now on there is nothing to be said before it. */
  answering(response: ServerResponse): void {
    // What is sent in pieces may be made of the body, and then it is wanted before the head goes out.
    if (this.#expecting && response.status < 400 && !isWhole(response.body)) this.wanted()
  }

  /** How many bytes were used; fewer than given behind a complete message. Throws `ProtocolError`. */
  feed(bytes: Uint8Array, shared: boolean): number {
    this.#shared = shared
    const used = this.#parser.feed(bytes)
    // More of it is to come, and a handler may want it.
    if (this.reading && this.request?.incoming === undefined) this.#open()
    return used
  }

  /** The client sends no more. Throws `ProtocolError` if that is inside a message. */
  eof(): void {
    this.#parser.eof()
  }

  /** Lets the next message come. */
  next(): void {
    this.request = undefined
    this.#parser.resume()
  }

  /** From now on the body is thrown away. */
  discard(): void {
    this.#discarding = true
    this.#discarded = 0
    this.request?.incoming?.abandon()
  }

  /** The rest of the message won't come. */
  fail(error: unknown): void {
    this.#endPause()
    this.request?.incoming?.fail(error)
  }

  head(head: RequestHead): void {
    const request = new ServerRequest(head, this.#origin)
    request.interim = this
    this.request = request
    if (head.framing === 'none') return
    this.reading = true
    this.received = 0
    this.#discarding = false
    this.#expecting = head.expectContinue
  }

  body(bytes: Uint8Array): void {
    this.#expecting = false
    this.received += bytes.byteLength
    if (this.#discarding) this.#discarded += bytes.byteLength
    else if (this.#isWhole(bytes)) this.#keepWhole(bytes)
    else this.#open().push(bytes, this.#shared)
  }

  end(trailers: FieldList): void {
    this.#parser.pause()
    if (!this.reading) return
    this.reading = false
    this.#endPause()
    this.request?.incoming?.end(trailers)
  }

  // A small body mostly comes with its head: then there is no waiting, and nothing to wait with.
  #isWhole(bytes: Uint8Array): boolean {
    const { head, incoming } = this.request as ServerRequest
    return (
      incoming === undefined && head.framing === 'length' && bytes.byteLength === head.contentLength
    )
  }

  #keepWhole(bytes: Uint8Array): void {
    const request = this.request as ServerRequest
    request.whole = this.#shared ? Buffer.from(bytes) : bytes
  }

  #open(): IncomingBody {
    return ((this.request as ServerRequest).incoming ??= new IncomingBody(this))
  }

  // As BodySource:

  pause(): void {
    this.#paused = true
    this.#transport.pause()
    this.#timer.pauseBody()
  }

  resume(): void {
    this.#paused = false
    this.#transport.resume()
    this.#timer.resumeBody()
  }

  abandon(): void {
    this.#discarding = true
    this.resume()
  }

  wanted(): void {
    if (!this.#expecting) return
    this.#expecting = false
    // RFC 9110 §10.1.1: told only when the body is wanted, so that a refused one is not sent. Behind the
    // beginning of the response it would be a part of that.
    if (this.request?.interim !== undefined) this.#transport.write('HTTP/1.1 100 Continue\r\n\r\n')
    this.#timer.resumeBody()
  }

  // What paused was this message: whoever reads it still has no say in the next one's coming.
  #endPause(): void {
    if (this.#paused) this.resume()
  }

  // As InterimSender:

  sendInterim(head: string): void {
    this.#transport.write(head)
  }
}
