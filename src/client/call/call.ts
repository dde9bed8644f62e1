/**
 * One request of the caller's, from `session.get()` to the last byte: one exchange, or several where
 * redirects are followed, each through the middlewares if there are any.
 *
 * Two ways lead through it. A session without middlewares goes the short one, which is callbacks alone:
 * a body that was asked for as a whole goes straight to its collector. The rest (middlewares, redirects,
 * failures by status) is asynchronous functions that run in the scope of the request.
 */
import { type CancelledError, TimeoutError } from '../../concurrency/errors.ts'
import {
  captureContext,
  type CapturedContext,
  runInScope,
} from '../../concurrency/scope/context.ts'
import type { Scope, ScopeMember } from '../../concurrency/scope/scope.ts'
import { clock } from '../../concurrency/time/current-clock.ts'
import type { HeadersInput } from '../../http/header-fields.ts'
import { IncomingBody } from '../../http/incoming-body.ts'
import type { Next } from '../../http/middleware.ts'
import {
  areRequestsTraced,
  type RequestTrace,
  traceEnd,
  traceError,
  traceResponse,
  traceStart,
} from '../../http/tracing/request-channels.ts'
import type { Transport } from '../../io/transport.ts'
import type { ResponseHead } from '../../wire/http1/messages.ts'
import { cookiesIn } from '../cookies/message-cookies.ts'
import type { ClientRequest } from '../request/client-request.ts'
import { MadeRequest } from '../request/made-request.ts'
import type { RequestContent } from '../request/request-content.ts'
import type { RequestSettings } from '../request/request-options.ts'
import { ClientResponse, type RedirectStep } from '../response/client-response.ts'
import { hrefOf, type RequestURL } from '../url/request-url.ts'
import { decoderFor } from '../exchange/body-decoder.ts'
import { connectBody, takenBody } from '../exchange/connect-body.ts'
import { openScope } from '../exchange/open-scope.ts'
import { CallChain, type ChainedCall } from './call-chain.ts'
import type { CallPromise } from './call-promise.ts'
import { Exchange, type ExchangeEvents } from '../exchange/exchange.ts'
import type { ListedCall } from './call-list.ts'
import { CallRequest } from './call-request.ts'
import type { Sending } from './sending.ts'
import { turn, type TurningCall } from './turning.ts'
import { UpgradedConnection } from './upgraded-connection.ts'
import { signalError, SignalLink } from '../exchange/signal-link.ts'

type Chained = Next<ClientRequest, ClientResponse>

