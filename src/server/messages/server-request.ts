/**
 * What a handler is given. One object for each request, whose parts are made when they are asked for:
 * most handlers look at a parameter or two.
 */
import { currentScope, type Scope } from '../../concurrency/scope/scope.ts'
import { isJSON } from '../../http/content-type.ts'
import { parseCookies } from '../../http/fields/cookie.ts'
import {
  preferredEncoding,
  preferredLanguage,
  preferredType,
} from '../../http/fields/negotiation.ts'
import type { ResourceState } from '../../http/fields/preconditions.ts'
import { HeaderFields, type HeadersInput } from '../../http/header-fields.ts'
import { IncomingBody } from '../../http/incoming-body.ts'
import { KeptRequestHead } from '../../wire/http1/head/kept-request-head.ts'
import { ReadRequestHead } from '../../wire/http1/head/read-request-head.ts'
import type { RequestHead } from '../../wire/http1/messages.ts'
import { writeResponseHead } from '../../wire/http1/writing/head-writer.ts'
import { Fields } from './fields.ts'
import type { Form } from './form/form.ts'
import type { MultipartLimits, Part } from './form/multipart.ts'
import { formOf, multipartOf } from './form/read-form.ts'
import { HTTPError } from './http-error.ts'
import { jsonOf, readJSON } from './request/request-json.ts'
import { type Key, KeyedValues } from './key.ts'
import { type EndHook, RequestHooks, type ResponseHook } from './request-hooks.ts'
import { preconditionResponse } from './request/precondition-response.ts'
import { readBody, readText } from './request/request-body.ts'
import { pathOf, queryOf, urlOf } from './request/request-target.ts'
import { type SchemaOutput, type StandardSchema, validate } from './schema.ts'
import type { ServerResponse } from './server-response.ts'

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

export class ServerRequest<P extends Params = Params> {
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
   * Of the media types offered, such as `'text/html'`, the one that the client prefers; of equals the
   * first. Undefined if it takes none of them: 406, or what is there nevertheless.
   */
  accepts<T extends string>(...types: readonly T[]): T | undefined {
    return preferredType(this.headers.get('accept'), types)
  }

  /** As `accepts()`, of languages: `request.acceptsLanguages('en', 'pt-BR')`. */
  acceptsLanguages<T extends string>(...languages: readonly T[]): T | undefined {
    return preferredLanguage(this.headers.get('accept-language'), languages)
  }

  /**
   * As `accepts()`, of content codings. A response that depends on it says so by `Vary`. `identity` is
   * preferred to what the client does not name.
   */
  acceptsEncodings<T extends string>(...encodings: readonly T[]): T | undefined {
    return preferredEncoding(this.headers.get('accept-encoding'), encodings)
  }

  /**
   * Evaluates `If-Match`, `If-None-Match`, `If-Modified-Since` and `If-Unmodified-Since` against what
   * there is, in the order of RFC 9110 §13.2.2. Gives the response to answer with: 304 to a client that
   * has it already, 412 if its condition does not hold; undefined to go on. Before a change to what
   * does not exist yet, give `exists: false`.
   *
   * @example
   * ```ts
   * const app = new Application().get('/report', (request) => {
   *   const state = { etag: '"v7"', lastModified: Date.UTC(2026, 0, 1) }
   *   return request.precondition(state) ?? text('…', { headers: { etag: state.etag } })
   * })
   * ```
   */
  precondition(state: ResourceState): ServerResponse | undefined {
    return preconditionResponse(this, state)
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
   * The body, whole. May be called again, and mixed with `text()`, `json()` and `form()`.
   *
   * Throws `HTTPError` 413 if it is longer than the limit.
   *
   * Cancellation: what was not read is dropped, and the connection ends after the response.
   */
  bytes(): Promise<Uint8Array> {
    return readBody(this, (body, limit) => body.bytes(limit))
  }

  /**
   * As `bytes()`, decoded by the charset of its content type, by default UTF-8. 415 if it is not known, or
   * if the body is compressed, which `bytes()` and `body` leave as it is.
   *
   * Cancellation: as that of `bytes()`.
   */
  text(): Promise<string> {
    return readText(this)
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

  /**
   * A form, `application/x-www-form-urlencoded` or `multipart/form-data`, as a whole: its fields, and
   * apart from them its files, of which those above 256 KiB lie on the disk until the request is over.
   *
   * Throws `HTTPError` 415 for a body of another type or a compressed one, 413 if all of it is longer than the limit of
   * `json()` and `text()` or has more than 100 parts or 20 files, 400 if it is malformed or cut off.
   *
   * Cancellation: what was read is dropped, and files are removed.
   */
  form(): Promise<Form> {
    return formOf(this, this.bodyLimit, () => readBody(this, (body, limit) => body.text(limit)))
  }

  /**
   * The parts of a `multipart/form-data` body one by one, as they come, for what is larger than memory:
   * nothing is read of the connection that was not asked for. Parts without a name are passed over.
   *
   * Throws `HTTPError` 415 or 400 if it is no such form; its parts throw 413 above a limit, and 400 for
   * what is malformed or cut off.
   *
   * Cancellation: the loop is left, which abandons the rest of the body.
   *
   * @example
   * ```ts
   * const app = new Application().post('/upload', async (request) => {
   *   let size = 0
   *   for await (const part of request.multipart({ fileSize: 1e9, size: 2e9 })) {
   *     for await (const chunk of part) size += chunk.byteLength
   *   }
   *   return json({ size })
   * })
   * ```
   */
  multipart(limits: MultipartLimits = {}): AsyncGenerator<Part, void> {
    return multipartOf(this, limits)
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
