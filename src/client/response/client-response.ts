import { HeaderFields } from '../../http/header-fields.ts'
import type { IncomingBody } from '../../http/incoming-body.ts'
import { charsetOf, parseContentType } from '../../http/content-type.ts'
import { decodeText } from '../../http/text-decoding.ts'
import type { ResponseHead } from '../../wire/http1/messages.ts'
import { cookiesSet } from '../cookies/cookie-header.ts'
import { ResponseError } from '../errors.ts'
import type { ServerSentEvent } from '../events/event-parser.ts'
import { eventsOf } from '../events/events-of.ts'
import type { OpeningTimes } from '../connection/opening-times.ts'
import type { Exchange } from '../exchange/exchange.ts'
import { BodyReader } from './body-reader.ts'
import { decodableCharset } from './charset.ts'
import { linesOf } from './lines.ts'
import { type Link, parseLinks } from './links.ts'
import { saveBody } from './save.ts'

/** A redirect that was followed. */
export interface RedirectStep {
  readonly url: string
  readonly status: number
  readonly headers: HeaderFields
}

/** How long each phase took, in milliseconds: of the last request, if redirects were followed. */
export interface ResponseTimings {
  /** Waiting for a connection, where the session was at its limit. */
  readonly pool: number
  /** Opening a connection; 0 if one was used again. */
  readonly connect: number
  /** Where the time in `connect` went; undefined if a connection was used again. */
  readonly opening: OpeningTimes | undefined
  /** From sending to the head of the response; the sending of a long body included. */
  readonly headers: number
  /** From the head to the last byte of the body; undefined while there is more to come. */
  readonly body: number | undefined
}

/** What a response asks of the exchange that it came by. @internal */
export type ResponseExchange = Pick<
  Exchange,
  | 'over'
  | 'keepsConnection'
  | 'unsent'
  | 'trace'
  | 'openingTimes'
  | 'startedAt'
  | 'connectingAt'
  | 'sentAt'
  | 'headAt'
  | 'endedAt'
  | 'limitTo'
  | 'follow'
  | 'abort'
  | 'takeOver'
>

type MadeHead = Pick<ResponseHead, 'status' | 'reason' | 'fields'> &
  Partial<Pick<ResponseHead, 'contentType'>>

const noSteps: readonly RedirectStep[] = []
// What fits on a screen.
const mostErrorText = 4096

/**
 * A response whose head has come. Its body is read once, whole or as a stream; the connection is free
 * for others when the body has come to its end. `await using` releases what was not read, which closes
 * the connection; so does the end of the scope that made the request.
 */
export class ClientResponse implements AsyncDisposable {
  readonly status: number
  /** The phrase beside the status, as the server wrote it; it means nothing. */
  readonly reason: string
  /** Where it came from: after redirects, the last one. */
  readonly url: string
  /** The method that was answered: a redirect may have made GET of POST. */
  readonly method: string
  /** Bytes as they come, decompressed. */
  readonly body: IncomingBody
  /** @internal */
  readonly exchange: ResponseExchange
  /** @internal Whether somebody reads events, which may come for ever. */
  endless = false
  readonly #head: MadeHead
  // Made when somebody looks.
  #headers: HeaderFields | undefined = undefined
  #history: readonly RedirectStep[] = noSteps

  /** @internal */
  constructor(
    head: MadeHead,
    method: string,
    url: string,
    body: IncomingBody,
    exchange: ResponseExchange,
  ) {
    this.status = head.status
    this.reason = head.reason
    this.#head = head
    this.url = url
    this.method = method
    this.body = body
    this.exchange = exchange
  }

