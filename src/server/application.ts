/**
 * An application: routes, what wraps them, and what they share. It can be built up until it is served
 * for the first time; from then on it stays as it is.
 */
import { BusyResourceError, ClosedResourceError } from '../concurrency/errors.ts'
import type { Scope } from '../concurrency/scope/scope.ts'
import type { Task, TaskFunction, TaskOptions } from '../concurrency/tasks/task.ts'
import { compose } from '../http/middleware.ts'
import { ApplicationRun } from './application-run.ts'
import { type Destination, destinationOf, type Dispatcher } from './connection/destination.ts'
import { answer } from './fetch.ts'
import { HTTPError } from './messages/http-error.ts'
import { Key, KeyedValues } from './messages/key.ts'
import { empty } from './messages/responses.ts'
import type { ServerRequest } from './messages/server-request.ts'
import { ServerResponse } from './messages/server-response.ts'
import { fromWebResponse } from './messages/web-response.ts'
import type { PathParams } from './routing/path-params.ts'
import type { Handler, RouteOptions, ServerMiddleware } from './routing/route.ts'
import { anyMethod, Router } from './routing/router.ts'

/** Sets something up, yields while the application is served, and cleans up. */
export type Lifespan = (application: Application) => AsyncGenerator<void, void, void>

interface Registration {
  readonly method: string
  readonly pattern: string
  readonly handler: Handler
  readonly options: RouteOptions
}

interface Frozen {
  readonly router: Router<Destination>
  /** For what no route matches. */
  readonly unmatched: Destination
  readonly malformed: Destination
}

export class Application implements Dispatcher {
  readonly #middlewares: ServerMiddleware[] = []
  readonly #registrations: Registration[] = []
  readonly #lifespans: Lifespan[] = []
  readonly #values: KeyedValues = new KeyedValues()
  // Checks each route when it is added; the one that is served has the middlewares too.
  readonly #checker = new Router<undefined>()
  #frozen: Frozen | undefined = undefined
  #run: ApplicationRun | undefined = undefined

  /** Wraps all routes, those added before too, and what no route matches. The first is the outermost. */
  use(...middlewares: readonly ServerMiddleware[]): this {
    this.#checkOpen('use a middleware')
    this.#middlewares.push(...middlewares)
    return this
  }

  /** The value that was set for a key. */
  get<T>(key: Key<T>): T | undefined
  /**
   * Adds a route: `{name}` in the pattern is one segment of the path, `{name:regex}` one that the
   * expression matches, `{rest*}` whatever is left. It answers `HEAD` too, unless another route does.
   *
   * Throws TypeError for a pattern that is none, or that matches the same as another one.
   */
  get<P extends string>(pattern: P, handler: Handler<PathParams<P>>, options?: RouteOptions): this
  get(target: Key<unknown> | string, handler?: Handler, options?: RouteOptions): unknown {
    if (target instanceof Key) return this.#values.get(target)
    return this.route('GET', target, handler as Handler, options)
  }

  /** Sets a value, for `request.get()` and `application.get()`. */
  set<T>(key: Key<T>, value: T): this {
    this.#values.set(key, value)
    return this
  }

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

  /** As `get()`, for any method by name; `*` stands for every one that has no route of its own. */
  route<P extends string>(
    method: string,
    pattern: P,
    handler: Handler<PathParams<P>>,
    options: RouteOptions = {},
  ): this {
    this.#checkOpen(`add route "${method} ${pattern}"`)
    if (typeof handler !== 'function') {
      throw new TypeError(`Cannot add route "${method} ${pattern}": its handler is no function`)
    }
    this.#checker.add(method, pattern, undefined)
    this.#registrations.push({ method, pattern, handler: handler as Handler, options })
    return this
  }

  /**
   * Sets something up before the first request and cleans up after the last: an async generator that
   * yields once in between. Several are set up in order, and cleaned up in reverse.
   */
  lifespan(lifespan: Lifespan): this {
    this.#checkOpen('add a lifespan')
    this.#lifespans.push(lifespan)
    return this
  }

  /**
   * Starts a task that no request waits for, such as sending a mail. It sees the variables of whoever
   * starts it, and fails alone: its error is told to the server's `onError`. When the server closes, it
   * has as long as the requests have; then it is cancelled.
   *
   * Throws `ClosedResourceError` if the application is not served.
   */
  spawn<T>(fn: TaskFunction<T>, options?: TaskOptions): Task<T> {
    if (this.#run !== undefined) return this.#run.spawn(fn, options)
    throw new ClosedResourceError('Cannot spawn a task: the application is not served')
  }

  /**
   * Answers a request of the web without a socket: for tests, and for platforms that speak `fetch`.
   * Lifespans are not run.
   *
   * Cancellation: cancels the handler, and waits until it has come to its end. So does an abort of the
   * request's signal, and giving up the response's body.
   */
  fetch(request: Request): Promise<Response> {
    return answer(this, request)
  }

  /** @internal Sets up what lifespans set up. One server at a time. */
  async start(scope: Scope, report: (error: unknown) => void): Promise<ApplicationRun> {
    if (this.#run !== undefined) {
      throw new BusyResourceError('Cannot serve the application: another server does')
    }
    this.#frozen ??= this.#freeze()
    const run = new ApplicationRun(scope, report, () => {
      this.#run = undefined
    })
    this.#run = run
    await run.start(this.#lifespans.map((lifespan) => () => lifespan(this)))
    return run
  }

  /** @internal */
  destination(request: ServerRequest): Destination {
    const { router, unmatched, malformed } = (this.#frozen ??= this.#freeze())
    request.shared = this.#values
    const { path } = request
    const match = router.find(request.method, path)
    if (match === undefined) return unmatched
    const { params } = match
    // Few paths have anything encoded.
    if (path.includes('%') && !decodeAll(params)) return malformed
    request.params = params
    return match.route
  }

  #freeze(): Frozen {
    const router = new Router<Destination>()
    for (const { method, pattern, handler, options } of this.#registrations) {
      const middlewares = [...this.#middlewares, ...(options.middleware ?? [])]
      const handle = middlewares.length === 0 ? handler : compose(middlewares, adapt(handler))
      router.add(method, pattern, destinationOf(handle, { ...options, pattern }))
    }
    const handle = compose(this.#middlewares, (request) => answerUnmatched(router, request))
    const refuse = compose(this.#middlewares, () =>
      new HTTPError(400, 'The path is not percent-encoded as it should be').toResponse(),
    )
    return { router, unmatched: destinationOf(handle), malformed: destinationOf(refuse) }
  }

  #checkOpen(action: string): void {
    if (this.#frozen === undefined) return
    throw new ClosedResourceError(`Cannot ${action}: the application is served already`)
  }
}

/** Middlewares get responses of ours, whatever the handler returns. */
function adapt(
  handler: Handler,
): (request: ServerRequest) => ServerResponse | Promise<ServerResponse> {
  return (request) => {
    const result = handler(request)
    if (result instanceof ServerResponse) return result
    if (result instanceof Response) return fromWebResponse(result)
    return result.then((late) => (late instanceof Response ? fromWebResponse(late) : late))
  }
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
