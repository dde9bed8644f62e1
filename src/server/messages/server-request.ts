/**
 * What a handler is given. One object for each request, whose parts are made when they are asked for:
 * most handlers look at a parameter or two.
 */
import { currentScope, type Scope } from '../../concurrency/scope/scope.ts'
import { isJSON } from '../../http/content-type.ts'
import { parseCookies } from '../../http/fields/cookie.ts'
import { HeaderFields, type HeadersInput } from '../../http/header-fields.ts'
import { IncomingBody } from '../../http/incoming-body.ts'
import { KeptRequestHead } from '../../wire/http1/head/kept-request-head.ts'
import { ReadRequestHead } from '../../wire/http1/head/read-request-head.ts'
import type { RequestHead } from '../../wire/http1/messages.ts'
import { writeResponseHead } from '../../wire/http1/writing/head-writer.ts'
import { Fields } from './fields.ts'
import { HTTPError } from './http-error.ts'
import { jsonOf, readJSON } from './request/request-json.ts'
import { type Key, KeyedValues } from './key.ts'
import { ReadableRequest } from './readable-request.ts'
import { type EndHook, RequestHooks, type ResponseHook } from './request-hooks.ts'
import { pathOf, queryOf, urlOf } from './request/request-target.ts'
import { type SchemaOutput, type StandardSchema, validate } from './schema.ts'

/** Where a request came from: what it can't know by itself. */
export interface RequestOrigin {
  readonly remoteAddress: string | undefined
  readonly secure: boolean
  /** Host and port that it was received on, for a request of HTTP/1.0 without `Host`. */
  readonly authority: string
  /** What stands for `Host`, where a proxy that is trusted says so. */
  readonly host?: string | undefined
}

/** The connection, as long as no response has begun. */
export interface InterimSender {
  sendInterim(head: string): void
}

export type Params = Readonly<Record<string, string>>

export class ServerRequest<P extends Params = Params> extends ReadableRequest {
  /** Case-sensitive, as sent. */
  readonly method: string
  /** The target as sent: mostly a path with a query; see `path` and `query`. */
  readonly target: string
  /** What the placeholders of the route caught, percent-decoded. */
  params: P
  /** @internal */
  head: RequestHead
  /** @internal */
  origin: RequestOrigin
  /** @internal */
  hooks: RequestHooks | undefined
  /** @internal Sends what may come before the response, as long as it may. */
  interim: InterimSender | undefined
  /** @internal The scope that the handler runs in. */
  scope: Scope | undefined
  /** @internal The body, made when somebody asks for it, or when it does not come at once. */
  incoming: IncomingBody | undefined
  /** @internal The bytes of a body that came with the head, all of them. */
  whole: Uint8Array | undefined
  /** @internal The most bytes that `json()`, `text()`, `bytes()` and `form()` take. */
  bodyLimit: number
  /** @internal What `get()` looks into after the request's own values. */
  shared: KeyedValues | undefined
  #path: string | undefined
  #headers: HeaderFields | undefined
  #extras: Extras | undefined
  #wholeTaken: boolean

  /** @internal */
  constructor(head: RequestHead, origin: RequestOrigin) {
    super()
    this.method = head.method
    this.target = head.target
    this.params = noParams as P
    this.head = head
    this.origin = origin
    this.hooks = undefined
    this.interim = undefined
    this.scope = undefined
    this.incoming = undefined
    this.whole = undefined
    this.bodyLimit = 0
    this.shared = undefined
    this.#path = undefined
    this.#headers = undefined
    this.#extras = undefined
    this.#wholeTaken = false
  }

