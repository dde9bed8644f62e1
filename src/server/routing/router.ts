/**
 * Finds the route of a request. `HEAD` falls back on `GET`, and every method on what was registered
 * for any method. A method whose routes are all of whole segments has a table that is made for those.
 */
import { parsePattern } from './route-pattern.ts'
import { type RouteMatch, type RouteTable, TreeRouteTable } from './route-table.ts'
import { isOfSegments, SegmentTree } from './segment-tree.ts'

/** Stands for every method; a method of its own is found first. */
export const anyMethod = '*'

const tokenSyntax = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

export class Router<Route> {
  readonly #segments: RouteTable<Route> = new SegmentTree<Route>()
  readonly #general: RouteTable<Route> = new TreeRouteTable<Route>()
  // Methods that have a route which the fast table can't match: all of theirs are in the general one.
  readonly #generalMethods = new Set<string>()
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
    this.#general.add(method, pattern, route)
    if (isOfSegments(pattern)) this.#segments.add(method, pattern, route)
    else this.#generalMethods.add(method)
    this.#shapes.add(shape)
    this.#methods.add(method)
  }

  /** Whether a route was added for the method that matches the same paths. */
  has(method: string, source: string): boolean {
    return this.#shapes.has(`${method} ${parsePattern(source).shape}`)
  }

  /** The route for a path as it came, beginning with a slash; undefined if there is none. */
  find(method: string, path: string): RouteMatch<Route> | undefined {
    return (
      this.#find(method, path) ??
      (method === 'HEAD' ? this.#find('GET', path) : undefined) ??
      this.#find(anyMethod, path)
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

  #find(method: string, path: string): RouteMatch<Route> | undefined {
    // Asked only if there is any: most applications have none.
    return this.#generalMethods.size > 0 && this.#generalMethods.has(method)
      ? this.#general.find(method, path)
      : this.#segments.find(method, path)
  }
}