// Not derived from `ScopeMember`: a constructor that many classes share makes their fields dear.
export class Call
  extends CallRequest
  implements ScopeMember, ExchangeEvents, ChainedCall, ListedCall, TurningCall
{
  /** @internal */
  previousMember: ScopeMember | undefined = undefined
  /** @internal */
  nextMember: ScopeMember | undefined = undefined
  /** @internal */
  memberOf: Scope | undefined = undefined
  /** @internal Its place in the list of the session's calls. */
  listed = false
  previousCall: ListedCall | undefined = undefined
  nextCall: ListedCall | undefined = undefined
  readonly #promise: CallPromise
  readonly #scope: Scope
  readonly #startedAt: number
  readonly #until: number
  #exchange: Exchange | undefined = undefined
  #response: ClientResponse | undefined = undefined
  /** @internal The redirects that were followed. */
  history: RedirectStep[] | undefined = undefined
  // A response is there that the caller does not get: a redirect, or a failure.
  #turning = false
  /** @internal Whether whoever made it has its answer. */
  over = false
  #signal: AbortSignal | undefined = undefined
  #link: SignalLink | undefined = undefined
  // If somebody listens.
  #trace: RequestTrace | undefined = undefined
  // If there are middlewares, and they run.
  #chain: CallChain | undefined = undefined
  // Of the caller, if middlewares may run after all.
  #context: CapturedContext | undefined = undefined

  constructor(
    sending: Sending,
    promise: CallPromise,
    scope: Scope,
    method: string,
    settings: RequestSettings,
  ) {
    super(sending, method, settings)
    this.#promise = promise
    this.#scope = scope
    this.#startedAt = clock().now()
    this.#until = this.#startedAt + settings.timeouts.total
    sending.calls.add(this)
  }

  /** Begins. Throws nothing: what is wrong is what the promise is rejected with. */
  start(
    url: string,
    headers: HeadersInput | undefined,
    content: RequestContent | undefined,
    signal: AbortSignal | undefined,
  ): void {
    try {
      if (signal !== undefined) this.#follow(signal)
      const parsed = this.sending.urls.read(url)
      this.url = parsed
      this.headers = headers
      this.content = content
      const { middleware, inspector } = this.sending
      if (middleware === undefined || inspector !== undefined) {
        this.#begin(parsed, undefined, this.#startedAt)
      } else {
        void this.#beginChain(middleware, this.#startedAt).pass(this.asRequest())
      }
    } catch (error) {
      this.failed(error)
    }
  }

  /** As `start()`, with a request that middlewares have passed on. */
  startWith(request: ClientRequest): void {
    try {
      // The method in upper case, which a middleware may have made of it in lower case.
      const method = this.method
      const parts = MadeRequest.partsOf(request)
      if (parts === undefined) {
        const same = request.method === method
        this.#send(same ? request : { ...request, method }, this.#startedAt)
        return
      }
      this.request = request
      this.headers = parts.headers
      this.content = parts.content
      this.#begin(parts.url, undefined, this.#startedAt)
    } catch (error) {
      this.failed(error)
    }
  }

  /** Gives it up: whoever waits for the response, or reads it, gets the error. */
  abort(error: unknown): void {
    const chain = this.#chain
    const exchange = this.#response?.exchange ?? this.#exchange
    const inExchange = exchange !== undefined && !exchange.over
    if (inExchange) exchange.abort(error)
    // A redirect that is read away goes on without its body.
    if (!inExchange || this.#turning) this.failed(error)
    chain?.cancel(error)
  }

  /**
   * Gives it up if nobody has begun to read the response, or it has no end. For a session that closes.
   */
  releaseUnread(error: unknown): void {
    const response = this.#response
    if (this.settings.endless === true || response?.endless === true) this.abort(error)
    else if (response !== undefined && !response.body.used) this.abort(error)
  }

  /** @internal While middlewares run: there may be no exchange then that is a member in its place. */
  scopeCancelled(error: CancelledError): void {
    this.memberOf?.removeMember(this)
    this.abort(error)
  }

  // From the exchange.

  get wantsUpgrade(): boolean {
    return this.settings.upgrade === true
  }

  responded(exchange: Exchange, head: ResponseHead): void {
    const { collector } = this.#promise
    if (this.#trace !== undefined) traceResponse(this.#trace, head.status, exchange.headAt)
    if (head.setsCookies) this.sending.cookies?.keep(cookiesIn(head.fields), this.href)
    if (this.sending.inspector?.accepts(head.status) === false) {
      this.#inspect(this.#respond(exchange, head), undefined)
      return
    }
    const location = this.leadsTo(head.status, head.location)
    const upgrades = head.framing === 'tunnel'
    const raises = this.settings.raiseForStatus && head.status >= 400
    if (collector !== undefined && location === undefined && !raises && !upgrades) {
      const decoder = decoderFor(exchange, head, this.settings, this.#scope)
      connectBody(exchange, head, decoder, collector, this.settings)
      const length = decoder === undefined && head.framing === 'length' ? head.contentLength : -1
      collector.begin(length, head.contentType)
      this.#promise.collecting(exchange, head)
      return
    }
    const response = this.#respond(exchange, head)
    if (location !== undefined || raises) this.#turn(response, location)
    else this.#deliver(response)
  }

  /** Without a response. */
  unanswered(error: unknown): void {
    const { inspector } = this.sending
    if (inspector === undefined || inspector.acceptsFailure(error)) {
      this.failed(error)
      return
    }
    if (this.#trace !== undefined) traceError(this.#trace, error)
    this.#inspect(undefined, error)
  }

  failed(error: unknown): void {
    const trace = this.#trace
    if (trace !== undefined && trace.endedAt === undefined) traceError(trace, error)
    if (this.over) return
    this.over = true
    this.#leave()
    this.#promise.fail(error, this.content?.body)
  }

  finished(error?: unknown): void {
    const trace = this.#trace
    if (trace !== undefined && trace.endedAt === undefined) {
      traceEnd(trace, error, this.#exchange?.endedAt ?? Number.NaN)
    }
    if (!this.#turning) this.#leave()
  }

  /** The connection is another protocol's: it takes the place of the call, of which nothing is left. */
  upgraded(exchange: Exchange, transport: Transport): UpgradedConnection {
    const upgraded = new UpgradedConnection(this.sending, exchange, transport)
    this.#leave()
    upgraded.belongTo(openScope(this.#scope), this.#signal)
    return upgraded
  }

  // From the middlewares, and their time.

  /** @internal */
  timeUp(): void {
    const { method, url } = this.asRequest()
    const { total } = this.settings.timeouts
    const message = `${method} ${url} timed out after ${total} ms (total)`
    this.abort(new TimeoutError('total', total, message))
  }

  /** @internal */
  answered(response: ClientResponse): void {
    if (!(response instanceof ClientResponse)) {
      this.failed(new TypeError('A middleware returned what is not a ClientResponse'))
      return
    }
    if (this.over) {
      void response.close()
      return
    }
    const { exchange } = response
    const { status } = response
    const location =
      status < 300 ? undefined : this.leadsTo(status, response.headers.get('location'))
    if (location !== undefined) this.#turn(response, location)
    else if (this.settings.raiseForStatus && status >= 400) this.#turn(response, undefined)
    else if (exchange === this.#exchange) {
      // What came of the first attempt, after all.
      this.#turning = false
      this.#deliver(response)
    } else {
      if (!exchange.over) {
        exchange.limitTo(this.#until, this.settings.timeouts.total)
        if (this.#signal !== undefined) exchange.follow(this.#signal)
      }
      this.#deliver(response)
      // From here on it is the call of the middleware that the session waits for.
      this.#leave()
    }
  }

  // From the promise.

  /** @internal The response whose body a collector has taken. */
  responseOf(exchange: Exchange, head: ResponseHead): ClientResponse {
    const response = new ClientResponse(head, exchange.method, this.href, takenBody(), exchange)
    if (this.history !== undefined) response.cameBy(this.history)
    return response
  }

  #begin(url: RequestURL, request: ClientRequest | undefined, now: number): void {
    const { hosts, connector } = this.sending
    const settings = this.settings
    const host = hosts.hostFor(url.origin, settings)
    const method = request?.method ?? this.method
    const framed = this.framed(url, host, request)
    const body = (request ?? this.content)?.body
    const traced = areRequestsTraced()
    const { inspector } = this.sending
    if (inspector !== undefined && (inspector.watched || traced || body?.kind === 'stream')) {
      this.#context ??= captureContext()
    }
    this.#turning = false
    if (traced) this.#trace = traceStart(method, hrefOf(url), now)
    const exchange = new Exchange(
      connector,
      host.shared ?? host,
      method,
      framed,
      body,
      settings.timeouts,
      this.#until,
      now,
      this.#scope,
      this,
    )
    this.#exchange = exchange
    if (settings.continueWait !== undefined) exchange.expect(settings.continueWait)
    exchange.trace = this.#trace
    exchange.start()
  }

  #send(request: ClientRequest, now: number): void {
    this.request = request
    this.#begin(this.sending.urls.read(request.url), request, now)
  }

  #respond(exchange: Exchange, head: ResponseHead): ClientResponse {
    const decoder = decoderFor(exchange, head, this.settings, this.#scope)
    const body = new IncomingBody(decoder ?? exchange)
    connectBody(exchange, head, decoder, body, this.settings)
    return new ClientResponse(head, exchange.method, this.href, body, exchange)
  }

  #deliver(response: ClientResponse): void {
    if (this.history !== undefined) response.cameBy(this.history)
    this.#response = response
    this.over = true
    if (response.exchange.over) this.#leave()
    this.#promise.settle(response)
    this.sending.calls.changed()
  }

  // A redirect, or a failure by status: the rest is not in a hurry.
  #turn(response: ClientResponse, location: string | undefined): void {
    this.#turning = true
    this.#response = response
    void runInScope(this.#scope, () => turn(this, response, location))
  }

  /** @internal */
  goOn(request: ClientRequest): void {
    this.#response = undefined
    const chain = this.#chain
    if (chain === undefined) this.#send(request, clock().now())
    else {
      this.request = request
      void chain.pass(request)
    }
  }

  #beginChain(middleware: Chained, now: number): CallChain {
    const { connector } = this.sending
    const scope = openScope(this.#scope)
    scope.throwIfCancelled()
    scope.addMember(this)
    const chain = new CallChain(middleware, this.#scope, this, connector.timers, this.#until, now)
    this.#chain = chain
    return chain
  }

  // What came of it is not to be handed on as it is: its middlewares have the word, as if they had sent it.
  #inspect(response: ClientResponse | undefined, error: unknown): void {
    this.#turning = true
    try {
      const attempt = { request: this.asRequest(), begunAt: this.#startedAt, response, error }
      const { middleware } = this.sending
      this.#beginChain(middleware as Chained, clock().now()).passAfter(attempt, this.#context)
    } catch (failure) {
      this.failed(failure)
    }
  }

  #follow(signal: AbortSignal): void {
    if (signal.aborted) throw signalError(signal)
    this.#signal = signal
    this.#link = new SignalLink(signal, this)
  }

  #leave(): void {
    this.#link?.cut()
    this.#chain?.stop()
    this.memberOf?.removeMember(this)
    this.sending.calls.remove(this)
  }
}
