import { ClosedResourceError } from '../concurrency/errors.ts'
import { currentScope, type Scope } from '../concurrency/scope/scope.ts'
import { Waiter } from '../concurrency/scope/waiter.ts'
import { acceptedCodings } from '../http/compression.ts'
import { type HeadersInput, HeaderFields } from '../http/header-fields.ts'
import { compose, type Middleware, type Next } from '../http/middleware.ts'
import type { Resolver } from '../io/resolver.ts'
import type { TLSOptions } from '../io/transport.ts'
import { Call } from './exchange/call.ts'
import { type Open, openSockets, SessionPool } from './exchange/session-pool.ts'
import type { PoolStatistics } from './pool/pool.ts'
import { bodyOf, type ClientRequest, type RequestOptions } from './request/client-request.ts'
import { RequestWriter } from './request/request-writer.ts'
import type { ClientResponse } from './response/client-response.ts'
import { ResponsePromise } from './response/response-promise.ts'
import { type TimeoutOptions, type Timeouts, timeoutsFrom } from './timeouts.ts'
import { queryString, withQuery } from './url/query.ts'
import { resolveReference } from './url/resolve-reference.ts'

export type ClientMiddleware = Middleware<ClientRequest, ClientResponse>

export interface ClientSessionOptions {
  /** What URLs without a scheme are resolved against. */
  baseUrl?: string | URL
  /** Sent with each request that does not bring its own of the same name. */
  headers?: HeadersInput
  /** A number is the total, in milliseconds. */
  timeout?: number | TimeoutOptions
  /** Connections at most. Default 100; 0 for no limit. */
  limit?: number
  /** Connections to one origin at most. Default 0: no limit of its own. */
  limitPerHost?: number
  /** Requests that may wait for a connection. Default 100,000; above it `BusyResourceError`. */
  maxWaiting?: number
  /** How long an idle connection is kept, in milliseconds. Default 15,000; 0 keeps none. */
  keepAlive?: number
  /** Around each request, the first outermost. */
  middleware?: readonly ClientMiddleware[]
  tls?: TLSOptions
  resolver?: Resolver
  /** What a request has that does not say otherwise. */
  redirect?: RequestOptions['redirect']
  maxRedirects?: number
  decompress?: boolean
  maxResponseSize?: number
  raiseForStatus?: boolean
}

const noHeaders = new HeaderFields()

/**
 * Sends requests over connections that it keeps: one for a program, or for each service it talks to.
 *
 * ```ts
 * await using server = await serve(() => json({ name: 'Ada' }), { port: 0 })
 * await using session = new ClientSession({ baseUrl: server.url })
 * const user = await session.get('/users/1').json<{ name: string }>()
 * console.log(user.name) // → Ada
 * ```
 */
export class ClientSession implements AsyncDisposable {
  readonly #pool: SessionPool
  readonly #writer: RequestWriter
  readonly #baseUrl: string | undefined
  readonly #timeouts: Timeouts
  readonly #defaults: Pick<
    ClientRequest,
    'redirect' | 'maxRedirects' | 'decompress' | 'maxResponseSize' | 'raiseForStatus'
  >
  readonly #send: Next<ClientRequest, ClientResponse> | undefined
  #closed = false

