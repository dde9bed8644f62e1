/**
 * The routes of one application while it is built up, and its place among those that are mounted in
 * each other. Once it is served, the tree below it stays as it is.
 */
import type { Application, ApplicationOptions } from './application.ts'
import type { Destination } from './connection/destination.ts'
import type { KeyedValues } from './messages/key.ts'
import type { ServerRequest } from './messages/server-request.ts'
import { HostTable } from './routing/host-table.ts'
import type { ServerMiddleware } from './routing/route.ts'
import { parsePattern } from './routing/route-pattern.ts'
import {
  type RegisteredRoute,
  routePath,
  RouteSet,
  type RouteSource,
  type TrailingSlash,
} from './routing/route-set.ts'
import { pathFor, type URLParam } from './routing/route-url.ts'
import { Captures } from './routing/route-table.ts'
import { Router } from './routing/router.ts'
import { aText, type Checks, checkSettings, oneOf, optional } from './option-checks.ts'

export interface MountOptions {
  /** Stands before the names of its routes, with a dot: letters, digits, `_` and `-`. */
  name?: string
}

/** A route as `application.routes()` lists it. */
export interface RouteInfo {
  readonly method: string
  /** With the prefixes of mounts. */
  readonly pattern: string
  /** With the names of mounts. */
  readonly name: string | undefined
  /** Of what `application.host()` added. */
  readonly host: string | undefined
}

interface Mount {
  readonly prefix: string
  readonly name: string | undefined
  readonly source: ApplicationTree
}

interface HostRoutes {
  readonly host: string
  readonly source: ApplicationTree
}

const checks: Checks<ApplicationOptions> = {
  trailingSlash: optional(oneOf('strict', 'redirect', 'ignore')),
}
const mountChecks: Checks<MountOptions> = { name: optional(aText) }

export class ApplicationTree implements RouteSource {
  readonly middlewares: ServerMiddleware[] = []
  readonly registered: RegisteredRoute[] = []
  readonly mounts: Mount[] = []
  readonly values: KeyedValues
  readonly trailingSlash: TrailingSlash
  readonly #application: Application
  readonly #hosts: HostRoutes[] = []
  readonly #names = new Map<string, string>()
  // Checks each route when it is added; what is served has its mounts too.
  readonly #checker = new Router<undefined>()
  #around: { readonly tree: ApplicationTree; readonly prefix: string } | undefined = undefined
  #routes: RouteSet | undefined = undefined
  #hostRoutes: HostTable<RouteSet> | undefined = undefined
  #frozen = false

  constructor(application: Application, values: KeyedValues, options: ApplicationOptions) {
    checkSettings('Application', options, checks)
    const { trailingSlash = 'strict' } = options
    this.#application = application
    this.values = values
    this.trailingSlash = trailingSlash
  }

  /** Whether it, or one that it is mounted in, was served. */
  get frozen(): boolean {
    return this.#frozen
  }

  use(middlewares: readonly ServerMiddleware[]): void {
    if (!middlewares.every((one) => typeof one === 'function')) {
      throw new TypeError('Cannot use a middleware that is no function')
    }
    this.middlewares.push(...middlewares)
  }

  add(route: RegisteredRoute): void {
    const { method, pattern, options } = route
    const { name } = options
    const named = name === undefined ? undefined : this.#names.get(name)
    if (named !== undefined && named !== pattern) {
      throw new TypeError(
        `Cannot add route "${method} ${pattern}": "${named}" has the name "${name}" already`,
      )
    }
    this.#checker.add(method, pattern, undefined)
    if (name !== undefined) this.#names.set(name, pattern)
    this.registered.push(route)
  }

  mount(prefix: string, source: ApplicationTree, options: MountOptions): void {
    checkSettings(`mount "${prefix}"`, options, mountChecks)
    const { name } = options
    const { path, trailingSlash } = parsePattern(prefix)
    const problem =
      path === undefined
        ? 'a prefix has no parameters'
        : trailingSlash && prefix !== '/'
          ? 'a prefix has no slash at its end'
          : name !== undefined && !/^[\w-]+$/.test(name)
            ? `its name ${JSON.stringify(name)} has other characters than letters, digits, "_" and "-"`
            : name !== undefined && this.mounts.some((mount) => mount.name === name)
              ? `another one has the name "${name}"`
              : undefined
    if (problem !== undefined) throw new TypeError(`Cannot mount "${prefix}": ${problem}`)
    const own = prefix === '/' ? '' : (path as string)
    source.#enter(this, own, `mount "${prefix}"`)
    this.mounts.push({ prefix: own, name, source })
  }

