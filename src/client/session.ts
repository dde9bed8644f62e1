import { currentScope } from '../concurrency/scope/scope.ts'
import type { ResolverStatistics } from '../io/caching-resolver.ts'
import type { WebSocketConnection } from '../http/websocket/websocket-connection.ts'
import { ClientHosts } from './connection/client-hosts.ts'
import { Connector } from './connection/connector.ts'
import { Opener, type OpenTransport } from './connection/opener.ts'
import { Routes } from './connection/routes.ts'
import { Call } from './call/call.ts'
import type { CookieJar } from './cookies/cookie-jar.ts'
import { CallList } from './call/call-list.ts'
import type { Sending } from './call/sending.ts'
import { type Download, download, type DownloadOptions } from './download/download.ts'
import type { ServerSentEvent } from './events/event-parser.ts'
import { type EventsOptions, serverEvents } from './events/server-events.ts'
import { type Fetch, sessionFetch } from './fetch/session-fetch.ts'
import { sendingThrough } from './middleware/sending-through.ts'
import type { PoolStatistics } from './pool/pool.ts'
import { checkSignal } from './exchange/signal-link.ts'
import { contentOf } from './request/request-content.ts'
import { headersOf, withAuth } from './request/request-headers.ts'
import { RequestHeads } from './request/request-heads.ts'
import { checkRequestOptions, checkSessionOptions } from './request/known-options.ts'
import {
  defaultSettings,
  type RequestOptions,
  type RequestSettings,
  settingsFrom,
} from './request/request-options.ts'
import { ResponsePromise } from './response/response-promise.ts'
import { type SessionCloseOptions, SessionEnd } from './session-end.ts'
import {
  type ClientSessionOptions,
  jarOf,
  middlewareOf,
  newLimits,
  poolOptions,
  type SessionLimits,
  transportOpener,
} from './session-options.ts'
import { BaseURL } from './url/base-url.ts'
import { queryString, withQuery } from './url/query.ts'
import { URLReader } from './url/request-url.ts'
import { reconnecting, type ReconnectingOptions } from './websocket/reconnecting.ts'
import { type WebSocketRequestOptions, WebSocketRequests } from './websocket/websocket-request.ts'