  /**
   * @throws TypeError or RangeError for an option that makes no sense
   */
  constructor(options: ClientSessionOptions = {}, /** @internal */ open?: Open) {
    const { limit = 100, limitPerHost = 0, maxWaiting = 100_000, keepAlive = 15_000 } = options
    this.#pool = new SessionPool(
      {
        limit: count('limit', limit) || Infinity,
        limitPerHost: count('limitPerHost', limitPerHost) || Infinity,
        maxWaiting: count('maxWaiting', maxWaiting),
        keepAlive: count('keepAlive', keepAlive),
      },
      open ??
        openSockets({
          ...(options.tls === undefined ? {} : { tls: options.tls }),
          ...(options.resolver === undefined ? {} : { resolver: options.resolver }),
        }),
    )
    const { decompress = true } = options
    const headers = HeaderFields.from(options.headers)
    if (!headers.has('accept')) headers.set('Accept', '*/*')
    if (decompress && !headers.has('accept-encoding'))
      headers.set('Accept-Encoding', acceptedCodings)
    if (!headers.has('user-agent')) headers.set('User-Agent', 'spool')
    this.#writer = new RequestWriter(this.#pool, headers.raw)
    this.#baseUrl = options.baseUrl === undefined ? undefined : String(options.baseUrl)
    this.#timeouts = timeoutsFrom(options.timeout)
    this.#defaults = {
      redirect: options.redirect ?? 'follow',
      maxRedirects: count('maxRedirects', options.maxRedirects ?? 10),
      decompress,
      maxResponseSize: options.maxResponseSize ?? Infinity,
      raiseForStatus: options.raiseForStatus ?? false,
    }
    const { middleware = [] } = options
    this.#send =
      middleware.length === 0 ? undefined : compose(middleware, (request) => this.#call(request))
  }

  get closed(): boolean {
    return this.#closed
  }

  get(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.request('GET', url, options)
  }

  head(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.request('HEAD', url, options)
  }

  post(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.request('POST', url, options)
  }

  put(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.request('PUT', url, options)
  }

  patch(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.request('PATCH', url, options)
  }

  delete(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.request('DELETE', url, options)
  }

  options(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.request('OPTIONS', url, options)
  }

  /**
   * Sends a request, at once. Await the result for the response, or ask it for the body directly:
   * `session.get(url).text()`.
   *
   * Cancellation: the request belongs to the scope that it is made in. Waiting, it leaves the queue;
   * on its way, its connection is closed. A response that is not read to its end is released when that
   * scope ends.
   *
   * @throws Rejects with `ConnectError`, `TimeoutError` (with its phase), `TransferError`, `ProtocolError`,
   *   `RedirectError`, `BusyResourceError`, `ClosedResourceError`, and TypeError for what can't be sent
   */
  request(method: string, url: string | URL, options?: RequestOptions): ResponsePromise {
    const scope = currentScope()
    const promise = new ResponsePromise(scope)
    try {
      if (this.#closed) throw closedError()
      const request = this.#request(method, url, options)
      if (request.raiseForStatus) promise.raiseForStatus(true)
      if (this.#send !== undefined) void this.#throughMiddleware(this.#send, request, promise)
      else this.#start(request, promise, scope, options?.signal)
    } catch (error) {
      promise.failed(error)
    }
    return promise
  }

  /** Sockets and requests, now. */
  statistics(): PoolStatistics {
    return this.#pool.statistics()
  }

  toString(): string {
    const { active, idle, connecting, waiting } = this.statistics()
    return `ClientSession(connections: ${active} active, ${idle} idle, ${connecting} connecting; requests: ${waiting} waiting)`
  }

  /**
   * Takes no more requests, closes idle connections, and waits for the exchanges that are under way.
   * Calling it again waits for the same.
   *
   * Cancellation: what is under way is given up, and its connections are closed.
   */
  async close(): Promise<void> {
    this.#closed = true
    this.#pool.closeIdle()
    const scope = currentScope()
    if (!scope.cancelled) {
      const waiter = new Waiter<void>(() => undefined, scope, 'the requests of a session')
      this.#pool.whenEmpty(() => waiter.resolve())
      try {
        await waiter.promise
      } catch {
        // Cancelled while it waited: the rest is given up below.
      }
    }
    const error = closedError()
    for (const exchange of Array.from(this.#pool.exchanges())) exchange.abort(error)
    this.#pool.closeIdle()
    this.#pool.timers.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #request(method: string, url: string | URL, options: RequestOptions | undefined): ClientRequest {
    const defaults = this.#defaults
    if (options === undefined) {
      return {
        method,
        url: this.#absolute(url),
        headers: noHeaders,
        body: undefined,
        timeouts: this.#timeouts,
        secretHeaders: [],
        redirect: defaults.redirect,
        maxRedirects: defaults.maxRedirects,
        decompress: defaults.decompress,
        maxResponseSize: defaults.maxResponseSize,
        raiseForStatus: defaults.raiseForStatus,
      }
    }
    const absolute = this.#absolute(url)
    const content = bodyOf(options)
    let headers = options.headers === undefined ? noHeaders : HeaderFields.from(options.headers)
    if (content?.type !== undefined && !headers.has('content-type')) {
      if (headers === noHeaders) headers = new HeaderFields()
      headers.set('Content-Type', content.type)
    }
    return {
      method,
      url: options.query === undefined ? absolute : withQuery(absolute, queryString(options.query)),
      headers,
      body: content?.body,
      timeouts: timeoutsFrom(options.timeout, this.#timeouts),
      secretHeaders: options.secretHeaders ?? [],
      redirect: options.redirect ?? defaults.redirect,
      maxRedirects: options.maxRedirects ?? defaults.maxRedirects,
      decompress: options.decompress ?? defaults.decompress,
      maxResponseSize: options.maxResponseSize ?? defaults.maxResponseSize,
      raiseForStatus: options.raiseForStatus ?? defaults.raiseForStatus,
    }
  }

  #absolute(url: string | URL): string {
    const text = typeof url === 'string' ? url : url.href
    return this.#baseUrl === undefined ? text : resolveReference(this.#baseUrl, text)
  }

  #start(
    request: ClientRequest,
    promise: ResponsePromise,
    scope: Scope,
    signal?: AbortSignal,
  ): void {
    const call = new Call(request, this.#writer, promise, scope)
    call.start()
    if (signal !== undefined) followSignal(signal, call)
  }

  #call(request: ClientRequest): Promise<ClientResponse> {
    const scope = currentScope()
    const promise = new ResponsePromise(scope)
    if (request.raiseForStatus) promise.raiseForStatus(true)
    this.#start(request, promise, scope)
    return promise.then()
  }

  async #throughMiddleware(
    send: Next<ClientRequest, ClientResponse>,
    request: ClientRequest,
    promise: ResponsePromise,
  ): Promise<void> {
    try {
      promise.settle(await send(request))
    } catch (error) {
      promise.failed(error)
    }
  }
}

function closedError(): ClosedResourceError {
  return new ClosedResourceError('Cannot send a request: the session is closed')
}

function count(name: string, value: number): number {
  if (typeof value === 'number' && value >= 0) return value
  throw new RangeError(`Cannot use ${String(value)} as "${name}": expected 0 or more`)
}

function followSignal(signal: AbortSignal, call: Call): void {
  const stop = (): void => call.abort(signal.reason)
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, { once: true })
}
