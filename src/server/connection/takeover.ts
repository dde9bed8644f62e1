/**
 * A connection in the hands of another protocol, after a 101. HTTP has let go of it; what is left is
 * what every connection of a server owes: it is counted until its socket is closed, it hears of the
 * server's end, its errors are told, and it outlives neither the server nor its taker.
 */
import { isCancellation } from '../../concurrency/scope/cancellation.ts'
import { runInScope } from '../../concurrency/scope/context.ts'
import type { TimerWheel } from '../../concurrency/time/timer-wheel.ts'
import type { Sink, Transport } from '../../io/transport.ts'
import type { TakeConnection, UpgradedConnection } from '../messages/upgrade-response.ts'
import type { ConnectionHost, HostedConnection } from './connection-host.ts'
import type { RequestScope } from './request-scope.ts'

export class Takeover implements UpgradedConnection, HostedConnection, Sink {
  readonly idle = false
  readonly transport: Transport
  readonly #host: ConnectionHost
  readonly #scope: RequestScope
  #onClosing: (() => void) | undefined = undefined

  constructor(transport: Transport, host: ConnectionHost, scope: RequestScope) {
    this.transport = transport
    this.#host = host
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

  onClosing(callback: () => void): void {
    if (this.#host.closing) callback()
    else this.#onClosing = callback
  }

  get wheel(): TimerWheel {
    return this.#host.wheel
  }

  // As HostedConnection:

  endWhenIdle(): void {
    const callback = this.#onClosing
    this.#onClosing = undefined
    if (callback !== undefined) runInScope(this.#scope, callback)
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
