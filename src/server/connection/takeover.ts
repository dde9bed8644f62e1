/**
 * A connection in the hands of another protocol, after a 101. HTTP has let go of it; what is left is
 * what every connection of a server owes: it is counted until its socket is closed, it hears of the
 * server's end, its errors are told, and it outlives neither the server nor its taker. Where its request
 * came from is still known, too.
 */
import { isCancellation } from '../../concurrency/scope/cancellation.ts'
import { runInScope } from '../../concurrency/scope/context.ts'
import type { Sink, Transport } from '../../io/transport.ts'
import type { RequestOrigin } from '../messages/server-request.ts'
import type {
  ClosingListener,
  TakeConnection,
  UpgradedConnection,
} from '../messages/upgrade-response.ts'
import type { ConnectionHost, Endpoint, HostedConnection } from './connection-host.ts'
import type { RequestScope } from './request-scope.ts'

/** Whoever has taken a connection is done with its request; tells the error, if there is one. */
export function finishTaken(
  host: ConnectionHost,
  scope: RequestScope,
  failure: { readonly error: unknown } | undefined,
): void {
  if (failure !== undefined && !(scope.cancelled && isCancellation(failure.error))) {
    host.report(failure.error, scope.request)
  }
  scope.finish()
}

export class Takeover implements UpgradedConnection, HostedConnection, RequestOrigin, Sink {
  previousConnection: HostedConnection | undefined = undefined
  nextConnection: HostedConnection | undefined = undefined
  readonly transport: Transport
  readonly server: ConnectionHost
  readonly endpoint: Endpoint
  readonly #scope: RequestScope
  #listener: ClosingListener | undefined = undefined

  constructor(transport: Transport, host: ConnectionHost, endpoint: Endpoint, scope: RequestScope) {
    this.transport = transport
    this.server = host
    this.endpoint = endpoint
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
    this.transport.start(this)
    this.transport.destroy()
    finishTaken(this.server, this.#scope, failure)
  }

  replaceBy(connection: HostedConnection & RequestOrigin): void {
    this.server.replace(this, connection)
    this.#scope.request.outlive(this, connection)
    if (this.server.closing) connection.endWhenIdle()
  }

  onClosing(listener: ClosingListener): void {
    if (this.server.closing) listener.serverCloses()
    else this.#listener = listener
  }

  // As RequestOrigin:

  get remoteAddress(): string | undefined {
    return this.transport.remoteAddress
  }

  get secure(): boolean {
    return this.endpoint.secure
  }

  get authority(): string {
    return this.endpoint.authority
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
    this.server.connectionClosed(this)
  }
}