  addHost(host: string, source: ApplicationTree): void {
    const checker = new HostTable<undefined>()
    for (const { host } of this.#hosts) checker.add(host, undefined)
    checker.add(host, undefined)
    source.#enter(this, '', `add host "${host}"`)
    this.#hosts.push({ host, source })
  }

  /** Throws TypeError if there is no such route, or for the parameters. */
  pathFor(name: string, params: Readonly<Record<string, URLParam>>): string {
    const pattern = this.#patternNamed(name)
    if (pattern === undefined)
      throw new TypeError(`Cannot make a URL: no route has the name "${name}"`)
    return pathFor(parsePattern(routePath(this.#prefix(), pattern)), params)
  }

  list(prefix = '', names = '', host?: string): RouteInfo[] {
    const own = this.registered.map(({ method, pattern, options: { name } }) => ({
      method,
      pattern: routePath(prefix, pattern),
      name: name === undefined ? undefined : names + name,
      host,
    }))
    const mounted = this.mounts.flatMap((mount) =>
      mount.source.list(
        prefix + mount.prefix,
        mount.name === undefined ? names : `${names}${mount.name}.`,
        host,
      ),
    )
    return [...own, ...mounted, ...this.#hosts.flatMap((one) => one.source.list('', '', one.host))]
  }

  /** It, and all that are mounted in it. */
  applications(): Application[] {
    const below = [...this.mounts, ...this.#hosts].flatMap(({ source }) => source.applications())
    return [this.#application, ...below]
  }

  /** Makes what is served. Throws TypeError for routes that match the same. */
  freeze(): void {
    if (this.#routes !== undefined) return
    this.#routes = new RouteSet(this)
    const hosts = this.#allHosts([])
    if (hosts.length > 0) {
      this.#hostRoutes = new HostTable()
      for (const { host, source, outer } of hosts) {
        this.#hostRoutes.add(host, new RouteSet(source, outer))
      }
    }
    this.#close()
  }

  destination(request: ServerRequest): Destination {
    if (this.#routes === undefined) this.freeze()
    if (this.#hostRoutes !== undefined) {
      const match = this.#hostRoutes.find(request.head.host ?? '')
      if (match !== undefined) {
        const destination = match.value.find(request)
        request.params = Object.assign(new Captures(), match.params, request.params)
        return destination
      }
    }
    return (this.#routes as RouteSet).find(request)
  }

  #enter(tree: ApplicationTree, prefix: string, action: string): void {
    if (this.#frozen) throw new TypeError(`Cannot ${action}: the application is served already`)
    if (this.#around !== undefined) throw new TypeError(`Cannot ${action}: it is mounted already`)
    for (let above: ApplicationTree | undefined = tree; above; above = above.#around?.tree) {
      if (above === this) throw new TypeError(`Cannot ${action}: an application can't hold itself`)
    }
    this.#around = { tree, prefix }
    this.values.around = tree.values
  }

  #prefix(): string {
    return this.#around === undefined ? '' : this.#around.tree.#prefix() + this.#around.prefix
  }

  #patternNamed(name: string): string | undefined {
    const own = this.#names.get(name)
    if (own !== undefined) return own
    for (const mount of this.mounts) {
      const inner =
        mount.name === undefined
          ? name
          : name.startsWith(`${mount.name}.`)
            ? name.slice(mount.name.length + 1)
            : undefined
      const pattern = inner === undefined ? undefined : mount.source.#patternNamed(inner)
      if (pattern !== undefined) return routePath(mount.prefix, pattern)
    }
    return undefined
  }

  // With the middlewares around each.
  #allHosts(
    outer: readonly ServerMiddleware[],
  ): (HostRoutes & { outer: readonly ServerMiddleware[] })[] {
    const around = [...outer, ...this.middlewares]
    return [
      ...this.#hosts.map((one) => ({ ...one, outer: around })),
      ...[...this.mounts, ...this.#hosts].flatMap(({ source }) => source.#allHosts(around)),
    ]
  }

  #close(): void {
    this.#frozen = true
    for (const { source } of [...this.mounts, ...this.#hosts]) source.#close()
  }
}
