/**
 * The policy of one connection of a server: which request is handled when, what happens if its client
 * is slow, wrong or gone, and when the connection ends. How bytes become requests is the reader's
 * business, how responses become bytes the sender's.
 *
 * 1. One request at a time. While it is handled, what follows is held as bytes, unparsed, up to a
 *    limit: so responses are in order by construction, and a flood of requests costs its sender only.
 * 2. A handler that answers at once is answered in the same turn, without a promise.
 * 3. A request ends before the next begins: its handler has come back and its response is handed over.
 * 4. Everything that ends a connection goes through `#endAfterFlush()` (in order: the client gets what
 *    was written, and has a while to end its side) or `destroy()`.
 */
import { BrokenResourceError, TimeoutError } from '../../concurrency/errors.ts'
import { isCancellation } from '../../concurrency/scope/cancellation.ts'
import { runInScope, settled } from '../../concurrency/scope/context.ts'
import type { Sink, Transport } from '../../io/transport.ts'
import { ProtocolError } from '../../wire/errors.ts'
import type { RequestOrigin, ServerRequest } from '../messages/server-request.ts'
import { ServerResponse } from '../messages/server-response.ts'
import { serverResponseOf } from '../messages/web-response.ts'
import type { ConnectionHost } from './connection-host.ts'
import type { HandlerResult } from './destination.ts'
import { noResponse, plainResponse } from './failure-response.ts'
import { ReadAhead } from './read-ahead.ts'
import { type ReadPhase, ReadTimer, type ReadTimeoutListener } from './read-timer.ts'
import { RequestReader } from './request-reader.ts'
import { RequestScope } from './request-scope.ts'
import { asksToClose } from './response-head.ts'
import { type ResponseListener, ResponsePump } from './response-pump.ts'

type State = 'open' | 'ending' | 'gone'

export class Connection implements Sink, RequestOrigin, ReadTimeoutListener, ResponseListener {
  readonly #transport: Transport
  readonly #host: ConnectionHost
  readonly #reader: RequestReader
  readonly #readTimer: ReadTimer
  readonly #pump: ResponsePump
  readonly #ahead: ReadAhead
  #state: State = 'open'
  /** Whether a handler runs, or its response is being written. */
  #handling = false
  /** Of the request that is handled, or whose body is thrown away. */
  #scope: RequestScope | undefined = undefined
  /** Whether another request may follow the one that is handled. */
  #keepAlive = true
  /** Whether what comes is thrown away: the parser has lost its way. */
  #deaf = false
  #peerEnded = false
  /** Whether it is other connections' turn. */
  #yielding = false
  #consuming = false

  constructor(transport: Transport, host: ConnectionHost) {
    this.#transport = transport
    this.#host = host
    this.#readTimer = new ReadTimer(host.wheel, host.timeouts, this)
    this.#ahead = new ReadAhead(transport, host.limits.readAhead)
    this.#pump = new ResponsePump(transport, host, this)
    this.#reader = new RequestReader(transport, this, host, this.#readTimer)
  }

  get remoteAddress(): string | undefined {
    return this.#transport.remoteAddress
  }

  get secure(): boolean {
    return this.#host.secure
  }

  get authority(): string {
    return this.#host.authority
  }

  /** Whether it has no request, and nothing of one. */
  get idle(): boolean {
    return !this.#handling && !this.#reader.reading && this.#reader.idle && this.#ahead.size === 0
  }

  start(): void {
    this.#readTimer.head()
    this.#transport.start(this)
  }

