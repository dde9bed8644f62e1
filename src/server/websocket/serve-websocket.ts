/** Runs the handlers of WebSockets, each over a connection that was upgraded for it. */
import { enclosingScope } from '../../concurrency/scope/context.ts'
import type { MessageDeflate } from '../../http/websocket/framing/message-deflate.ts'
import { WebSocketConnection } from '../../http/websocket/websocket-connection.ts'
import type { WebSocketSettings } from '../../http/websocket/websocket-options.ts'
import type { RequestScope } from '../connection/request-scope.ts'
import type { Params, ServerRequest } from '../messages/server-request.ts'
import type { UpgradedConnection } from '../messages/upgrade-response.ts'
import { type ServedOptions, ServedWebSocket } from './served-websocket.ts'
import type { WebSocketHandler } from './websocket-route.ts'

/** What the connections of a route have in common. */
export interface WebSocketTerms {
  readonly settings: WebSocketSettings
  /** How long a handler may take for each message that is left, once the connection has ended. */
  readonly patience: number
  /** Kept by `serveWebSocket()`, for those of one address that do not compress: most do not. */
  plain?: ServedOptions
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
  const scope = request.scope as RequestScope
  const options = servedOptions(terms, deflate, upgraded)
  const served = new ServedWebSocket(upgraded.transport, options, scope)
  scope.taker = served
  upgraded.replaceBy(served)
  served.start()
  let result: Promise<void> | void
  try {
    result = handler(new WebSocketConnection(served, subprotocol), request)
  } catch (error) {
    served.threw(error)
    return
  }
  if (result === undefined) served.returned()
  else Promise.resolve(result).then(returned, threw)
}

function servedOptions(
  terms: WebSocketTerms,
  deflate: MessageDeflate | undefined,
  { server: host, endpoint }: UpgradedConnection,
): ServedOptions {
  const { settings, patience, plain } = terms
  if (deflate === undefined && plain?.host === host && plain.endpoint === endpoint) return plain
  const { wheel } = host
  const options = { isServer: true, settings, deflate, wheel, host, endpoint, patience }
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
