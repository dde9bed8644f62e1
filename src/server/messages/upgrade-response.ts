import type { HeadersInput } from '../../http/header-fields.ts'
import type { Transport } from '../../io/transport.ts'
import type { ConnectionHost, Endpoint, HostedConnection } from '../connection/connection-host.ts'
import type { RequestOrigin } from './server-request.ts'
import { ServerResponse } from './server-response.ts'

/** Who hears that the server begins to close. @internal */
export interface ClosingListener {
  /** Called once, in the request's scope. */
  serverCloses(): void
}

/** A connection that speaks another protocol from now on. @internal */
export interface UpgradedConnection {
  /**
   * To be started with a sink of the new protocol before anything is awaited. What the client sent
   * behind its request comes first. Its timeouts, limits and backpressure are the taker's from here on.
   */
  readonly transport: Transport
  /**
   * Tells `listener`, in the request's scope, when the server begins to close: at once if it has begun. The
   * taker then comes to its end in order; at the deadline its scope is cancelled.
   */
  onClosing(listener: ClosingListener): void
  /** Where it came in: the server, and its address. */
  readonly server: ConnectionHost
  readonly endpoint: Endpoint
  /** The taker is done; with an error that is to be told, if there is one. */
  done(failure?: { readonly error: unknown }): void
  /**
   * Lets `connection` be what this is, for the server and for the request, until it tells the host that it
   * is closed; that is then the end of all that has to be done.
   */
  replaceBy(connection: HostedConnection & RequestOrigin): void
}

/**
 * Speaks the new protocol, in the scope of the request, which goes on until the promise is settled, or,
 * without one, until `done()` is called. Then the transport is destroyed: what is still to be sent has to
 * be sent by then.
 */
export type TakeConnection = (upgraded: UpgradedConnection) => Promise<void> | void

/**
 * The answer 101 (RFC 9110 §15.2.2) of a handler that takes its connection over. `take` is called once
 * the head is written; never if the client has left, the server is closing (503), the request did not ask
 * for an upgrade (500), or a middleware answers something else. So until then nothing is to be held for it.
 *
 * @internal
 */
export class UpgradeResponse extends ServerResponse {
  readonly take: TakeConnection

  constructor(protocol: string, take: TakeConnection, headers?: HeadersInput) {
    super(null, headers === undefined ? {} : { headers })
    this.headers.set('upgrade', protocol)
    this.take = take
  }

  override get status(): number {
    return 101
  }

  override set status(status: number) {
    throw new TypeError(`Cannot make an upgrade a response of status ${status}`)
  }
}
