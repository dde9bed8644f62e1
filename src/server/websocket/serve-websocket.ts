/**
 * The life of one WebSocket of a server: its handler runs in the scope of the request, and scope and
 * connection end together.
 *
 * That a client has left stops a handler; but messages that came before are not lost for it. So a handler
 * that receives goes on while it takes what is left, each within a while, and then sees the end by
 * itself. One that takes nothing is cancelled.
 */
import { WheelTimer } from '../../concurrency/time/timer-wheel.ts'
import { isCancellation } from '../../concurrency/scope/cancellation.ts'
import type { Scope } from '../../concurrency/scope/scope.ts'
import { closeCodes } from '../../http/websocket/close-code.ts'
import type { Codec } from '../../http/websocket/framing/codec.ts'
import { ConnectionClosedError } from '../../http/websocket/connection-closed-error.ts'
import type { DeflateAgreement } from '../../http/websocket/framing/message-deflate.ts'
import { WebSocketConnection } from '../../http/websocket/websocket-connection.ts'
import type { LinkListener } from '../../http/websocket/link-listeners.ts'
import { WebSocketLink } from '../../http/websocket/websocket-link.ts'
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

/** Runs the handler over a connection, which is done when both have come to their end. */
export function serveWebSocket<P extends Params>(
  upgraded: UpgradedConnection,
  handler: WebSocketHandler<P>,
  request: ServerRequest<P>,
  terms: WebSocketTerms,
): void {
  const { codec, settings, deflate, subprotocol, patience } = terms
  const { transport, wheel } = upgraded
  const link = new WebSocketLink(transport, { codec, isServer: true, settings, deflate, wheel })
  const served = new ServedWebSocket(link, upgraded, request.scope as Scope, patience)
  letGo(request)
  link.start()
  served.run(() => handler(new WebSocketConnection(link, subprotocol), request))
}

// The handler has the request for as long as it runs. HTTP's half of the connection must not stay for that.
function letGo(request: { origin: RequestOrigin }): void {
  const { remoteAddress, secure, authority } = request.origin
  request.origin = { remoteAddress, secure, authority }
}

/** A handler at work. By callbacks, since what an `async` function keeps is a lot for a crowd that is silent. */
class ServedWebSocket implements LinkListener {
  readonly #link: WebSocketLink
  readonly #upgraded: UpgradedConnection
  readonly #scope: Scope
  readonly #patience: number
  // Once the connection has ended, and the handler has not.
  #timer: WheelTimer | undefined = undefined
  #left = 0

  constructor(link: WebSocketLink, upgraded: UpgradedConnection, scope: Scope, patience: number) {
    this.#link = link
    this.#upgraded = upgraded
    this.#scope = scope
    this.#patience = patience
    link.listeners.add(this)
    upgraded.onClosing(() => link.startClosing(closeCodes.goingAway, 'the server is closing'))
  }

  run(handle: () => Promise<void> | void): void {
    let result: Promise<void> | void
    try {
      result = handle()
    } catch (error) {
      this.#threw(error)
      return
    }
    if (result === undefined) this.#returned()
    else {
      Promise.resolve(result).then(
        () => this.#returned(),
        (error: unknown) => this.#threw(error),
      )
    }
  }

  // As LinkListener:

  linkEnded(): void {
    if (this.#patience === Infinity) return
    if (!this.#link.inbox.used || this.#patience === 0) this.#cancel()
    else {
      this.#timer = new WheelTimer(() => this.#look())
      this.#wait()
    }
  }

  #returned(): void {
    this.#link.startClosing(closeCodes.normal, '')
    void this.#finish(undefined)
  }

  #threw(error: unknown): void {
    const cancelled = isCancellation(error) && this.#scope.cancelled
    this.#link.startClosing(cancelled ? closeCodes.goingAway : closeCodes.internalError, '')
    void this.#finish(cancelled || isEndOf(this.#link, error) ? undefined : { error })
  }

  async #finish(failure: { error: unknown } | undefined): Promise<void> {
    const link = this.#link
    link.listeners.delete(this)
    if (this.#timer !== undefined) this.#upgraded.wheel.disarm(this.#timer)
    try {
      await link.untilGone()
    } catch {
      link.destroy()
    }
    // What the handler has started, and left to itself, goes with the connection.
    if (!this.#scope.empty) this.#scope.cancel('the WebSocket is closed', 'disconnect')
    this.#upgraded.done(failure)
  }

  #wait(): void {
    this.#left = this.#link.inbox.count
    this.#upgraded.wheel.arm(this.#timer as WheelTimer, this.#patience)
  }

  #look(): void {
    if (this.#link.inbox.count < this.#left) this.#wait()
    else this.#cancel()
  }

  #cancel(): void {
    this.#scope.cancel(this.#link.ending, 'disconnect')
  }
}

// The ordinary end of most handlers: the client is gone, and they notice.
function isEndOf(link: WebSocketLink, error: unknown): boolean {
  return error === link.ending || (ConnectionClosedError.is(error) && !link.sendable)
}
