/**
 * Finds the route of a request: paths without parameters by one look into a map, all others in the
 * tree. `HEAD` falls back on `GET`, and every method on what was registered for any method.
 */
import { parsePattern } from './route-pattern.ts'
import { type RouteMatch, TreeRouteTable } from './route-table.ts'

/** Stands for every method; a method of its own is found first. */
export const anyMethod = '*'

const tokenSyntax = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

export class Router<Route> {
  // Path, method, match.
  readonly #static = new Map<string, Map<string, RouteMatch<Route>>>()
  readonly #tree = new TreeRouteTable<Route>()
  readonly #treeMethods = new Set<string>()
  readonly #methods = new Set<string>()
  readonly #shapes = new Set<string>()

  /**
   * Adds a route. Methods are case-sensitive, as in the protocol.
   *
   * Throws TypeError if the pattern or the method is none, or if another route matches the same.
   */
  add(method: string, source: string, route: Route): void {
    if (!tokenSyntax.test(method)) {
      throw new TypeError(`Invalid method ${JSON.stringify(method)}: expected a token`)
    }
    const pattern = parsePattern(source)
    const shape = `${method} ${pattern.shape}`
    if (this.#shapes.has(shape)) {
      throw new TypeError(`Cannot add route "${method} ${source}": another one matches the same`)
    }
    if (pattern.path === undefined) {
      this.#tree.add(method, pattern, route)
      this.#treeMethods.add(method)
    } else {
      const methods = this.#static.get(pattern.path) ?? new Map<string, RouteMatch<Route>>()
      this.#static.set(pattern.path, methods.set(method, { route, params: noParams }))
    }
    this.#shapes.add(shape)
    this.#methods.add(method)
  }

  /** The route for a path as it came, beginning with a slash; undefined if there is none. */
  find(method: string, path: string): RouteMatch<Route> | undefined {
    const methods = this.#static.get(path)
    if (methods !== undefined) {
      const match = methods.get(method)
      if (match !== undefined) return match
      const other = (method === 'HEAD' && methods.get('GET')) || methods.get(anyMethod)
      if (other) return other
    }
    return (
      this.#findInTree(method, path) ??
      (method === 'HEAD' ? this.#findInTree('GET', path) : undefined) ??
      this.#findInTree(anyMethod, path)
    )
  }

  /** The methods for which `find()` finds something at this path, in alphabetical order. */
  allowed(path: string): string[] {
    const allowed = new Set<string>()
    for (const method of this.#methods) if (this.find(method, path)) allowed.add(method)
    if (allowed.has('GET')) allowed.add('HEAD')
    return [...allowed].sort()
  }

  /** All methods that any route has, in alphabetical order. */
  methods(): string[] {
    const methods = new Set(this.#methods)
    if (methods.has('GET')) methods.add('HEAD')
    return [...methods].sort()
  }

  #findInTree(method: string, path: string): RouteMatch<Route> | undefined {
    return this.#treeMethods.has(method) ? this.#tree.find(method, path) : undefined
  }
}

// Shared by all requests, hence frozen; without a prototype, as those of the tree.
const noParams: Record<string, string> = Object.freeze(Object.create(null))
