/**
 * A connection in the hands of another protocol, after a 101. HTTP has let go of it; what is left is
 * what every connection of a server owes: it is counted until its socket is closed, it hears of the
 * server's end, its errors are told, and it outlives neither the server nor its taker. Where its request
 * came from is still known, too.
 */
import { isCancellation } from '../../concurrency/scope/cancellation.ts'
import { runInScope } from '../../concurrency/scope/context.ts'
import type { TimerWheel } from '../../concurrency/time/timer-wheel.ts'
import type { Sink, Transport } from '../../io/transport.ts'
import type { RequestOrigin } from '../messages/server-request.ts'
import type {
  ClosingListener,
  TakeConnection,
  UpgradedConnection,
} from '../messages/upgrade-response.ts'
import type { ConnectionHost, Endpoint, HostedConnection } from './connection-host.ts'
import type { RequestScope } from './request-scope.ts'

export class Takeover implements UpgradedConnection, HostedConnection, RequestOrigin, Sink {
  readonly transport: Transport
  readonly #host: ConnectionHost
  readonly #endpoint: Endpoint
  readonly #scope: RequestScope
  #listener: ClosingListener | undefined = undefined

  constructor(transport: Transport, host: ConnectionHost, endpoint: Endpoint, scope: RequestScope) {
    this.transport = transport
    this.#host = host
    this.#endpoint = endpoint
    this.#scope = scope
  }

  /** Lets `take` have the transport, until it has come to its end. Throws nothing. */
  run(take: TakeConnection): void {
    runInScope(this.#scope, () => {
      try {
        take(this)?.then(
          () => this.done(),
          (error: unknown) => this.done({ error }),
        )
      } catch (error) {
        this.done({ error })
      }
    })
  }

  // As UpgradedConnection:

  done(failure?: { readonly error: unknown }): void {
    const scope = this.#scope
    if (failure !== undefined && !(scope.cancelled && isCancellation(failure.error))) {
      this.#host.report(failure.error, scope.request)
    }
    this.transport.start(this)
    this.transport.destroy()
    scope.finish()
  }

  onClosing(listener: ClosingListener): void {
    if (this.#host.closing) listener.serverCloses()
    else this.#listener = listener
  }

  get wheel(): TimerWheel {
    return this.#host.wheel
  }

  // As RequestOrigin:

  get remoteAddress(): string | undefined {
    return this.transport.remoteAddress
  }

  get secure(): boolean {
    return this.#endpoint.secure
  }

  get authority(): string {
    return this.#endpoint.authority
  }

  // As HostedConnection:

  get idle(): boolean {
    return false
  }

  endWhenIdle(): void {
    const listener = this.#listener
    this.#listener = undefined
    if (listener !== undefined) runInScope(this.#scope, () => listener.serverCloses())
  }

  destroy(): void {
    this.transport.destroy()
  }

  // As Sink, once the taker is done:

  data(): void {}

  end(): void {}

  drain(): void {}

  closed(): void {
    this.#host.connectionClosed(this)
  }
}
