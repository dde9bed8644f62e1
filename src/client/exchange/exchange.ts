/**
 * One request on its way to one host, and the response to it: from the pool's queue to the last byte.
 * A redirect is another exchange.
 *
 * It is a member of the scope that the request was made in. If that is cancelled, the exchange leaves
 * the queue, or stops connecting, or closes its connection: HTTP/1.1 can't give up one exchange and keep
 * the connection.
 */
import { type CancelledError, ClosedResourceError } from '../../concurrency/errors.ts'
import type { Scope } from '../../concurrency/scope/scope.ts'
import { clock } from '../../concurrency/time/current-clock.ts'
import type { BodySource } from '../../http/incoming-body.ts'
import type { OutgoingBody } from '../../http/outgoing-body.ts'
import { traceChunkReceived } from '../../http/tracing/request-channels.ts'
import type { Transport } from '../../io/transport.ts'
import type { FieldList, ResponseHead } from '../../wire/http1/messages.ts'
import type { ClientConnection } from '../connection/client-connection.ts'
import type { ClientHost } from '../connection/client-host.ts'
import { type PoolTrace, traceWait, traceWaitEnd } from '../../http/tracing/connection-channels.ts'
import type { Connector } from '../connection/connector.ts'
import type { PhaseTimers } from '../connection/phase-timer.ts'
import type { OpeningTimes } from '../connection/opening-times.ts'
import { proxyFailure, refusalOf } from '../connection/proxy/proxy-refusal.ts'
import type { PoolRequest } from '../pool/pool-host.ts'
import type { Framed } from '../request/request-heads.ts'
import type { Timeouts } from '../timeouts.ts'
import type { UpgradedConnection } from '../call/upgraded-connection.ts'
import type { BodyReceiver } from './body-receiver.ts'
import {
  isIdempotent,
  nameOf,
  protocolErrorOf,
  tooLargeOf,
  transferErrorOf,
} from './exchange-failures.ts'
import { ExchangeSending } from './exchange-sending.ts'
import { openScope } from './open-scope.ts'
import { signalError, SignalLink } from './signal-link.ts'

/** Who made the exchange. `unanswered` is called without a response, `finished` or `upgraded` after one: one of these, once. */
export interface ExchangeEvents {
  /** Whether a 101 is what was asked for. */
  readonly wantsUpgrade: boolean
  /** The head is there: says where the body goes by `exchange.receiver`. */
  responded(exchange: Exchange, head: ResponseHead): void
  unanswered(error: unknown): void
  /** Its connection was taken over: makes what is left of all this. Nothing more happens. */
  upgraded(exchange: Exchange, transport: Transport): UpgradedConnection
  /** Nothing more happens; the receiver was told how it ended, or with which error. */
  finished(error?: unknown): void
}

