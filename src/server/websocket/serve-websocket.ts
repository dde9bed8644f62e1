/**
 * The life of one WebSocket of a server: its handler runs in the scope of the request, and scope and
 * connection end together.
 *
 * That a client has left stops a handler; but messages that came before are not lost for it. So a handler
 * that receives goes on while it takes what is left, each within a while, and then sees the end by
 * itself. One that takes nothing is cancelled.
 */
import type { TimerWheel } from '../../concurrency/time/timer-wheel.ts'
import { WheelTimer } from '../../concurrency/time/timer-wheel.ts'
import { isCancellation } from '../../concurrency/scope/cancellation.ts'
import type { Scope } from '../../concurrency/scope/scope.ts'
import { closeCodes } from '../../http/websocket/close-code.ts'
import type { Codec } from '../../http/websocket/codec.ts'
import { ConnectionClosedError } from '../../http/websocket/connection-closed-error.ts'
import type { DeflateAgreement } from '../../http/websocket/message-deflate.ts'
import { WebSocketConnection } from '../../http/websocket/websocket-connection.ts'
import { type LinkListener, WebSocketLink } from '../../http/websocket/websocket-link.ts'
import type { WebSocketSettings } from '../../http/websocket/websocket-options.ts'
import type { Params, RequestOrigin, ServerRequest } from '../messages/server-request.ts'
import type { UpgradedConnection } from '../messages/upgrade-response.ts'
import type { WebSocketHandler } from './websocket-route.ts'

export interface WebSocketTerms {
  readonly codec: Codec
  readonly settings: WebSocketSettings
  readonly deflate: DeflateAgreement | undefined
  readonly subprotocol: string | undefined
  /** How long a handler may take for each message that is left, once the connection has ended. */
  readonly patience: number
}

/** Throws what the handler throws, unless it is the end of the connection. */
export async function serveWebSocket<P extends Params>(
  { transport, wheel, onClosing }: UpgradedConnection,
  handler: WebSocketHandler<P>,
  request: ServerRequest<P>,
  terms: WebSocketTerms,
): Promise<void> {
  const { codec, settings, deflate, subprotocol, patience } = terms
  const link = new WebSocketLink(transport, { codec, isServer: true, settings, deflate, wheel })
  const scope = request.scope as Scope
  letGo(request)
  const leaving = new Leaving(link, scope, wheel, patience)
  link.listen(leaving)
  onClosing(() => link.startClosing(closeCodes.goingAway, 'the server is closing'))
  link.start()
  try {
    await handler(new WebSocketConnection(link, subprotocol), request)
    link.startClosing(closeCodes.normal, '')
  } catch (error) {
    const cancelled = isCancellation(error) && scope.cancelled
    link.startClosing(cancelled ? closeCodes.goingAway : closeCodes.internalError, '')
    if (!cancelled && !isEndOf(link, error)) throw error
  } finally {
    leaving.stop()
    await link.untilGone().catch(() => link.destroy())
    // What the handler has started, and left to itself, goes with the connection.
    if (!scope.empty) scope.cancel('the WebSocket is closed', 'disconnect')
  }
}

// The handler has the request for as long as it runs. HTTP's half of the connection must not stay for that.
function letGo(request: { origin: RequestOrigin }): void {
  const { remoteAddress, secure, authority } = request.origin
  request.origin = { remoteAddress, secure, authority }
}

// The ordinary end of most handlers: the client is gone, and they notice.
function isEndOf(link: WebSocketLink, error: unknown): boolean {
  return error === link.ending || (ConnectionClosedError.is(error) && !link.sendable)
}

/** Ends the scope of a handler once its connection has ended and the handler does not come to its end. */
class Leaving implements LinkListener {
  readonly #link: WebSocketLink
  readonly #scope: Scope
  readonly #wheel: TimerWheel
  readonly #patience: number
  #timer: WheelTimer | undefined = undefined
  #left = 0

  constructor(link: WebSocketLink, scope: Scope, wheel: TimerWheel, patience: number) {
    this.#link = link
    this.#scope = scope
    this.#wheel = wheel
    this.#patience = patience
  }

  linkEnded(): void {
    if (this.#patience === Infinity) return
    if (!this.#link.inbox.used || this.#patience === 0) this.#cancel()
    else {
      this.#timer = new WheelTimer(() => this.#look())
      this.#wait()
    }
  }

  stop(): void {
    this.#link.unlisten(this)
    if (this.#timer !== undefined) this.#wheel.disarm(this.#timer)
  }

  #wait(): void {
    this.#left = this.#link.inbox.count
    this.#wheel.arm(this.#timer as WheelTimer, this.#patience)
  }

  #look(): void {
    if (this.#link.inbox.count < this.#left) this.#wait()
    else this.#cancel()
  }

  #cancel(): void {
    this.#scope.cancel(this.#link.ending, 'disconnect')
  }
}
