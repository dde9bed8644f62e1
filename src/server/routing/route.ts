// What a route is made of.
import type { Middleware } from '../../http/middleware.ts'
import type { HandlerResult } from '../connection/destination.ts'
import type { Params, ServerRequest } from '../messages/server-request.ts'
import type { ServerResponse } from '../messages/server-response.ts'
import {
  above,
  aFlag,
  aFunction,
  aText,
  atLeast,
  type Checks,
  checkSettings,
  either,
  listOf,
  oneOf,
  optional,
} from '../option-checks.ts'

/** Answers a request. May throw `HTTPError`. */
export type Handler<P extends Params = Params> = (
  request: ServerRequest<P>,
) => HandlerResult | Promise<HandlerResult>

/** Wraps the handling of requests; the first that is used is the outermost. */
export type ServerMiddleware = Middleware<ServerRequest, ServerResponse>

export interface RouteOptions {
  /** For `urlFor()`: letters, digits, `_` and `-`. */
  name?: string
  /** How long the handler has before it is cancelled and 503 is answered, in milliseconds. Default: no limit. */
  timeout?: number
  /** Whether the handler is cancelled when its client leaves. Default true. */
  cancelOnDisconnect?: boolean
  /** Whether a client may end its side and still wait for the response. Default: as the server. */
  halfClose?: boolean
  /** The most bytes that `json()`, `text()`, `bytes()` and `form()` take. Default: as the server, 1 MiB. */
  bodyLimit?: number
  /** Run for this route alone, inside those of the application. */
  middleware?: readonly ServerMiddleware[]
}

const checks: Checks<RouteOptions> = {
  name: optional(aText),
  timeout: optional(either('more than 0 ms', above(0), oneOf(Infinity))),
  cancelOnDisconnect: optional(aFlag),
  halfClose: optional(aFlag),
  bodyLimit: optional(atLeast(0)),
  middleware: optional(listOf(aFunction, 'functions')),
}

/** Throws TypeError for options that don't exist or have the wrong type, RangeError for numbers. */
export function checkRouteOptions(route: string, options: RouteOptions): void {
  checkSettings(`route "${route}"`, options, checks)
  const { name } = options
  if (name !== undefined && !/^[\w-]+$/.test(name)) {
    throw new TypeError(
      `Cannot add route "${route}": its name ${JSON.stringify(name)} has other characters than letters, digits, "_" and "-"`,
    )
  }
}
