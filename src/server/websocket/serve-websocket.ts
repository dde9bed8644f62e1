/**
 * The life of one WebSocket of a server: its handler runs in the scope of the request, and scope and
 * connection end together.
 *
 * That a client has left stops a handler; but messages that came before are not lost for it. So a handler
 * that receives goes on while it takes what is left, each within a while, and then sees the end by
 * itself. One that takes nothing is cancelled.
 */
import { isCancellation } from '../../concurrency/scope/cancellation.ts'
import { enclosingScope } from '../../concurrency/scope/context.ts'
import type { Scope } from '../../concurrency/scope/scope.ts'
import { type TimerWheel, WheelTimer } from '../../concurrency/time/timer-wheel.ts'
import { closeCodes } from '../../http/websocket/close-code.ts'
import { ConnectionClosedError } from '../../http/websocket/connection-closed-error.ts'
import type { MessageDeflate } from '../../http/websocket/framing/message-deflate.ts'
import { WebSocketConnection } from '../../http/websocket/websocket-connection.ts'
import type { LinkListener } from '../../http/websocket/link-listeners.ts'
import { type LinkOptions, WebSocketLink } from '../../http/websocket/websocket-link.ts'
import type { WebSocketSettings } from '../../http/websocket/websocket-options.ts'
import type { RequestScope } from '../connection/request-scope.ts'
import type { Params, ServerRequest } from '../messages/server-request.ts'
import type { ClosingListener, UpgradedConnection } from '../messages/upgrade-response.ts'
import type { WebSocketHandler } from './websocket-route.ts'

/** What the connections of a route have in common. */
export interface WebSocketTerms {
  readonly settings: WebSocketSettings
  /** How long a handler may take for each message that is left, once the connection has ended. */
  readonly patience: number
  /** Kept by `serveWebSocket()`, for those of one server that do not compress: most do not. */
  plain?: LinkOptions
}

/** What one of them has agreed on with its client. */
export interface WebSocketAgreement {
  readonly deflate: MessageDeflate | undefined
  readonly subprotocol: string | undefined
}

/** Runs the handler over a connection, which is done when both have come to their end. */
export function serveWebSocket<P extends Params>(
  upgraded: UpgradedConnection,
  handler: WebSocketHandler<P>,
  request: ServerRequest<P>,
  terms: WebSocketTerms,
  { deflate, subprotocol }: WebSocketAgreement,
): void {
  const { transport, wheel } = upgraded
  const link = new WebSocketLink(transport, linkOptions(terms, deflate, wheel))
  const scope = request.scope as RequestScope
  const served = new ServedWebSocket(link, upgraded, scope, terms.patience)
  scope.taker = served
  link.start()
  let result: Promise<void> | void
  try {
    result = handler(new WebSocketConnection(link, subprotocol), request)
  } catch (error) {
    served.threw(error)
    return
  }
  if (result === undefined) served.returned()
  else Promise.resolve(result).then(returned, threw)
}

function linkOptions(
  terms: WebSocketTerms,
  deflate: MessageDeflate | undefined,
  wheel: TimerWheel,
): LinkOptions {
  const { settings, plain } = terms
  if (plain !== undefined && plain.wheel === wheel && deflate === undefined) return plain
  const options = { isServer: true, settings, deflate, wheel }
  if (deflate === undefined) terms.plain = options
  return options
}

// They run in the scope of the request, since the promise is waited for there. A closure for each that knows
// its connection would be as much as the connection's own object.

function returned(): void {
  taker().returned()
}

function threw(error: unknown): void {
  taker().threw(error)
}

function taker(): ServedWebSocket {
  return (enclosingScope() as RequestScope).taker as ServedWebSocket
}

/** A handler at work. By callbacks, since what an `async` function keeps is a lot for a crowd that is silent. */
class ServedWebSocket implements LinkListener, ClosingListener {
  readonly #link: WebSocketLink
  readonly #upgraded: UpgradedConnection
  readonly #scope: Scope
  readonly #patience: number
  // Once the connection has ended, and the handler has not.
  #leaving: Leaving | undefined = undefined

  constructor(link: WebSocketLink, upgraded: UpgradedConnection, scope: Scope, patience: number) {
    this.#link = link
    this.#upgraded = upgraded
    this.#scope = scope
    this.#patience = patience
    link.owner = this
    upgraded.onClosing(this)
  }

  /** The handler has. */
  returned(): void {
    this.#link.startClosing(closeCodes.normal, '')
    void ServedWebSocket.#finish(this, undefined)
  }

  /** The handler has. */
  threw(error: unknown): void {
    const cancelled = isCancellation(error) && this.#scope.cancelled
    this.#link.startClosing(cancelled ? closeCodes.goingAway : closeCodes.internalError, '')
    const ordinary = cancelled || isEndOf(this.#link, error)
    void ServedWebSocket.#finish(this, ordinary ? undefined : { error })
  }

  // As ClosingListener:

  serverCloses(): void {
    this.#link.startClosing(closeCodes.goingAway, 'the server is closing')
  }

  // As LinkListener:

  linkEnded(): void {
    if (this.#patience === Infinity) return
    if (!this.#link.inbox.used || this.#patience === 0) {
      this.#scope.cancel(this.#link.ending, 'disconnect')
    } else {
      const { wheel } = this.#upgraded
      this.#leaving = new Leaving(this.#link, this.#scope, wheel, this.#patience)
    }
  }

  // Static: an object with a private method holds a mark of its own for that.
  static async #finish(
    served: ServedWebSocket,
    failure: { error: unknown } | undefined,
  ): Promise<void> {
    const link = served.#link
    const scope = served.#scope
    link.owner = undefined
    served.#leaving?.stop()
    try {
      await link.untilGone()
    } catch {
      link.destroy()
    }
    // What the handler has started, and left to itself, goes with the connection.
    if (!scope.empty) scope.cancel('the WebSocket is closed', 'disconnect')
    served.#upgraded.done(failure)
  }
}

/** The time of a handler for what came before the end. */
class Leaving extends WheelTimer {
  readonly #link: WebSocketLink
  readonly #scope: Scope
  readonly #wheel: TimerWheel
  readonly #patience: number
  #left: number

  constructor(link: WebSocketLink, scope: Scope, wheel: TimerWheel, patience: number) {
    super()
    this.#link = link
    this.#scope = scope
    this.#wheel = wheel
    this.#patience = patience
    this.#left = link.inbox.count
    wheel.arm(this, patience)
  }

  stop(): void {
    this.#wheel.disarm(this)
  }

  /** @internal */
  override fire(): void {
    const { count } = this.#link.inbox
    if (count >= this.#left) {
      this.#scope.cancel(this.#link.ending, 'disconnect')
      return
    }
    this.#left = count
    this.#wheel.arm(this, this.#patience)
  }
}

// The ordinary end of most handlers: the client is gone, and they notice.
function isEndOf(link: WebSocketLink, error: unknown): boolean {
  return error === link.ending || (ConnectionClosedError.is(error) && !link.sendable)
}
