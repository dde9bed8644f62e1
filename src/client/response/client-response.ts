import { charsetOf } from '../../http/content-type.ts'
import { HeaderFields } from '../../http/header-fields.ts'
import { IncomingBody } from '../../http/incoming-body.ts'
import type { ResponseHead } from '../../wire/http1/messages.ts'
import { ClosedResourceError } from '../../concurrency/errors.ts'
import { ResponseError } from '../errors.ts'
import type { Call } from '../exchange/call.ts'
import { linesOf } from './lines.ts'

/** When things happened, in milliseconds since the request was made. */
export interface ResponseTimings {
  /** When the last hop had its connection. */
  readonly connected: number
  /** When the head of the response had come. */
  readonly headers: number
}

/**
 * A response whose head has come. Its body is read once, whole or as a stream; the connection is free
 * again when it was read to its end. `await using` releases what was not read, which closes the
 * connection; so does the end of the scope that made the request.
 */
export class ClientResponse implements AsyncDisposable {
  readonly status: number
  /** The phrase beside the status, as the server wrote it. */
  readonly reason: string
  readonly headers: HeaderFields
  /** Where it came from: after redirects, the last one. */
  readonly url: string
  /** The URLs that redirected, in order; empty if there were none. */
  readonly history: readonly string[]
  /** Bytes as they come, decompressed; reading it is what makes them come. */
  readonly body: IncomingBody
  readonly #method: string
  readonly #call: Call

  /** @internal */
  constructor(head: ResponseHead, call: Call) {
    this.status = head.status
    this.reason = head.reason
    this.headers = new HeaderFields(head.fields)
    this.url = call.url
    this.history = call.history
    this.#method = call.method
    this.#call = call
    this.body = new IncomingBody({
      pause: () => call.pause(),
      resume: () => call.resume(),
      abandon: () => call.abort(new ClosedResourceError('The response was released')),
    })
  }

  /** Whether the status is 200 to 299. */
  get ok(): boolean {
    return this.status >= 200 && this.status <= 299
  }

  /** Whether there was a redirect on the way. */
  get redirected(): boolean {
    return this.history.length > 0
  }

  /** The fields after a chunked body; empty until the body is read. */
  get trailers(): HeaderFields {
    return this.body.trailers
  }

  get timings(): ResponseTimings {
    const { startedAt, exchange } = this.#call
    return {
      connected: (exchange?.connectedAt ?? startedAt) - startedAt,
      headers: (exchange?.headAt ?? startedAt) - startedAt,
    }
  }

  /**
   * All of the body.
   *
   * Cancellation: the connection is closed.
   */
  bytes(): Promise<Uint8Array> {
    return this.body.bytes()
  }

  /**
   * All of the body as text, in the charset of its content type, or UTF-8.
   *
   * Cancellation: the connection is closed.
   */
  text(): Promise<string> {
    return this.body.text(Infinity, charsetOf(this.headers.get('content-type')))
  }

  /**
   * All of the body, parsed as JSON.
   *
   * Cancellation: the connection is closed.
   *
   * @throws SyntaxError if it is none
   */
  json<T = unknown>(): Promise<T> {
    return this.body.json<T>()
  }

  /**
   * Lines of the body as they come, as UTF-8, without their ends (LF or CR LF). A line of more than
   * `limit` bytes (default 1 MiB) is refused. Leaving the loop early closes the connection.
   *
   * Cancellation: the connection is closed.
   */
  lines(options?: { limit?: number }): AsyncGenerator<string, void> {
    return linesOf(this.body, options?.limit)
  }

  /** Throws `ResponseError` if the status is 400 or above; returns the response otherwise. */
  raiseForStatus(): this {
    if (this.status >= 400) {
      throw new ResponseError(this.#method, this.url, this.status, this.headers, '')
    }
    return this
  }

  /** Releases it: what was not read is given up, and its connection closed. Never waits. */
  close(): Promise<void> {
    this.body.abandon()
    return Promise.resolve()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