export interface ClientSessionStatistics extends PoolStatistics {
  /** Requests that are not over: waiting, sent, or with a response that has not come to its end. */
  readonly requests: number
  /** Connections that were opened since the session began. */
  readonly opened: number
  /** Names that were looked up. */
  readonly dns: ResolverStatistics
}

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
  readonly #sending: Sending
  // For what a middleware passes on.
  readonly #direct: Sending
  readonly #settings: RequestSettings
  readonly #opener: Opener
  readonly #base: BaseURL
  readonly #end: SessionEnd
  #fetch: Fetch | undefined = undefined
  // Made with the first.
  #webSockets: WebSocketRequests | undefined = undefined

  /**
   * @throws TypeError or RangeError for an option that makes no sense
   */
  constructor(options: ClientSessionOptions = {}, /** @internal */ open?: OpenTransport) {
    checkSessionOptions(options)
    const settings = settingsFrom(options, defaultSettings)
    this.#opener = new Opener(options)
    const heads = new RequestHeads(withAuth(options.headers, options.auth), settings.decompress)
    const urls = new URLReader()
    this.#base = new BaseURL(options.baseUrl, urls)
    this.#direct = {
      urls,
      heads,
      hosts: new ClientHosts(settings, new Routes(options), (origin) => heads.linesFor(origin)),
      connector: new Connector(
        poolOptions(options),
        open ?? transportOpener(options) ?? this.#opener.open,
      ),
      calls: new CallList(),
      cookies: jarOf(options.cookies),
      middleware: undefined,
      inspector: undefined,
    }
    this.#sending = sendingThrough(middlewareOf(options.middleware), this.#direct)
    this.#settings = settings
    const { calls, connector, hosts } = this.#direct
    hosts.share(connector.statistics().limitPerHost === Infinity)
    this.#end = new SessionEnd(calls, connector, {
      release: () => {
        this.#webSockets?.close()
        this.#opener.clear()
      },
    })
  }

  /** Whether `close()` was called. */
  get closed(): boolean {
    return this.#end.begun
  }

  /** The jar with its cookies; undefined if it keeps none. */
  get cookies(): CookieJar | undefined {
    return this.#direct.cookies
  }

  /** As `request()` with `GET`; its errors and what cancelling does are those. */
  get(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.request('GET', url, options)
  }

  /** As `request()` with `HEAD`; its errors and what cancelling does are those. */
  head(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.request('HEAD', url, options)
  }

  /** As `request()` with `POST`; its errors and what cancelling does are those. */
  post(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.request('POST', url, options)
  }

  /** As `request()` with `PUT`; its errors and what cancelling does are those. */
  put(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.request('PUT', url, options)
  }

  /** As `request()` with `PATCH`; its errors and what cancelling does are those. */
  patch(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.request('PATCH', url, options)
  }

  /** As `request()` with `DELETE`; its errors and what cancelling does are those. */
  delete(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.request('DELETE', url, options)
  }

  /** As `request()` with `OPTIONS`; its errors and what cancelling does are those. */
  options(url: string | URL, options?: RequestOptions): ResponsePromise {
    return this.request('OPTIONS', url, options)
  }

  /**
   * Sends a request, at once, the standard methods in upper case however they are given. Await what it returns for the response, or ask it for the body directly:
   * `session.get(url).text()`. Throws nothing by itself: the result is rejected, and if nobody asks for
   * it the error goes to the group around.
   *
   * Cancellation: the request belongs to the scope that it is made in. In the queue, it leaves it; on
   * its way, its connection is closed. A response that was not read to its end is released when the task
   * or group ends that made the request.
   *
   * @throws ConnectError if no connection comes about, `TimeoutError` with its phase, `TransferError` if the
   *   connection breaks, ProtocolError if the answer is not HTTP, RedirectError, ResponseError if
   *   `raiseForStatus` is set, BusyResourceError if too many requests wait, ClosedResourceError if the session
   *   is closed, TypeError or RangeError for what can't be sent
   */
  request(method: string, url: string | URL, options?: RequestOptions): ResponsePromise {
    const scope = currentScope()
    const promise = new ResponsePromise(scope)
    let call: Call
    try {
      this.#end.check()
      if (options !== undefined) checkRequestOptions(options)
      const settings =
        options === undefined ? this.#settings : settingsFrom(options, this.#settings)
      call = new Call(this.#sending, promise, scope, method, settings)
      promise.call = call
    } catch (error) {
      promise.fail(error)
      return promise
    }
    try {
      if (options === undefined)
        call.start(this.#base.absolute(url), undefined, undefined, undefined)
      else this.#start(call, url, options)
    } catch (error) {
      call.failed(error)
    }
    return promise
  }

  /**
   * Other limits than it was made with, from now on; what is left out stays as it is, 0 is no limit. What
   * is idle and too much is closed at once, what is in use as soon as it falls free.
   *
   * @throws TypeError or RangeError for what makes no sense
   */
  setLimits(limits: Partial<SessionLimits>): void {
    const { hosts, connector } = this.#direct
    const { limit, limitPerHost } = newLimits(limits, connector.statistics())
    hosts.share(limitPerHost === Infinity)
    connector.setLimits(limit, limitPerHost, hosts.all())
  }

  /**
   * The web's `fetch` over the connections of this session, with its cookies, headers and middlewares:
   * for libraries that take one. Needs no `this`. Relative URLs are resolved against `baseUrl`.
   *
   * It differs from the platform's where there is no page: `cache`, `credentials`, `mode` and
   * `integrity` have no effect, a `manual` redirect gives the response itself, and what ends the scope
   * around it rejects with that scope's `CancelledError`.
   *
   * Cancellation: as `request()`.
   *
   * @throws TypeError with the message `fetch failed` and the error of `request()` as its `cause`; the
   *   reason of a signal that was aborted
   */
  get fetch(): Fetch {
    return (this.#fetch ??= sessionFetch(
      (method, url, options) => this.request(method, url, options),
      (url) => this.#base.absolute(url),
    ))
  }

  /**
   * Fetches a file. What came of it stays as `<path>.part` where the download breaks off or is cancelled,
   * and the next call for the same URL and path asks for the rest, if the server says by its entity tag
   * or date that it is still the same; otherwise it begins again. With `resume: false`, nothing is kept; so
   * where `<path>.part` or `<path>.part.json` is there and is not of a download: it is left as it is.
   * The file has its name once all of it is there.
   *
   * Cancellation: closes the connection; what came stays, as above.
   *
   * @throws ResponseError for another status than 200 and 206; the system's error; ProtocolError for a range
   *   that was not asked for; BusyResourceError while another download of this process writes to the same
   *   path; TypeError for a header `Range`; as `request()`
   */
  download(url: string | URL, path: string, options: DownloadOptions = {}): Promise<Download> {
    const send = (method: string, to: string, more: RequestOptions): ResponsePromise =>
      this.request(method, to, more)
    return download(send, this.#base.absolute(url), path, options)
  }

  /**
   * The events of a stream (`text/event-stream`), as they come. When the stream ends or breaks, it is
   * asked for again after the last event, as browsers do; a 204 ends it for good.
   *
   * @example
   * ```ts
   * import { Application, serve, sse } from 'spool/server'
   *
   * const app = new Application().get('/news', () =>
   *   sse(async function* () {
   *     yield { id: '1', event: 'greeting', data: 'Hello' }
   *   }),
   * )
   * await using server = await serve(app, { port: 0 })
   * await using session = new ClientSession({ baseUrl: server.url })
   * for await (const { type, data, id } of session.events('/news')) {
   *   console.log(type, data, id) // → greeting Hello 1
   *   break
   * }
   * ```
   *
   * Cancellation: closes the connection, or ends the wait for the next one.
   *
   * @throws ResponseError for another status than 200 and 204, but for 429 and 5xx that may pass;
   *   ProtocolError for another content type; ClosedResourceError when the session is closed; what `request()`
   *   throws, where it is not asked again
   */
  events(url: string | URL, options: EventsOptions = {}): AsyncGenerator<ServerSentEvent, void> {
    const send = (method: string, to: string | URL, more: RequestOptions): ResponsePromise =>
      this.request(method, to, more)
    return serverEvents(send, url, options, (delay) => this.#end.pause(delay, options.signal))
  }

  /**
   * Opens a WebSocket, at `ws:`, `wss:`, `http:` or `https:`, or a path of the base: by the same pool,
   * proxies, certificates, cookies and middlewares as every request. It counts as a connection of the pool
   * until it is closed.
   *
   * The time-outs are those of the request; `total` is for the handshake alone.
   *
   * Cancellation: as `request()`; it belongs to the scope that it is made in for as long as it is open, and
   * is dropped if that is cancelled.
   *
   * @throws as `request()`; ResponseError if the server answers with another status than 101, ProtocolError
   *   if with a 101 that is none to what was asked
   */
  async websocket(
    url: string | URL,
    options: WebSocketRequestOptions = {},
  ): Promise<WebSocketConnection> {
    this.#webSockets ??= new WebSocketRequests((target, given) => this.get(target, given))
    return this.#webSockets.open(url, options)
  }

  /**
   * Stays connected: one WebSocket after the other, the next when the loop asks for it, which closes the one
   * before. Between two it waits, longer after each that failed; what will not get better, as a 404, is
   * thrown. Leaving the loop closes the last one.
   *
   * Cancellation: as `websocket()`; while it waits, only the wait is given up.
   *
   * @throws as `websocket()`, after `reconnect.attempts` failures in a row; ClosedResourceError when the
   *   session is closed
   */
  websockets(
    url: string | URL,
    options: ReconnectingOptions = {},
  ): AsyncGenerator<WebSocketConnection, void, undefined> {
    const { reconnect, ...each } = options
    const open = (): Promise<WebSocketConnection> => this.websocket(url, each)
    return reconnecting(open, reconnect, (delay) => this.#end.pause(delay, each.signal))
  }

  /** What it holds, now. */
  statistics(): ClientSessionStatistics {
    const { connector, calls } = this.#direct
    return {
      ...connector.statistics(),
      requests: calls.size,
      opened: connector.opened,
      dns: this.#opener.statistics(),
    }
  }

  toString(): string {
    const { active, idle, connecting, waiting } = this.statistics()
    return `ClientSession(connections: ${active} active, ${idle} idle, ${connecting} connecting; requests: ${waiting} waiting)`
  }

  /**
   * Takes no more requests, closes idle connections, and waits for the requests that are under way: for
   * their responses, and for the bodies that somebody reads, until the deadline; what is left then is given
   * up with a `ClosedResourceError`. A response that nobody has begun to read is released. What would not
   * end by itself is ended at once: loops over events throw that error too, WebSockets are closed with 1001.
   * Calling it again waits for the same; the earlier deadline counts.
   *
   * Cancellation: what is under way is given up with a `ClosedResourceError` and its connections are
   * closed at once; it does not throw.
   *
   * @throws TypeError or RangeError for a deadline that is none
   */
  close(options?: SessionCloseOptions): Promise<void> {
    return this.#end.close(options)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #start(call: Call, url: string | URL, options: RequestOptions): void {
    const { query, signal } = options
    if (signal !== undefined) checkSignal(signal)
    const absolute = this.#base.absolute(url)
    const target = query === undefined ? absolute : withQuery(absolute, queryString(query))
    call.start(target, headersOf(options), contentOf(options, call.method), signal)
  }
}