  /**
   * @internal HTTP is over on its connection, where `origin` takes the place of `connection`, and the request
   * may stay for long: it keeps what was sent, and nothing that can be made of that again.
   */
  outlive(connection: RequestOrigin, origin: RequestOrigin): void {
    if (this.origin === connection) this.origin = origin
    this.interim = undefined
    const { head } = this
    if (!(head instanceof ReadRequestHead)) return
    // Unless a middleware has changed them.
    if (this.#headers?.raw === head.fields) this.#headers = undefined
    this.head = new KeptRequestHead(head.text)
    if (Object.keys(this.params).length === 0) this.params = noParams as P
  }

  /** The path as sent, still percent-encoded, without the query. `*` and authorities stay as they are. */
  get path(): string {
    return (this.#path ??= pathOf(this.target))
  }

  /** What follows the `?`. */
  get query(): Fields {
    return ((this.#extras ??= new Extras()).query ??= new Fields(queryOf(this.target)))
  }

  /** The cookies that the client sent, by name, percent-decoded; of several with one name the first. */
  get cookies(): ReadonlyMap<string, string> {
    return ((this.#extras ??= new Extras()).cookies ??= parseCookies(this.headers.get('cookie')))
  }

  /**
   * The URL that the client asked for, by its `Host` field: not to be trusted.
   *
   * Throws `HTTPError` 400 if target and host make none.
   */
  get url(): URL {
    return ((this.#extras ??= new Extras()).url ??= urlOf(this))
  }

  get headers(): HeaderFields {
    return (this.#headers ??= new HeaderFields(this.head.fields))
  }

  /**
   * The body, as it comes. Not limited in length, unlike `json()`, `text()`, `bytes()` and `form()`.
   * What is not read is read away if it is short; otherwise the connection ends.
   */
  get body(): IncomingBody {
    return (this.incoming ??= IncomingBody.ofWhole(this.whole ?? noBytes, this.#wholeTaken))
  }

  /** The fields after a chunked body; empty until it was read to its end. */
  get trailers(): HeaderFields {
    return this.body.trailers
  }

  /** Aborted when the request is cancelled: the client left, its time is up, the server stops. */
  get signal(): AbortSignal {
    if (this.scope === undefined)
      throw new TypeError('Cannot give the signal of a request that is not handled yet')
    return this.scope.signal
  }

  /** The address of the peer, which may be a proxy; undefined for a Unix socket. */
  get remoteAddress(): string | undefined {
    return this.origin.remoteAddress
  }

  /** Whether it came over TLS. */
  get secure(): boolean {
    return this.origin.secure
  }

  /** Minor version of HTTP/1. */
  get minorVersion(): 0 | 1 {
    return this.head.minorVersion
  }

  /**
   * Sends `103 Early Hints` (RFC 8297) at once, so that the client can load what the response will need
   * while it is being made: `request.earlyHints({ link: '</style.css>; rel=preload; as=style' })`. Does
   * nothing for clients of HTTP/1.0, for `app.fetch()`, and once the response has begun.
   *
   * Throws TypeError for fields that can't be sent, and ProtocolError for those that frame a message.
   */
  earlyHints(headers: HeadersInput): void {
    const { raw } = HeaderFields.from(headers)
    if (this.head.minorVersion === 1)
      this.interim?.sendInterim(writeResponseHead(103, undefined, raw))
  }

  /** The value that was set on this request, or else on the application. */
  get<T>(key: Key<T>): T | undefined {
    return this.#extras?.values?.get(key) ?? this.shared?.get(key)
  }

  /** Keeps a value for whoever handles this request later. */
  set<T>(key: Key<T>, value: T): void {
    const extras = (this.#extras ??= new Extras())
    extras.values ??= new KeyedValues()
    extras.values.set(key, value)
  }

  /**
   * Calls `hook` with the response just before it is sent, whoever makes it: a handler, a middleware
   * further out, or an error. The last that was added is called first. It must not wait; if it
   * throws, 500 is answered.
   */
  onResponse(hook: ResponseHook): void {
    ;(this.hooks ??= new RequestHooks()).onResponse(hook)
  }

  /** Calls `hook` once, when the response is handed over, or can't be any more. */
  onEnd(hook: EndHook): void {
    ;(this.hooks ??= new RequestHooks()).onEnd(hook)
  }

  /**
   * As `bytes()`, parsed as JSON. With a schema of zod, valibot, arktype or another library that speaks
   * Standard Schema, what the schema makes of it.
   *
   * Throws `HTTPError` 400 if it is no JSON, 415 if it has a content type that is none of JSON or is
   * compressed, and 422
   * with the list of issues, as `application/problem+json`, if it does not match the schema.
   *
   * Cancellation: as that of `bytes()`.
   */
  json<S extends StandardSchema>(schema: S): Promise<SchemaOutput<S>>
  json<T = unknown>(): Promise<T>
  json(schema?: StandardSchema): Promise<unknown> {
    const type = ServerRequest.#typeField(this)
    // A form of another site can post anything as text/plain, but not as JSON.
    if (type !== undefined && type !== 'application/json' && !isJSON(type)) {
      return Promise.reject(new HTTPError(415, 'Expected a body of type application/json'))
    }
    const { whole } = this
    if (whole !== undefined && ServerRequest.#takesWhole(this, whole))
      return jsonOf(this, whole, schema)
    const value = readJSON(this)
    return schema === undefined ? value : value.then((value) => validate(schema, value, 'body'))
  }

  // Without an object for what is read once, and at once.
  static #takesWhole(request: ServerRequest, whole: Uint8Array): boolean {
    if (request.incoming !== undefined || request.#wholeTaken) return false
    if (whole.byteLength > request.bodyLimit || currentScope().cancelled) return false
    request.#wholeTaken = true
    return true
  }

  // Without a look at the other fields if nobody has looked, or changed them. Static, since an object with a
  // private method holds a mark of its own for that.
  static #typeField(request: ServerRequest): string | undefined {
    if (request.#headers === undefined && request.head.contentType !== undefined) {
      return request.head.contentType
    }
    return request.headers.get('content-type') ?? undefined
  }
}

/** What most requests are not asked for. */
class Extras {
  query: Fields | undefined = undefined
  cookies: ReadonlyMap<string, string> | undefined = undefined
  url: URL | undefined = undefined
  values: KeyedValues | undefined = undefined
}

const noBytes = new Uint8Array(0)
const noParams: Params = Object.freeze(Object.create(null))
