/**
 * What a connection does with one request after the other: calls its handler, sends the response, ends
 * its scope. What comes before and after, and when the connection ends, is the connection's to say.
 *
 * 1. A handler that answers at once is answered in the same turn, without a promise.
 * 2. A request ends before the next begins: its handler has come back and its response is handed over.
 * 3. What follows a handler in the same step, down to the next request, is still in its scope. Whoever
 *    waits there for something, or calls code of others, leaves it by `outsideScopes()`.
 */
import { BrokenResourceError } from '../../concurrency/errors.ts'
import { isCancellation } from '../../concurrency/scope/cancellation.ts'
import { endStepInScope, runInScope, settled } from '../../concurrency/scope/context.ts'
import type { Transport } from '../../io/transport.ts'
import type { ServerRequest } from '../messages/server-request.ts'
import { ServerResponse } from '../messages/server-response.ts'
import type { UpgradeResponse } from '../messages/upgrade-response.ts'
import { serverResponseOf } from '../messages/web-response.ts'
import type { ConnectionHost } from './connection-host.ts'
import type { HandlerResult } from './destination.ts'
import { noResponse, plainResponse } from './failure-response.ts'
import type { ReadTimer } from './read-timer.ts'
import type { RequestReader } from './request-reader.ts'
import { RequestScope } from './request-scope.ts'
import { asksToClose } from './response-head.ts'
import { type ResponseListener, ResponsePump } from './response-pump.ts'

/** The connection, as far as its requests are concerned. */
export interface HandlingListener {
  /** Whether there is nobody left to answer. */
  readonly gone: boolean
  /** The request is handled, and its response handed over if that was possible. */
  handled(): void
  /** Its response was 101: this connection is another protocol's. */
  upgraded(response: UpgradeResponse): void
  /** The client takes nothing any more. */
  stalled(): void
  destroy(): void
}

export class Handling implements ResponseListener {
  /** Whether a handler runs, or its response is being written. */
  running = false
  /** Of the request that is handled, or whose body is thrown away. */
  scope: RequestScope | undefined = undefined
  /** Whether another request may follow the one that is handled. */
  keepAlive = true
  readonly pump: ResponsePump
  readonly #host: ConnectionHost
  readonly #reader: RequestReader
  readonly #readTimer: ReadTimer
  readonly #connection: HandlingListener

  constructor(
    transport: Transport,
    host: ConnectionHost,
    reader: RequestReader,
    readTimer: ReadTimer,
    connection: HandlingListener,
  ) {
    this.pump = new ResponsePump(transport, host, this)
    this.#host = host
    this.#reader = reader
    this.#readTimer = readTimer
    this.#connection = connection
  }

  begin(request: ServerRequest): void {
    const destination = this.#host.dispatcher.destination(request)
    const scope = new RequestScope(this.#host, request, destination)
    this.#host.requests++
    this.#host.active++
    this.running = true
    this.scope = scope
    this.keepAlive = request.head.keepAlive
    let result: HandlerResult | Promise<HandlerResult>
    try {
      result = endStepInScope(scope, destination.handle, request)
    } catch (error) {
      this.#failed(error)
      return
    }
    if (result instanceof ServerResponse) {
      this.#respond(result)
      return
    }
    this.waitForBody()
    if (result instanceof Promise) result.then(this.#accept, this.#failed)
    else runInScope(scope, settled, result).then(this.#accept, this.#failed)
  }

  /** The client has left before it was answered: stops the handler. */
  cancel(): void {
    const scope = this.#running()
    if (scope.cancelled) return
    this.#host.disconnected++
    scope.cancel('the client has closed the connection', 'disconnect')
  }

  /** Nothing more comes of the request and goes of the response. */
  fail(cause: Error | undefined): void {
    const gone = new BrokenResourceError('The connection to the client is closed', { cause })
    this.pump.fail(gone)
    this.#reader.fail(gone)
  }

  /** The client is on the clock while it sends a body, and nobody is while a handler thinks. */
  waitForBody(): void {
    if (!this.#reader.reading) this.#readTimer.stop()
    else if (this.#readTimer.phase !== 'body') {
      this.#readTimer.body(this.#reader.waiting, this.#reader.received)
    }
  }

  // From the pump:

  /** The response is handed over, or can't be any more, and the handler is done. */
  responseSent(): void {
    this.running = false
    this.#running().finish()
    this.#connection.handled()
  }

  // The head says 200, and the client must not take half a body for a whole one.
  responseBroken(error: unknown): void {
    const cancelled = this.#running().cancelled && isCancellation(error)
    const gone = this.#connection.gone && BrokenResourceError.is(error)
    if (!cancelled && !gone) this.#host.report(error, this.#reader.request)
    this.#connection.destroy()
    this.responseSent()
  }

  stalled(): void {
    this.#connection.stalled()
  }

  #running(): RequestScope {
    return this.scope as RequestScope
  }

  readonly #accept = (result: HandlerResult): void => {
    let response: ServerResponse | undefined
    try {
      response = serverResponseOf(result)
    } catch (error) {
      // Not every `Response` is one that can be sent.
      this.#failed(error)
      return
    }
    if (response !== undefined) this.#respond(response)
    else this.#failed(noResponse(result))
  }

  readonly #failed = (error: unknown): void => {
    const request = this.#reader.request as ServerRequest
    if (this.#connection.gone) {
      // Of its own cancellation nobody needs to hear; of anything else, somebody must.
      if (!(this.#running().cancelled && isCancellation(error))) this.#host.report(error, request)
      this.responseSent()
      return
    }
    this.#respond(this.#host.failureResponse(error, request))
  }

  #respond(response: ServerResponse): void {
    const reader = this.#reader
    const request = reader.request as ServerRequest
    if (this.#connection.gone) {
      this.pump.discard(response)
      this.responseSent()
      return
    }
    if (reader.reading) reader.answering(response)
    if (
      this.#host.closing ||
      reader.lost ||
      reader.tooMuchToDiscard ||
      (reader.reading && reader.leavesOpenEnd(response.body)) ||
      asksToClose(response.touchedHeaders)
    ) {
      this.keepAlive = false
    }
    request.interim = undefined
    let done: boolean
    try {
      if (response.status === 101) {
        this.#upgrade(response as UpgradeResponse, request)
        return
      }
      request.hooks?.prepare(response, request.method === 'HEAD')
      done = this.pump.send(response, request.head, this.keepAlive, this.#running())
    } catch (error) {
      // A head that can't be sent, or a body that is none.
      this.pump.discard(response)
      this.#host.report(error, request)
      this.#respond(plainResponse(500))
      return
    }
    if (this.pump.endsConnection) this.keepAlive = false
    if (done) this.responseSent()
    else this.waitForBody()
  }

  #upgrade(response: UpgradeResponse, request: ServerRequest): void {
    // RFC 9110 §7.8: a server "MUST ignore" an upgrade of HTTP/1.0, and switches only to what was asked for.
    if (request.head.upgrade === undefined) {
      throw new TypeError('Cannot answer with an upgrade: the request does not ask for one')
    }
    if (this.#host.closing) this.#respond(plainResponse(503))
    // RFC 9110 §7.8: the client speaks the new protocol only once its request is sent completely.
    else if (this.#reader.reading) this.#respond(plainResponse(400))
    else {
      request.hooks?.prepare(response, false)
      this.pump.upgrade(response)
      this.#connection.upgraded(response)
    }
  }
}