export class Exchange
  extends ExchangeSending
  implements PoolRequest<ClientConnection, Exchange>, BodySource
{
  // What the pool needs.
  readonly host: ClientHost
  fresh = false
  waiting = false
  arrival: number = 0
  previousWaiting: Exchange | undefined = undefined
  nextWaiting: Exchange | undefined = undefined
  /** @internal The scope in which its connection is being opened. */
  opening: Scope | undefined = undefined

  readonly method: string
  /** Where the body goes. To be set when the head comes, or in the turn in which it came. */
  receiver: BodyReceiver | undefined = undefined
  /** Bytes that the body may have as it comes. */
  maxSize: number = Infinity
  /** Times on the clock; NaN for what has not happened: began, connecting began, end. */
  readonly startedAt: number
  connectingAt: number = Number.NaN
  /** Of the connection that was opened for it. */
  openingTimes: OpeningTimes | undefined = undefined
  endedAt: number = Number.NaN
  readonly #connector: Connector
  readonly #events: ExchangeEvents
  #paused = false
  #over = false
  #size = 0
  #link: SignalLink | undefined = undefined
  // While it waits, if somebody traces.
  #wait: PoolTrace | undefined = undefined

  /** `until`: when all of it has to be over, on the clock. */
  constructor(
    connector: Connector,
    host: ClientHost,
    method: string,
    framed: Framed,
    body: OutgoingBody | undefined,
    timeouts: Timeouts,
    until: number,
    now: number,
    scope: Scope,
    events: ExchangeEvents,
  ) {
    super(timeouts, until, framed, body, scope)
    this.host = host
    this.method = method
    this.startedAt = now
    this.#connector = connector
    this.#events = events
  }

  get over(): boolean {
    return this.#over
  }

  /** Whether another exchange gains by this one's being read to its end. */
  get keepsConnection(): boolean {
    return this.#over || (this.leavesReusable && this.connection?.reusable === true)
  }

  protected get timers(): PhaseTimers {
    return this.#connector.timers
  }

  get name(): string {
    return nameOf(this.method, this.host.name, this.framed.head)
  }

  /** Asks for a connection; the rest follows by itself. */
  start(): void {
    const scope = openScope(this.scope)
    const { error } = scope
    if (error !== undefined) {
      this.abort(error)
      return
    }
    scope.addMember(this)
    this.#ask(this.startedAt)
  }

  /** Gives it up with `error`: nobody wants the rest. Nothing if it is over. */
  abort(error: unknown): void {
    if (this.#over) return
    const connection = this.connection
    if (this.waiting) this.#connector.withdraw(this)
    else if (this.opening !== undefined) this.#connector.stopOpening(this)
    else connection?.abort()
    this.#fail(error)
  }

  /** @internal */
  scopeCancelled(error: CancelledError): void {
    this.memberOf?.removeMember(this)
    this.abort(error)
  }

  /** Gives it up when the signal is aborted, too. */
  follow(signal: AbortSignal): void {
    if (this.#over) return
    if (signal.aborted) this.abort(signalError(signal))
    else this.#link = new SignalLink(signal, this)
  }

  /**
   * Takes the connection over, after a 101; HTTP and its timeouts are done with it.
   *
   * @throws ClosedResourceError if it is gone meanwhile
   */
  takeOver(): UpgradedConnection {
    const { connection } = this
    if (this.#over || connection?.giveAway() !== true) {
      throw new ClosedResourceError(`Cannot take over the connection of ${this.name}: it is closed`)
    }
    const signal = this.#link?.signal
    this.#finish()
    this.receiver?.end([])
    const upgraded = this.#events.upgraded(this, connection.transport)
    if (signal !== undefined) upgraded.follow(signal)
    return upgraded
  }

  // From the pool and its connector.

  /** @internal Connecting begins. */
  connecting(scope: Scope, now: number): void {
    this.#waited(undefined)
    this.opening = scope
    this.connectingAt = now
    this.watch('connect', now)
  }

  /** @internal */
  notConnected(error: unknown): void {
    this.#fail(error)
  }

  /** @internal Here is a connection: the request is sent. */
  assign(connection: ClientConnection, now: number): void {
    this.#waited(undefined)
    this.stopTimer()
    this.connection = connection
    connection.begin(this)
    this.send(connection.transport, now)
  }

  // From the connection.

  /** @internal Whether a 101 is the answer to what was asked for, and asked completely. */
  get upgrades(): boolean {
    return this.#events.wantsUpgrade && this.leavesReusable
  }

  /** @internal */
  responded(head: ResponseHead, now: number): void {
    if (this.answered(head.status)) {
      this.connection?.abort()
      this.#again()
      return
    }
    // RFC 9110 §15.5.8: who says this is the proxy, and to us.
    if (head.status === 407 && this.host.route.forwards) {
      this.abort(proxyFailure(this.host, refusalOf(head)))
      return
    }
    this.headAt = now
    this.#events.responded(this, head)
    if (head.contentLength > this.maxSize) this.abort(tooLargeOf(this.name, this.maxSize))
  }

  /** @internal */
  received(bytes: Uint8Array, shared: boolean): void {
    if (this.trace !== undefined) traceChunkReceived(this.trace, bytes)
    this.#size += bytes.byteLength
    if (this.#size > this.maxSize) this.abort(tooLargeOf(this.name, this.maxSize))
    else this.receiver?.push(bytes, shared)
  }

  /** @internal Bytes were read, and there are more to come. */
  progressed(now: number): void {
    if (!Number.isNaN(this.headAt) && !this.#paused) this.watch('idle', now)
  }

  /** @internal The response is read to its end. */
  ended(trailers: FieldList, now: number): void {
    this.endedAt = now
    this.#finish()
    this.receiver?.end(trailers)
    this.#events.finished()
  }

  /** @internal What came is not HTTP. */
  misread(error: Error): void {
    this.#fail(protocolErrorOf(this.name, error))
  }

  /** @internal The connection is gone before the response has ended. */
  disconnected(error: Error, connection: ClientConnection): void {
    const reused = connection.exchanges > 1
    // RFC 9112 §9.3.1: the server may close an idle connection just as we use it. Nothing of an answer
    // has come, so asking again is safe for what may be asked twice.
    const again = reused && !connection.answered && !this.fresh && isIdempotent(this.method)
    if (again && this.isReplayable) {
      this.#again()
      return
    }
    const requestSent = reused || connection.transport.bytesWritten > 0
    this.#fail(transferErrorOf(this.name, error, requestSent))
  }

  /** @internal The connection that it was to have is gone, and nothing was sent on it: asks for a new one. */
  askAgain(): void {
    this.fresh = true
    this.#ask(clock().now())
  }

  // From whoever reads the body.

  pause(): void {
    if (this.#over) return
    this.#paused = true
    this.connection?.pause()
    this.watch('total', clock().now())
  }

  resume(): void {
    if (this.#over || !this.#paused) return
    this.#paused = false
    this.connection?.resume()
    this.watch('idle', clock().now())
  }

  /** Nobody will read the rest: closes the connection, and tells the receiver nothing. */
  abandon(): void {
    this.receiver = undefined
    this.abort(undefined)
  }

  #ask(now: number): void {
    try {
      this.#connector.request(this, now)
      if (!this.waiting) return
      this.#wait = traceWait(this)
      this.watch('pool', now)
    } catch (error) {
      this.#fail(error)
    }
  }

  #waited(error: unknown): void {
    const wait = this.#wait
    if (wait === undefined) return
    this.#wait = undefined
    traceWaitEnd(wait, error)
  }

  #again(): void {
    this.connection = undefined
    this.rewind()
    this.askAgain()
  }

  #fail(error: unknown): void {
    this.#waited(error)
    this.#finish()
    if (Number.isNaN(this.headAt)) this.#events.unanswered(error)
    else {
      this.receiver?.fail(error)
      this.#events.finished(error)
    }
  }

  #finish(): void {
    this.#over = true
    this.connection = undefined
    this.#link?.cut()
    this.stopTimer()
    this.stopSending()
    this.memberOf?.removeMember(this)
  }
}