  get headers(): HeaderFields {
    return (this.#headers ??= new HeaderFields(this.#head.fields))
  }

  /** Whether the status is 200 to 299. */
  get ok(): boolean {
    return this.status >= 200 && this.status <= 299
  }

  /** The redirects that led here, in order; empty if there were none. */
  get history(): readonly RedirectStep[] {
    return this.#history
  }

  /** What its `Set-Cookie`s say, by name: whether a jar has kept them or not. */
  get cookies(): ReadonlyMap<string, string> {
    return cookiesSet(this.headers.getSetCookie())
  }

  /** By each relation of its `Link` fields (RFC 8288), the first link: `response.links.get('next')?.url`. */
  get links(): ReadonlyMap<string, Link> {
    return parseLinks(this.headers.getAll('link'), this.url)
  }

  /** The media type in lower case, without parameters; undefined if none is said. */
  get contentType(): string | undefined {
    return parseContentType(this.headers.get('content-type'))?.type
  }

  /** The charset that its content type names, in lower case; undefined if none is said. */
  get charset(): string | undefined {
    return charsetOf(this.headers.get('content-type'))
  }

  /**
   * How long the body is as it is sent, before it is decompressed, in bytes; undefined if the server does not
   * say.
   */
  get contentLength(): number | undefined {
    const said = this.headers.get('content-length')
    return said === null ? undefined : Number(said)
  }

  /** Whether there was a redirect on the way. */
  get redirected(): boolean {
    return this.#history.length > 0
  }

  /** The fields after a chunked body; empty until all of the body is there, and mostly then too. */
  get trailers(): HeaderFields {
    return this.body.trailers
  }

  get timings(): ResponseTimings {
    const { startedAt, connectingAt, sentAt, headAt, endedAt } = this.exchange
    const opened = !Number.isNaN(connectingAt)
    return {
      pool: (opened ? connectingAt : sentAt) - startedAt,
      connect: opened ? sentAt - connectingAt : 0,
      opening: this.exchange.openingTimes,
      headers: headAt - sentAt,
      body: Number.isNaN(endedAt) ? undefined : endedAt - headAt,
    }
  }

  /**
   * All of the body.
   *
   * Cancellation: closes the connection.
   *
   * @throws BusyResourceError if it is read already, `TransferError` if it breaks off, `ProtocolError` if it is
   *   not what its headers say, TimeoutError, `SPOOL_BODY_TOO_LARGE`
   */
  bytes(): Promise<Uint8Array> {
    return this.body.bytes()
  }

  /**
   * All of the body as text, in the charset of its content type, or UTF-8.
   *
   * Cancellation: closes the connection.
   *
   * @throws As `bytes()`
   */
  text(): Promise<string> {
    return this.body.text(Infinity, decodableCharset(this.typeField))
  }

  /**
   * All of the body, parsed as JSON, whatever its content type.
   *
   * Cancellation: closes the connection.
   *
   * @throws SyntaxError if it is none, and as `bytes()`
   */
  json<T = unknown>(): Promise<T> {
    return this.body.json<T>()
  }

  /**
   * The lines of the body as they come, as UTF-8, without their ends (LF or CR LF). Leaving the loop
   * early closes the connection. `limit`: bytes that a line may have, by default 1 MiB; a longer one
   * throws an error with the code `SPOOL_BODY_TOO_LARGE`.
   *
   * Cancellation: closes the connection.
   */
  lines(options?: { limit?: number }): AsyncGenerator<string, void> {
    return linesOf(this.body, options?.limit)
  }

  /**
   * Reads the body in portions: so many bytes, or up to a separator.
   *
   * @throws BusyResourceError if it is read already
   */
  reader(): BodyReader {
    return new BodyReader(this.body)
  }

  /**
   * Writes the body to a file, decompressed, and returns how many bytes that are. The file has its name
   * once all of it is there; until then it has one of its own beside it, which ends in `.tmp`. What can
   * be gone on with is `session.download()`.
   *
   * Cancellation: what came is dropped; a file that was there before stays.
   *
   * @throws The system's error, and as `bytes()`
   */
  saveTo(path: string): Promise<number> {
    return saveBody(this.body, path)
  }

  /**
   * The events of a body of `text/event-stream`, as they come: for a stream that is the answer to one
   * request, and is not to be asked for again. `limit`: characters that one event may have, by default
   * 1 MiB.
   *
   * Cancellation: closes the connection.
   *
   * @throws ProtocolError for another content type, ClosedResourceError when the session is closed, and
   *   as `bytes()`
   */
  events(options?: { limit?: number }): AsyncGenerator<ServerSentEvent, void> {
    this.endless = true
    return eventsOf(this, options?.limit)
  }

  /**
   * Returns the response, if its status is under 400.
   *
   * @throws ResponseError otherwise, with as much of the body as has come; the option `raiseForStatus` waits
   *   for it
   */
  raiseForStatus(): this {
    if (this.status < 400) return this
    const text = decodeText(this.body.peek(mostErrorText))
    throw new ResponseError(this.method, this.url, this.status, this.headers, text)
  }

  /**
   * Releases it: what was not read is given up, and its connection closed. Never waits, never throws.
   *
   * Cancellation: has none; it waits for nothing.
   */
  close(): Promise<void> {
    this.body.abandon()
    return Promise.resolve()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** @internal Its `Content-Type`, without a look at the others if nobody has looked, or changed them. */
  get typeField(): string | undefined {
    if (this.#headers === undefined && this.#head.contentType !== undefined) {
      return this.#head.contentType
    }
    return this.headers.get('content-type') ?? undefined
  }

  /** @internal */
  cameBy(history: readonly RedirectStep[]): void {
    this.#history = history
  }
}