  /** The server takes no more requests: ends now, or after the one that is read or handled. */
  endWhenIdle(): void {
    if (this.#state !== 'open' || !this.idle) return
    // Nothing is under way, so there is nothing to wait for.
    if (this.#transport.bytesQueued > 0) this.#endAfterFlush()
    else this.destroy()
  }

  /** Closes at once, and cancels nothing: who left whom is for the caller to say. */
  destroy(error?: Error): void {
    this.#leave(error)
    this.#transport.destroy(error)
  }

  // As Sink:

  data(bytes: Uint8Array, shared: boolean): void {
    // Thrown away: it is read so that the client can end its side in its own time.
    if (this.#state !== 'open' || this.#deaf) return
    if (this.#reader.reading) {
      this.#readTimer.received(bytes.byteLength)
      this.#consume(bytes, shared)
    } else if (this.#mustWait() || this.#ahead.size > 0) {
      this.#ahead.add(bytes, shared)
    } else this.#consume(bytes, shared)
  }

  end(): void {
    this.#peerEnded = true
    if (this.#state !== 'open') return
    try {
      this.#reader.eof()
    } catch {
      this.#disconnected()
      return
    }
    if (this.#handling) {
      const { cancelOnDisconnect, halfClose = this.#host.halfClose } = this.#running().destination
      if (cancelOnDisconnect && !halfClose) this.#disconnected()
      else this.#keepAlive = false
    } else if (this.#ahead.size === 0) this.#endAfterFlush()
  }

  drain(): void {
    this.#pump.drained()
    if (this.#state === 'ending') this.#endNow()
    else this.#goOn()
  }

  closed(error?: Error): void {
    if (this.#handling && this.#running().destination.cancelOnDisconnect) this.#cancelRequest()
    this.#leave(error)
    this.#host.connectionClosed(this)
  }

  #running(): RequestScope {
    return this.#scope as RequestScope
  }

  // Requests in:

  #mustWait(): boolean {
    return this.#handling || this.#pump.full || this.#yielding
  }

  #consume(bytes: Uint8Array, shared: boolean): void {
    let rest = bytes
    let corked = false
    this.#consuming = true
    for (let count = 1; ; count++) {
      let used: number
      try {
        used = this.#reader.feed(rest, shared)
      } catch (error) {
        this.#host.malformed++
        this.#refuse(error, ProtocolError.is(error) ? error.statusHint : 400)
        break
      }
      const more = used < rest.byteLength
      if (this.#reader.request !== undefined && !this.#handling) {
        if (more && !corked) {
          corked = true
          this.#transport.cork()
        }
        this.#received(this.#reader.request)
      }
      if (!more || this.#state !== 'open') break
      rest = rest.subarray(used)
      if (count >= this.#host.limits.pipelining) {
        this.#yielding = true
        setImmediate(() => this.#turnCame())
      }
      if (this.#mustWait()) {
        // What is held is taken before anything is consumed, so these are the first.
        this.#ahead.add(rest, shared)
        break
      }
    }
    this.#consuming = false
    if (corked) this.#transport.uncork()
    if (this.#handling) {
      if (!this.#reader.reading) this.#readTimer.stop()
    } else if (this.#reader.request === undefined && !this.#reader.idle) this.#readTimer.head()
  }

  // A message, or a part of it, that no handler has; or the end of one that the handler left behind.
  #received(request: ServerRequest): void {
    if (this.#scope === undefined) this.#handle(request)
    else if (!this.#reader.reading) this.#next()
    else if (this.#reader.tooMuchToDiscard) this.#endAfterFlush()
  }

  #turnCame(): void {
    this.#yielding = false
    this.#goOn()
  }

  // Reads on in what is held, if nothing stands against it.
  #goOn(): void {
    if (this.#state !== 'open' || this.#consuming || this.#mustWait()) return
    if (this.#ahead.size > 0) this.#consume(this.#ahead.take(), false)
    if (this.#peerEnded && this.idle && this.#state === 'open') this.#endAfterFlush()
  }

  // Handling:

  #handle(request: ServerRequest): void {
    const destination = this.#host.dispatcher.destination(request)
    const scope = new RequestScope(this.#host, request, destination)
    this.#host.requests++
    this.#host.active++
    this.#handling = true
    this.#scope = scope
    this.#keepAlive = request.head.keepAlive
    let result: HandlerResult | Promise<HandlerResult>
    try {
      result = this.#host.entry.enter(scope, destination.handle, request)
    } catch (error) {
      this.#failed(error)
      return
    }
    if (result instanceof ServerResponse) {
      this.#respond(result)
      return
    }
    this.#waitForBody()
    if (result instanceof Promise) result.then(this.#accept, this.#failed)
    else runInScope(scope, settled, result).then(this.#accept, this.#failed)
    // It had ended its side before, but its earlier requests were answered.
    if (this.#peerEnded) this.end()
  }

  readonly #accept = (result: HandlerResult): void => {
    const response = serverResponseOf(result)
    if (response !== undefined) this.#respond(response)
    else this.#failed(noResponse(result))
  }

  readonly #failed = (error: unknown): void => {
    const request = this.#reader.request as ServerRequest
    if (this.#state === 'gone') {
      // Of its own cancellation nobody needs to hear; of anything else, somebody must.
      if (!(this.#running().cancelled && isCancellation(error))) this.#host.report(error, request)
      this.responseSent()
      return
    }
    this.#respond(this.#host.failureResponse(error, request))
  }

  // The client is on the clock while it sends a body, and nobody is while a handler thinks.
  #waitForBody(): void {
    if (!this.#reader.reading) this.#readTimer.stop()
    else if (this.#readTimer.phase !== 'body') this.#readTimer.body(this.#reader.waiting)
  }

  // Responses out:

  #respond(response: ServerResponse): void {
    const reader = this.#reader
    const request = reader.request as ServerRequest
    if (this.#state === 'gone') {
      this.#pump.discard(response)
      this.responseSent()
      return
    }
    if (
      this.#host.closing ||
      this.#deaf ||
      reader.tooMuchToDiscard ||
      asksToClose(response.touchedHeaders)
    ) {
      this.#keepAlive = false
    }
    let done: boolean
    try {
      request.hooks?.prepare(response, request.method === 'HEAD')
      done = this.#pump.send(response, request.head, this.#keepAlive, this.#running())
    } catch (error) {
      // A head that can't be sent, or a body that is none.
      this.#pump.discard(response)
      this.#host.report(error, request)
      this.#respond(plainResponse(500))
      return
    }
    if (this.#pump.endsConnection) this.#keepAlive = false
    if (done) this.responseSent()
    else this.#waitForBody()
  }

  // The head says 200, and the client must not take half a body for a whole one.
  responseBroken(error: unknown): void {
    const cancelled = this.#running().cancelled && isCancellation(error)
    const gone = this.#state === 'gone' && BrokenResourceError.is(error)
    if (!cancelled && !gone) this.#host.report(error, this.#reader.request)
    this.destroy()
    this.responseSent()
  }

  /** The response is handed over, or can't be any more, and the handler is done. */
  responseSent(): void {
    this.#handling = false
    this.#running().finish()
    if (this.#state === 'gone') this.#reader.discard()
    else if (!this.#keepAlive) this.#endAfterFlush()
    else if (this.#reader.reading) {
      // The client has not sent all of the body; what was not read of it is thrown away as it comes.
      this.#waitForBody()
      this.#reader.discard()
    } else this.#next()
  }

  #next(): void {
    this.#scope = undefined
    this.#reader.next()
    this.#readTimer.keepAlive()
    if (this.#host.closing) this.#endAfterFlush()
    else if (!this.#consuming) this.#goOn()
  }

  // Ends:

  // What comes makes no sense, or takes too long: where the next message begins is anybody's guess.
  #refuse(error: unknown, status: number): void {
    this.#deaf = true
    this.#keepAlive = false
    if (this.#handling) {
      // Its handler finds out when it reads the body.
      this.#readTimer.stop()
      this.#reader.fail(error)
    } else if (this.#scope === undefined) {
      this.#pump.refuse(plainResponse(status))
      this.#endAfterFlush()
    } else this.#endAfterFlush()
  }

  timedOut(phase: ReadPhase): void {
    if (phase === 'linger') this.destroy()
    else if (phase === 'keepAlive') this.#endAfterFlush()
    else {
      this.#host.timedOut++
      // Nothing was asked, so there is nothing to answer.
      if (phase === 'head' && this.#reader.idle) this.destroy()
      else {
        const { bodyIdle } = this.#host.timeouts
        this.#refuse(
          new TimeoutError('idle', bodyIdle, 'The client sends its body too slowly'),
          408,
        )
      }
    }
  }

  stalled(): void {
    this.#host.timedOut++
    const { write } = this.#host.timeouts
    this.#disconnected(new TimeoutError('write', write, `The client took nothing for ${write} ms`))
  }

  #disconnected(error?: Error): void {
    if (this.#handling) this.#cancelRequest()
    this.destroy(error)
  }

  #cancelRequest(): void {
    const scope = this.#running()
    if (scope.cancelled) return
    this.#host.disconnected++
    scope.cancel('the client has closed the connection', 'disconnect')
  }

  #endAfterFlush(): void {
    if (this.#state !== 'open') return
    this.#state = 'ending'
    // Reading on, so that what the client still sends does not turn our last words into a reset.
    this.#transport.resume()
    if (this.#pump.full) this.#readTimer.stop()
    else this.#endNow()
  }

  #endNow(): void {
    this.#transport.end()
    this.#readTimer.linger()
  }

  #leave(error: Error | undefined): void {
    if (this.#state === 'gone') return
    this.#state = 'gone'
    this.#readTimer.close()
    this.#pump.stop()
    if (!this.#handling) return
    const gone = new BrokenResourceError('The connection to the client is closed', { cause: error })
    this.#pump.fail(gone)
    this.#reader.fail(gone)
  }
}
