/**
 * One WebSocket of a server, whose handler runs in the scope of the request; scope and connection end
 * together. It is its own link, and what the server and the request know of the connection: one object for
 * each that is silent, and not four. By callbacks, since what an `async` function keeps is a lot, too.
 *
 * That a client has left stops a handler; but messages that came before are not lost for it. So a handler
 * that receives goes on while it takes what is left, each within a while, and then sees the end by
 * itself. One that takes nothing is cancelled.
 */
import { isCancellation } from '../../concurrency/scope/cancellation.ts'
import { outsideScopes, runInScope } from '../../concurrency/scope/context.ts'
import { TaskGroupError } from '../../concurrency/tasks/task-group-error.ts'
import { type TimerWheel, WheelTimer } from '../../concurrency/time/timer-wheel.ts'
import { closeCodes } from '../../http/websocket/close-code.ts'
import { ConnectionClosedError } from '../../http/websocket/connection-closed-error.ts'
import type { LinkListener } from '../../http/websocket/link-listeners.ts'
import { type LinkOptions, WebSocketLink } from '../../http/websocket/websocket-link.ts'
import type { Transport } from '../../io/transport.ts'
import type { ConnectionHost, Endpoint, HostedConnection } from '../connection/connection-host.ts'
import { finishTaken } from '../connection/takeover.ts'
import type { ConnectionTaker, RequestScope } from '../connection/request-scope.ts'
import type { RequestOrigin } from '../messages/server-request.ts'

/** What the connections of one route, on one address of one server, have in common. */
export interface ServedOptions extends LinkOptions {
  readonly host: ConnectionHost
  readonly endpoint: Endpoint
  /** How long a handler may take for each message that is left, once the connection has ended. */
  readonly patience: number
}

export class ServedWebSocket
  extends WebSocketLink
  implements HostedConnection, RequestOrigin, ConnectionTaker, LinkListener
{
  declare protected readonly terms: ServedOptions
  previousConnection: HostedConnection | undefined = undefined
  nextConnection: HostedConnection | undefined = undefined
  readonly #scope: RequestScope
  // Once the connection has ended, and the handler has not.
  #leaving: Leaving | undefined = undefined

  constructor(transport: Transport, options: ServedOptions, scope: RequestScope) {
    super(transport, options)
    this.#scope = scope
    this.owner = this
  }

  /** The handler has. */
  returned(): void {
    this.startClosing(closeCodes.normal, '')
    void ServedWebSocket.#finish(this, undefined)
  }

  /** The handler has. */
  threw(error: unknown): void {
    const cancelled = isCancellation(error) && this.#scope.cancelled
    this.startClosing(cancelled ? closeCodes.goingAway : closeCodes.internalError, '')
    const ordinary = cancelled || this.isEnd(error)
    void ServedWebSocket.#finish(this, ordinary ? undefined : { error })
  }

  // As ConnectionTaker. It is the ordinary end of most handlers, and of the tasks in them: the client is gone,
  // and they notice.
  isEnd(error: unknown): boolean {
    if (TaskGroupError.is(error)) return error.errors.every((each) => this.isEnd(each))
    return error === this.ending || (ConnectionClosedError.is(error) && !this.sendable)
  }

  // As LinkListener, its own:

  linkEnded(): void {
    // A socket that is closed has no address any more, unless it was asked before: then it keeps it.
    this.remoteAddress?.at(0)
    const { patience, wheel } = this.terms
    if (patience === Infinity) return
    if (this.inbox.used && patience > 0) {
      this.#leaving = new Leaving(this, this.#scope, wheel, patience)
    } else this.#scope.cancel(this.ending, 'disconnect')
  }

  // As HostedConnection:

  get idle(): boolean {
    return false
  }

  endWhenIdle(): void {
    runInScope(this.#scope, () => {
      this.startClosing(closeCodes.goingAway, 'the server is closing')
    })
  }

  // As RequestOrigin:

  get remoteAddress(): string | undefined {
    return this.transport.remoteAddress
  }

  get secure(): boolean {
    return this.terms.endpoint.secure
  }

  get authority(): string {
    return this.terms.endpoint.authority
  }

  /**
   * A client that closes cancels the scope, which is not to cut off what is still on its way to it, our
   * close frame with it. From then on, only `closeTimeout` and the end of the server do.
   */
  static #untilClosed(served: ServedWebSocket): Promise<void> {
    if (served.ending === undefined) return served.untilGone()
    return runInScope(served.terms.host.scope, () => served.untilGone())
  }

  static async #finish(
    served: ServedWebSocket,
    failure: { error: unknown } | undefined,
  ): Promise<void> {
    const scope = served.#scope
    const { host, wheel } = served.terms
    served.owner = undefined
    if (served.#leaving !== undefined) wheel.disarm(served.#leaving)
    try {
      await ServedWebSocket.#untilClosed(served)
    } catch {
      served.destroy()
      await outsideScopes(() => served.untilGone())
    }
    // What the handler has started, and left to itself, goes with the connection.
    if (!scope.empty) scope.cancel('the WebSocket is closed', 'disconnect')
    finishTaken(host, scope, failure)
    host.connectionClosed(served)
  }
}

/** The time of a handler for what came before the end. */
class Leaving extends WheelTimer {
  readonly #served: ServedWebSocket
  readonly #scope: RequestScope
  readonly #wheel: TimerWheel
  readonly #patience: number
  #left: number

  constructor(served: ServedWebSocket, scope: RequestScope, wheel: TimerWheel, patience: number) {
    super()
    this.#served = served
    this.#scope = scope
    this.#wheel = wheel
    this.#patience = patience
    this.#left = served.inbox.count
    wheel.arm(this, patience)
  }

  /** @internal */
  override fire(): void {
    const { inbox, ending } = this.#served
    if (inbox.count >= this.#left) this.#scope.cancel(ending, 'disconnect')
    else {
      this.#left = inbox.count
      this.#wheel.arm(this, this.#patience)
    }
  }
}
