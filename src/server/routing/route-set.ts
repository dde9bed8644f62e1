/**
 * The routes of an application, and of all that are mounted in it, as they are served: one table, with
 * the middlewares around each route put together beforehand. Mounting costs a request nothing.
 */
import { compose } from '../../http/middleware.ts'
import { type Destination, destinationOf, type HandlerResult } from '../connection/destination.ts'
import { noResponse } from '../connection/failure-response.ts'
import { HTTPError } from '../messages/http-error.ts'
import type { KeyedValues } from '../messages/key.ts'
import { empty, redirect } from '../messages/responses.ts'
import type { ServerRequest } from '../messages/server-request.ts'
import { ServerResponse } from '../messages/server-response.ts'
import { serverResponseOf } from '../messages/web-response.ts'
import type { Handler, RouteOptions, ServerMiddleware } from './route.ts'
import { anyMethod, Router } from './router.ts'

/** What becomes of a path that has a slash at its end too many or too few. */
export type TrailingSlash = 'strict' | 'redirect' | 'ignore'

export interface RegisteredRoute {
  readonly method: string
  readonly pattern: string
  readonly handler: Handler
  readonly options: RouteOptions
}

/** An application, as far as its routes are concerned. */
export interface RouteSource {
  readonly middlewares: readonly ServerMiddleware[]
  readonly registered: readonly RegisteredRoute[]
  readonly mounts: readonly { readonly prefix: string; readonly source: RouteSource }[]
  readonly values: KeyedValues
  readonly trailingSlash: TrailingSlash
}

/** Where what no route matches goes: to the application that is mounted deepest. */
interface Area {
  readonly prefix: string
  readonly unmatched: Destination
  readonly malformed: Destination
}

/** A route that gives way to one that is written for the same. */
interface Alternative {
  readonly method: string
  readonly pattern: string
  readonly destination: Destination
}

export class RouteSet {
  readonly #router = new Router<Destination>()
  // The longest prefix first.
  readonly #areas: Area[] = []

  /** `outer` are the middlewares around all of it. Throws TypeError for routes that match the same. */
  constructor(source: RouteSource, outer: readonly ServerMiddleware[] = []) {
    const alternatives: Alternative[] = []
    this.#add(source, '', outer, alternatives)
    for (const { method, pattern, destination } of alternatives) {
      if (!this.#router.has(method, pattern)) this.#router.add(method, pattern, destination)
    }
    this.#areas.sort((one, other) => other.prefix.length - one.prefix.length)
  }

  /** Never throws. Gives the request what its route knows of it. */
  find(request: ServerRequest): Destination {
    const { path } = request
    const match = this.#router.find(request.method, path)
    if (match === undefined) return this.#other(request, 'unmatched')
    const { params, route } = match
    // Few paths have anything encoded.
    if (path.includes('%') && !decodeAll(params)) return this.#other(request, 'malformed')
    request.params = params
    request.shared = route.shared
    return route
  }

  #add(
    source: RouteSource,
    prefix: string,
    outer: readonly ServerMiddleware[],
    alternatives: Alternative[],
  ): void {
    const shared = source.values
    const around = [...outer, ...source.middlewares]
    for (const { method, pattern: own, handler, options } of source.registered) {
      const middlewares = [...around, ...(options.middleware ?? [])]
      const handle = middlewares.length === 0 ? handler : compose(middlewares, adapt(handler))
      const pattern = routePath(prefix, own)
      const destination = destinationOf(handle, { ...options, pattern, shared })
      this.#router.add(method, pattern, destination)
      const other = otherSpelling(pattern)
      if (other === undefined) continue
      // The root of what is mounted is found with and without a slash.
      if (pattern === prefix || source.trailingSlash === 'ignore') {
        alternatives.push({ method, pattern: other, destination })
      } else if (source.trailingSlash === 'redirect') {
        const redirecting = destinationOf(compose(around, redirectToOther), { pattern, shared })
        alternatives.push({ method, pattern: other, destination: redirecting })
      }
    }
    this.#addArea(prefix, around, shared)
    for (const mount of source.mounts) {
      this.#add(mount.source, prefix + mount.prefix, around, alternatives)
    }
  }

