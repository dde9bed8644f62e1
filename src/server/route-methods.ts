/**
 * The ways to add a route to an application: one for each method, and those that add several or something
 * special. All of them come to `route()`.
 */
import { checkFunction } from '../concurrency/scope/arguments.ts'
import { aToken, checkValue } from './option-checks.ts'
import type { PathParams } from './routing/path-params.ts'
import type { RegisteredRoute } from './routing/route-set.ts'
import { checkRouteOptions, type Handler, type RouteOptions } from './routing/route.ts'
import { type View, type ViewClass, viewHandlers } from './routing/view.ts'
import {
  type WebSocketHandler,
  webSocketRoute,
  type WebSocketRouteOptions,
} from './websocket/websocket-route.ts'

// RFC 9110 §9.1: methods are case-sensitive. No client sends these in another case.
const standardMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** What an application is to those who add routes. */
export abstract class RouteMethods {
  /** @internal Throws `ClosedResourceError` if nothing can be added any more. */
  protected abstract checkOpen(action: string): void
  /** @internal */
  protected abstract addRoute(route: RegisteredRoute): void

  /** As `get()`, for POST. */
  post<P extends string>(
    pattern: P,
    handler: Handler<PathParams<P>>,
    options?: RouteOptions,
  ): this {
    return this.route('POST', pattern, handler, options)
  }

  /** As `get()`, for PUT. */
  put<P extends string>(pattern: P, handler: Handler<PathParams<P>>, options?: RouteOptions): this {
    return this.route('PUT', pattern, handler, options)
  }

  /** As `get()`, for PATCH. */
  patch<P extends string>(
    pattern: P,
    handler: Handler<PathParams<P>>,
    options?: RouteOptions,
  ): this {
    return this.route('PATCH', pattern, handler, options)
  }

  /** As `get()`, for DELETE. */
  delete<P extends string>(
    pattern: P,
    handler: Handler<PathParams<P>>,
    options?: RouteOptions,
  ): this {
    return this.route('DELETE', pattern, handler, options)
  }

  /** As `get()`, for HEAD. */
  head<P extends string>(
    pattern: P,
    handler: Handler<PathParams<P>>,
    options?: RouteOptions,
  ): this {
    return this.route('HEAD', pattern, handler, options)
  }

  /** As `get()`, for OPTIONS, which is answered with `Allow` where no route does. */
  options<P extends string>(
    pattern: P,
    handler: Handler<PathParams<P>>,
    options?: RouteOptions,
  ): this {
    return this.route('OPTIONS', pattern, handler, options)
  }

  /**
   * As `get()`, for any method by name; `*` stands for every one that has no route of its own. Methods
   * are case-sensitive; those of `get()` and its kin may be given in lower case.
   */
  route<P extends string>(
    method: string,
    pattern: P,
    handler: Handler<PathParams<P>>,
    options: RouteOptions = {},
  ): this {
    checkValue('a route', 'method', method, aToken)
    const upper = method.toUpperCase()
    const name = standardMethods.has(upper) ? upper : method
    const route = `${name} ${pattern}`
    this.checkOpen(`add route "${route}"`)
    if (typeof handler !== 'function') {
      throw new TypeError(`Cannot add route "${route}": its handler is no function`)
    }
    checkRouteOptions(route, options)
    this.addRoute({ method: name, pattern, handler: handler as Handler, options })
    return this
  }

  /**
   * Adds a route for each method that a view has: an object with `get()`, `post()` and so on, or a class
   * of which an instance is made for each request. A name in the options is the name of them all.
   *
   * @example
   * ```ts
   * const app = new Application().view('/notes/{id}', {
   *   get: ({ params }) => text(`note ${params.id}`),
   *   delete: () => empty(),
   * })
   * ```
   *
   * Throws TypeError if it has no method that is one.
   */
  view<P extends string>(
    pattern: P,
    view: View<PathParams<P>> | ViewClass<PathParams<P>>,
    options: RouteOptions = {},
  ): this {
    for (const [method, handler] of viewHandlers(view, pattern)) {
      this.route(method, pattern, handler, options)
    }
    return this
  }

  /**
   * Adds a route that opens WebSockets, answered by `handler` for as long as it is connected. A request
   * that is none for a WebSocket is answered with 400, 405 or 426, one from a page of another origin with
   * 403.
   *
   * @example
   * ```ts
   * const app = new Application().websocket('/rooms/{room}', async (ws, { params }) => {
   *   await ws.send(`Welcome to ${params.room}`)
   *   for await (const message of ws) await ws.send(message)
   * })
   * ```
   *
   * Throws TypeError as `get()`, TypeError or RangeError for an option that makes no sense.
   */
  websocket<P extends string>(
    pattern: P,
    handler: WebSocketHandler<PathParams<P>>,
    options: WebSocketRouteOptions<PathParams<P>> = {},
  ): this {
    checkFunction(`add route "GET ${pattern}"`, handler)
    const { name, middleware, cancelOnDisconnect } = options
    return this.route('GET', pattern, webSocketRoute(handler, options), {
      ...(name === undefined ? {} : { name }),
      ...(middleware === undefined ? {} : { middleware }),
      ...(cancelOnDisconnect === undefined ? {} : { cancelOnDisconnect }),
    })
  }
}
