import type { Next } from '../../http/middleware.ts'
import type { KeyedValues } from '../messages/key.ts'
import type { ServerRequest } from '../messages/server-request.ts'
import type { ServerResponse } from '../messages/server-response.ts'

/** What a handler may return: a response of ours, or one of the web. */
export type HandlerResult = ServerResponse | Response

/** Where a request goes, and on what terms. */
export interface Destination {
  readonly handle: Next<ServerRequest, HandlerResult>
  /** In milliseconds; Infinity for none. */
  readonly timeout: number
  readonly cancelOnDisconnect: boolean
  /** Undefined: as the server. */
  readonly halfClose: boolean | undefined
  /** Undefined: as the server. */
  readonly bodyLimit: number | undefined
  /** The pattern of the route; undefined for what no route matches. */
  readonly pattern: string | undefined
  /** What requests find by keys of which they have no value of their own. */
  readonly shared: KeyedValues | undefined
}

/** Finds where requests go. */
export interface Dispatcher {
  /** Never throws: what is wrong with a request is a destination too. */
  destination(request: ServerRequest): Destination
}

/** A destination on the usual terms. */
export function destinationOf(
  handle: Destination['handle'],
  terms: Partial<Destination> = {},
): Destination {
  return {
    handle,
    timeout: terms.timeout ?? Infinity,
    cancelOnDisconnect: terms.cancelOnDisconnect ?? true,
    halfClose: terms.halfClose,
    bodyLimit: terms.bodyLimit,
    pattern: terms.pattern,
    shared: terms.shared,
  }
}