  #addArea(prefix: string, around: readonly ServerMiddleware[], shared: KeyedValues): void {
    // What is mounted without a prefix has no paths of its own, unless it is all there is.
    if (prefix === '' && this.#areas.some((area) => area.prefix === '')) return
    const unmatched = compose(around, (request) => answerUnmatched(this.#router, request))
    this.#areas.push({
      prefix,
      unmatched: destinationOf(unmatched, { shared }),
      malformed: destinationOf(compose(around, refuseMalformed), { shared }),
    })
  }

  #other(request: ServerRequest, kind: 'unmatched' | 'malformed'): Destination {
    const { path } = request
    const area = this.#areas.find(
      ({ prefix }) =>
        prefix === '' ||
        path === prefix ||
        (path.startsWith(prefix) && path[prefix.length] === '/'),
    ) as Area
    request.shared = area[kind].shared
    return area[kind]
  }
}

/** Where a route of an application is that is mounted under `prefix`: its root at the prefix itself. */
export function routePath(prefix: string, pattern: string): string {
  return prefix !== '' && pattern === '/' ? prefix : prefix + pattern
}

/** The pattern with a slash at its end, or without; undefined where that would be nonsense. */
function otherSpelling(pattern: string): string | undefined {
  if (pattern === '/' || pattern.endsWith('*}')) return undefined
  return pattern.endsWith('/') ? pattern.slice(0, -1) : `${pattern}/`
}

function redirectToOther({ path, target }: ServerRequest): ServerResponse {
  // Browsers take what begins with two slashes for another host.
  if (path.startsWith('//')) return new HTTPError(404).toResponse()
  const other = path.endsWith('/') ? path.slice(0, -1) : `${path}/`
  const query = target.indexOf('?')
  return redirect(query === -1 ? other : other + target.slice(query), 308)
}

function refuseMalformed(): ServerResponse {
  return new HTTPError(400, 'The path is not percent-encoded as it should be').toResponse()
}

/** Middlewares get responses of ours, whatever the handler returns. */
function adapt(
  handler: Handler,
): (request: ServerRequest) => ServerResponse | Promise<ServerResponse> {
  return (request) => {
    const result = handler(request)
    if (result instanceof ServerResponse) return result
    if (isThenable(result)) return result.then(responseOf)
    return responseOf(result)
  }
}

function responseOf(result: unknown): ServerResponse {
  const response = serverResponseOf(result)
  if (response === undefined) throw noResponse(result)
  return response
}

function isThenable(result: unknown): result is Promise<HandlerResult> {
  return typeof (result as { then?: unknown } | undefined)?.then === 'function'
}

function answerUnmatched(
  router: Router<Destination>,
  { method, path }: ServerRequest,
): ServerResponse {
  // RFC 9110 §9.3.7: "*" is about the server as a whole.
  const allowed = path === '*' ? router.methods() : router.allowed(path)
  // RFC 9110 §9.1: methods that no resource of ours has are not implemented.
  if (method === 'CONNECT') return new HTTPError(501).toResponse()
  if (allowed.length === 0) return new HTTPError(404).toResponse()
  if (!allowed.includes(anyMethod) && !allowed.includes('OPTIONS')) allowed.push('OPTIONS')
  const allow = allowed.filter((name) => name !== anyMethod).join(', ')
  if (method === 'OPTIONS') return empty(204, { headers: { allow } })
  return new HTTPError(405, undefined, { headers: { allow } }).toResponse()
}

/** Decodes in place; false if something is malformed. */
function decodeAll(params: Record<string, string>): boolean {
  try {
    for (const name in params) {
      const value = params[name] as string
      if (value.includes('%')) params[name] = decodeURIComponent(value)
    }
    return true
  } catch {
    return false
  }
}
