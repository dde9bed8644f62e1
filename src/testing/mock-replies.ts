/** What a mock answers, and to what. */
import { HeaderFields, type HeadersInput } from '../http/header-fields.ts'
import type { BodyInput } from '../http/outgoing-body.ts'
import { type ServerRequest, ServerResponse } from '../server/index.ts'

/** A request that came to a mock. */
export interface RecordedRequest {
  readonly method: string
  /** Absolute, with scheme and host. */
  readonly url: string
  readonly headers: HeaderFields
  /** The whole body; undefined if an application was to read it. */
  readonly body: Uint8Array | undefined
}

/** An answer as one writes it down: made anew each time it is given. */
export interface ReplyOptions {
  /** Default 200. */
  readonly status?: number
  readonly headers?: HeadersInput
  /** Sent as JSON. */
  readonly json?: unknown
  /** Sent as it is; text has the type `text/plain`. */
  readonly body?: BodyInput
}

/**
 * What is answered: text, an answer as one writes it down, a response, or an error, which breaks the
 * connection. A function makes one of them for each request.
 */
export type Reply = string | ReplyOptions | ServerResponse | Response | Error
export type MockReply =
  | Reply
  | ((request: ServerRequest, recorded: RecordedRequest) => Reply | Promise<Reply>)

/** Which requests a reply is for: an absolute URL or a path, without the query unless it has one; or a pattern of the whole URL. */
export type URLPattern = string | RegExp

export interface RouteOptions {
  /** How often it is given. Default: as often as it is asked for, but once at least. */
  readonly times?: number
}

/** A reply, and how often it was given. */
export class MockRoute {
  readonly name: string
  readonly reply: MockReply
  used = 0
  readonly #method: string | undefined
  readonly #url: URLPattern | undefined
  readonly #times: number | undefined

  constructor(
    method: string | undefined,
    url: URLPattern | undefined,
    reply: MockReply,
    times: number | undefined,
  ) {
    if (times !== undefined && !(Number.isSafeInteger(times) && times > 0)) {
      throw new RangeError(`Cannot use ${String(times)} as "times": expected a number above 0`)
    }
    this.#method = method === '*' ? undefined : method
    this.#url = url
    this.#times = times
    this.reply = reply
    this.name = `${method ?? 'any request'}${url === undefined ? '' : ` ${String(url)}`}`
  }

  /** Whether it is given to this request. */
  takes({ method, url }: RecordedRequest): boolean {
    if (this.used === this.#times) return false
    if (this.#method !== undefined && this.#method !== method) return false
    const pattern = this.#url
    if (pattern === undefined) return true
    if (pattern instanceof RegExp) return url.search(pattern) >= 0
    const { origin, pathname, search } = new URL(url)
    const path = pattern.includes('?') ? pathname + search : pathname
    return pattern.startsWith('/') ? pattern === path : pattern === origin + path
  }

  /** Whether it was given as often as it was to be. */
  get isUsed(): boolean {
    return this.used >= (this.#times ?? 1)
  }
}

/** A reply as the server takes it. */
export function responseOf(reply: Exclude<Reply, Error>): ServerResponse | Response {
  if (reply instanceof ServerResponse || reply instanceof Response) return reply
  if (typeof reply === 'string') return new ServerResponse(reply, { type: plain })
  const { status = 200, headers, json, body } = reply
  const fields = HeaderFields.from(headers)
  if (json !== undefined) {
    const type = 'application/json'
    return new ServerResponse(JSON.stringify(json), { status, headers: fields, type })
  }
  const response = new ServerResponse(body ?? null, { status, headers: fields })
  if (typeof body === 'string' && !fields.has('content-type')) {
    response.headers.set('Content-Type', plain)
  }
  return response
}

const plain = 'text/plain; charset=utf-8'
