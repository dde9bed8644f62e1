/**
 * An application: routes, what wraps them, and what they share. It can be built up until it is served
 * for the first time; from then on it stays as it is.
 */
import { BusyResourceError, ClosedResourceError } from '../concurrency/errors.ts'
import { checkFunction, show } from '../concurrency/scope/arguments.ts'
import type { Scope } from '../concurrency/scope/scope.ts'
import type { Task, TaskFunction, TaskOptions } from '../concurrency/tasks/task.ts'
import { ApplicationRun } from './application-run.ts'
import { ApplicationTree, type MountOptions, type RouteInfo } from './application-tree.ts'
import type { Destination, Dispatcher } from './connection/destination.ts'
import { answer } from './fetch.ts'
import { Key, KeyedValues } from './messages/key.ts'
import type { ServerRequest } from './messages/server-request.ts'
import type { PathParams } from './routing/path-params.ts'
import { RouteMethods } from './route-methods.ts'
import type { Handler, RouteOptions, ServerMiddleware } from './routing/route.ts'
import type { RegisteredRoute, TrailingSlash } from './routing/route-set.ts'
import { type QueryInput, queryFor, type URLParam } from './routing/route-url.ts'
import {
  anObject,
  aText,
  type Checks,
  checkSettings,
  checkValue,
  optional,
} from './option-checks.ts'

/** Sets something up, yields while the application is served, and cleans up. */
export type Lifespan = (application: Application) => AsyncGenerator<void, void, void>

export interface ApplicationOptions {
  /**
   * What becomes of a path with a slash at its end too many or too few. Default `strict`: it is another
   * path. `redirect` sends clients to the route that there is, by 308; `ignore` answers with it.
   */
  trailingSlash?: TrailingSlash
}

export interface URLForOptions {
  query?: QueryInput
  /** What follows the `#`. */
  fragment?: string
}

const urlChecks: Checks<URLForOptions> = { query: optional(anObject), fragment: optional(aText) }

function checkApplication(action: string, application: unknown): void {
  if (application instanceof Application) return
  throw new TypeError(`Cannot ${action}: expected an Application, got ${show(application)}`)
}

export class Application extends RouteMethods implements Dispatcher {
  readonly #tree: ApplicationTree
  readonly #lifespans: Lifespan[] = []
  readonly #values: KeyedValues = new KeyedValues()
  #run: ApplicationRun | undefined = undefined

  /** Throws TypeError for options that don't exist. */
  constructor(options: ApplicationOptions = {}) {
    super()
    this.#tree = new ApplicationTree(this, this.#values, options)
  }

  /** Wraps all routes, those added before too, and what no route matches. The first is the outermost. */
  use(...middlewares: readonly ServerMiddleware[]): this {
    this.checkOpen('use a middleware')
    this.#tree.use(middlewares)
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

  /**
   * Puts all routes of another application under a prefix such as `/admin`; `/` puts them beside one's
   * own. Its middlewares run inside those of this one, for what it does not find under its prefix too;
   * its lifespans are set up after those of this one, and its keyed values stand before. Its `/` answers
   * with and without a slash behind the prefix.
   *
   * Routes may be added to it until this one is served. It can be mounted once.
   *
   * Throws TypeError for a prefix that is none.
   *
   * @example
   * ```ts
   * const admin = new Application().get('/users/{id}', ({ params }) => text(params.id), { name: 'user' })
   * const app = new Application().mount('/admin', admin, { name: 'admin' })
   * console.log(app.urlFor('admin.user', { id: 7 })) // → /admin/users/7
   * ```
   */
  mount(prefix: string, application: Application, options: MountOptions = {}): this {
    this.checkOpen(`mount "${prefix}"`)
    checkApplication(`mount "${prefix}"`, application)
    this.#tree.mount(prefix, application.#tree, options)
    return this
  }

  /**
   * Hands all requests for a host name to another application, whatever their paths: `api.example.org`,
   * or `{tenant}.example.org`, where `request.params` has the label too. Other hosts stay with this one.
   * Which host is asked for is what the client says; middlewares of this application run outside.
   *
   * Throws TypeError for what is no host name, or was added before.
   */
  host(host: string, application: Application): this {
    this.checkOpen(`add host "${host}"`)
    checkValue('an application', 'host', host, aText)
    checkApplication(`add host "${host}"`, application)
    this.#tree.addHost(host, application.#tree)
    return this
  }

  /**
   * The path of the route with this name, with its parameters filled in and encoded, and a query if
   * there is one. Routes of what is mounted with a name have that name and a dot before their own; of
   * what is mounted it gives the whole path, mounts included.
   *
   * Throws TypeError for a name that there is not, and for parameters that are missing, unknown, or do
   * not match.
   *
   * @example
   * ```ts
   * const app = new Application().get('/users/{id}', ({ params }) => text(params.id), { name: 'user' })
   * console.log(app.urlFor('user', { id: 'a/b' }, { query: { tab: 'posts' } })) // → /users/a%2Fb?tab=posts
   * ```
   */
  urlFor(
    name: string,
    params: Readonly<Record<string, URLParam>> = {},
    options: URLForOptions = {},
  ): string {
    checkValue('urlFor()', 'params', params, anObject)
    checkSettings('urlFor()', options, urlChecks)
    const { query, fragment } = options
    const end = fragment === undefined ? '' : `#${encodeURIComponent(fragment)}`
    return this.#tree.pathFor(name, params) + queryFor(query) + end
  }

  /** All routes, those of what is mounted too, in the order in which they were added. */
  routes(): RouteInfo[] {
    return this.#tree.list()
  }

  /**
   * Sets something up before the first request and cleans up after the last: an async generator that
   * yields once in between. Several are set up in order, and cleaned up in reverse.
   */
  lifespan(lifespan: Lifespan): this {
    this.checkOpen('add a lifespan')
    checkFunction('add a lifespan', lifespan)
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
    // By its shape: a platform may have a class of its own.
    if (typeof (request as Partial<Request> | null)?.url !== 'string') {
      const message = `Cannot answer ${show(request)}: expected a Request, as in new Request(url)`
      return Promise.reject(new TypeError(message))
    }
    return answer(this, request)
  }

  /** @internal Sets up what lifespans set up. One server at a time. */
  async start(scope: Scope, report: (error: unknown) => void): Promise<ApplicationRun> {
    const all = this.#tree.applications()
    if (all.some((application) => application.#run !== undefined)) {
      throw new BusyResourceError('Cannot serve the application: another server does')
    }
    this.#tree.freeze()
    const run = new ApplicationRun(scope, report, () => {
      for (const application of all) application.#run = undefined
    })
    for (const application of all) application.#run = run
    await run.start(
      all.flatMap((application) =>
        application.#lifespans.map((lifespan) => () => lifespan(application)),
      ),
    )
    return run
  }

  /** @internal */
  destination(request: ServerRequest): Destination {
    return this.#tree.destination(request)
  }

  /** @internal */
  protected addRoute(route: RegisteredRoute): void {
    this.#tree.add(route)
  }

  /** @internal */
  protected checkOpen(action: string): void {
    if (!this.#tree.frozen) return
    throw new ClosedResourceError(`Cannot ${action}: the application is served already`)
  }
}
