/** A route that opens WebSockets: checks the handshake, answers it, and runs the handler. */
import { loadDeflate } from '../../http/websocket/framing/deflate-extension.ts'
import { MessageDeflate } from '../../http/websocket/framing/message-deflate.ts'
import {
  acceptHandshake,
  checkSubprotocols,
  type HandshakeRequest,
  type OriginPolicy,
} from '../../http/websocket/handshake/server-handshake.ts'
import type { WebSocketConnection } from '../../http/websocket/websocket-connection.ts'
import {
  type WebSocketOptions,
  webSocketOptionNames,
  webSocketSettings,
} from '../../http/websocket/websocket-options.ts'
import { checkNames, type Names } from '../../util/known-names.ts'
import { checkOptions, show } from '../../concurrency/scope/arguments.ts'
import type { HandlerResult } from '../connection/destination.ts'
import type { Params, ServerRequest } from '../messages/server-request.ts'
import { ServerResponse } from '../messages/server-response.ts'
import { UpgradeResponse } from '../messages/upgrade-response.ts'
import type { Handler, RouteOptions } from '../routing/route.ts'
import { serveWebSocket, type WebSocketTerms } from './serve-websocket.ts'

/**
 * Talks to one client. It runs in the scope of the request, which ends with the connection; when it
 * returns, the connection is closed with 1000, and with 1011 if it throws.
 */
export type WebSocketHandler<P extends Params = Params> = (
  ws: WebSocketConnection,
  request: ServerRequest<P>,
) => Promise<void> | void

export interface WebSocketRouteOptions<P extends Params = Params>
  extends WebSocketOptions, Pick<RouteOptions, 'name' | 'middleware' | 'cancelOnDisconnect'> {
  /**
   * From which origins pages may connect: those of the same host as the request's (`same`, the default),
   * `any`, or a list such as `['https://example.com']`. Others are answered with 403. What sends no
   * `Origin`, as programs do, is not asked. (RFC 6455 §10.2: browsers let any page connect to anywhere.)
   */
  origins?: OriginPolicy
  /** What can be spoken here; the first that the client offers and that is in this list is chosen. */
  subprotocols?: readonly string[]
  /**
   * Asked when the handshake is right and before it is answered. A response refuses the WebSocket, as an
   * `HTTPError` does; nothing lets it come about.
   */
  accept?: (
    request: ServerRequest<P>,
  ) => HandlerResult | undefined | void | Promise<HandlerResult | undefined | void>
  /**
   * After the connection has ended: how long the handler may take for each message that came before, in
   * milliseconds, until it is cancelled. Default 1,000. One that has never received is cancelled at once.
   */
  finishTimeout?: number
}

const optionNames: Names<WebSocketRouteOptions> = {
  ...webSocketOptionNames,
  name: true,
  middleware: true,
  cancelOnDisconnect: true,
  origins: true,
  subprotocols: true,
  accept: true,
  finishTimeout: true,
}

/** @throws TypeError or RangeError for an option that makes no sense */
export function webSocketRoute<P extends Params>(
  handler: WebSocketHandler<P>,
  options: WebSocketRouteOptions<P> = {},
): Handler<P> {
  checkOptions('route for WebSockets', options, '{ maxMessageSize: 65_536 }')
  checkNames(options, optionNames, 'a route for WebSockets')
  const { origins = 'same', accept, finishTimeout = 1_000, cancelOnDisconnect = true } = options
  const settings = webSocketSettings(options)
  const terms = {
    origins: checkOrigins(origins),
    subprotocols: checkSubprotocols(options.subprotocols ?? []),
    compression: settings.compression,
  }
  if (accept !== undefined && typeof accept !== 'function') {
    throw new TypeError(`Invalid "accept" ${show(accept)}: expected a function`)
  }
  if (typeof finishTimeout !== 'number') {
    throw new TypeError(`Invalid "finishTimeout" ${show(finishTimeout)}: expected a number`)
  }
  if (!(finishTimeout >= 0)) {
    throw new RangeError(`Invalid "finishTimeout" ${finishTimeout}: expected 0 ms or more`)
  }
  const patience = cancelOnDisconnect ? finishTimeout : Infinity
  const shared: WebSocketTerms = { settings, patience }
  return async (request) => {
    const answer = acceptHandshake(facts(request), terms)
    if ('status' in answer) {
      const { status, message, headers } = answer
      return new ServerResponse(message, { status, headers, type: 'text/plain; charset=utf-8' })
    }
    const refusal = await accept?.(request)
    if (refusal !== undefined) return refusal
    const { headers, subprotocol } = answer
    const deflate =
      answer.deflate && new MessageDeflate(await loadDeflate(), answer.deflate, true, settings)
    return new UpgradeResponse(
      'websocket',
      (upgraded) => serveWebSocket(upgraded, handler, request, shared, { deflate, subprotocol }),
      headers,
    )
  }
}

function facts({ head, headers }: ServerRequest): HandshakeRequest {
  return {
    method: head.method,
    upgrade: head.upgrade,
    host: head.host,
    hasBody: head.framing !== 'none',
    getAll: (name) => headers.getAll(name),
  }
}

function checkOrigins(origins: OriginPolicy): OriginPolicy {
  if (typeof origins === 'string') {
    if (origins === 'same' || origins === 'any') return origins
    throw new TypeError(
      `Invalid "origins" ${JSON.stringify(origins)}: expected "same", "any" or a list`,
    )
  }
  if (!Array.isArray(origins)) {
    throw new TypeError(`Invalid "origins" ${show(origins)}: expected "same", "any" or a list`)
  }
  for (const origin of origins as readonly string[]) {
    if (typeof origin === 'string' && URL.parse(origin)?.origin === origin) continue
    throw new TypeError(
      `Invalid origin ${JSON.stringify(origin)}: expected one such as "https://example.com"`,
    )
  }
  return [...origins]
}
