import type { CancelledError } from '../../concurrency/errors.ts'
import { type Scope, ScopeMember } from '../../concurrency/scope/scope.ts'
import { type RequestTrace, traceEnd } from '../../http/tracing/request-channels.ts'
import type { LinkListener } from '../../http/websocket/link-listeners.ts'
import type { Transport } from '../../io/transport.ts'
import type { ClientHost } from '../connection/client-host.ts'
import type { Exchange } from '../exchange/exchange.ts'
import { signalError, SignalLink } from '../exchange/signal-link.ts'
import type { ListedCall } from './call-list.ts'
import type { Sending } from './sending.ts'

/**
 * A connection that speaks another protocol from now on, in the hands of who asked for that. The pool
 * counts it, and the session waits for it, until it is released; it belongs to the scope of the request.
 *
 * It is all that is left of the request. Such connections are many and last for hours, so it knows
 * nothing of the call, the exchange and the response by which it came about.
 */
export class UpgradedConnection extends ScopeMember implements ListedCall, LinkListener {
  /**
   * To be started with a sink of the new protocol. What the server sent behind its head comes first.
   * Its timeouts, limits and backpressure are the taker's from here on.
   */
  readonly transport: Transport
  /** @internal Until it is released. */
  listed = false
  previousCall: ListedCall | undefined = undefined
  nextCall: ListedCall | undefined = undefined
  readonly #sending: Sending
  readonly #host: ClientHost
  // If somebody listens.
  readonly #trace: RequestTrace | undefined
  #link: SignalLink | undefined = undefined
  #taker: unknown = undefined
  #onClosing: ((taker: never) => void) | undefined = undefined

  constructor(sending: Sending, { host, trace }: Exchange, transport: Transport) {
    super()
    this.transport = transport
    this.#sending = sending
    this.#host = host
    this.#trace = trace
    sending.calls.add(this)
  }

  /** Closes it when the scope is cancelled, or the signal aborted. */
  belongTo(scope: Scope, signal: AbortSignal | undefined): void {
    if (scope.error === undefined) scope.addMember(this)
    else this.abort(scope.error)
    if (signal !== undefined) this.follow(signal)
  }

  /** Closes it when the signal is aborted. */
  follow(signal: AbortSignal): void {
    if (!this.listed) return
    if (signal.aborted) this.abort(signalError(signal))
    else this.#link = new SignalLink(signal, this)
  }

  /**
   * Calls back with `taker`, in no scope, when the session begins to close: the taker then comes to its end
   * in order. Without this the connection is closed at once.
   */
  onClosing<T>(taker: T, callback: (taker: T) => void): void {
    this.#taker = taker
    this.#onClosing = callback
  }

  /** To be called once the taker is done with it, whatever ended it: gives its place back, and destroys it. */
  release(): void {
    if (!this.listed) return
    this.#sending.calls.remove(this)
    this.#link?.cut()
    this.memberOf?.removeMember(this)
    this.transport.destroy()
    this.#sending.connector.discard(this.#host)
    if (this.#trace !== undefined) traceEnd(this.#trace, undefined, Number.NaN)
  }

  /** Closes it at once; its sink is told the error. */
  abort(error: unknown): void {
    this.transport.destroy(error instanceof Error ? error : undefined)
    this.release()
  }

  /** The session closes. */
  releaseUnread(): void {
    const callback = this.#onClosing
    if (callback === undefined) {
      this.release()
      return
    }
    this.#onClosing = nothing
    callback(this.#taker as never)
  }

  /** As a listener of what a WebSocket has made of it. */
  linkGone(): void {
    this.release()
  }

  /** @internal */
  scopeCancelled(error: CancelledError): void {
    this.abort(error)
  }
}

function nothing(): void {}
