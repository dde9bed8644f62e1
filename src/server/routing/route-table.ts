/**
 * Finds the pattern that a path matches. Two methods, so that the library behind them can change:
 * rou3, a tree of segments.
 *
 * What it does differently from us is dealt with here. It takes paths with and without a slash at the
 * end for the same, so there is a tree for each; and it loses that slash in what `{rest*}` catches, so
 * that is cut out of the path itself.
 */
import { addRoute, createRouter, findAllRoutes, findRoute } from 'rou3'
import type { PatternPiece, RoutePattern } from './route-pattern.ts'

export interface RouteTable<Route> {
  /** Throws TypeError for an expression that can't be matched segment by segment. */
  add(method: string, pattern: RoutePattern, route: Route): void
  /** `path` as it came, beginning with a slash. */
  find(method: string, path: string): RouteMatch<Route> | undefined
}

export interface RouteMatch<Route> {
  readonly route: Route
  /** As they came, not decoded. */
  readonly params: Record<string, string>
}

/**
 * An object for what parameters caught. Without names of its own, so that `params.toString` is nobody's;
 * but, unlike one made by `Object.create(null)`, as fast as any other object.
 */
export const Captures: new () => Record<string, string> = (() => {
  function Captures(): void {}
  Captures.prototype = Object.freeze(Object.create(null))
  return Captures as unknown as new () => Record<string, string>
})()

/** Of a path without parameters. */
export const noCaptures: Record<string, string> = Object.freeze(new Captures())

interface Entry<Route> {
  readonly route: Route
  readonly rest: RoutePattern['rest']
}

export class TreeRouteTable<Route> implements RouteTable<Route> {
  readonly #open = createRouter<Entry<Route>>()
  readonly #slashed = createRouter<Entry<Route>>()

  add(method: string, pattern: RoutePattern, route: Route): void {
    const entry = { route, rest: pattern.rest }
    const path = translate(pattern.pieces)
    try {
      if (pattern.trailingSlash || pattern.rest) addRoute(this.#slashed, method, path, entry)
      if (!pattern.trailingSlash) addRoute(this.#open, method, path, entry)
    } catch (error) {
      throw new TypeError(
        `Invalid route ${JSON.stringify(pattern.source)}: one of its expressions can't be matched segment by segment`,
        { cause: error },
      )
    }
  }

  find(method: string, path: string): RouteMatch<Route> | undefined {
    const tree = path.charCodeAt(path.length - 1) === 0x2f ? this.#slashed : this.#open
    const best = findRoute(tree, method, path)
    if (best === undefined) return undefined
    const match = checked(best, path)
    if (match !== undefined) return match
    // From the least specific to the most.
    for (const other of findAllRoutes(tree, method, path).toReversed()) {
      const match = checked(other, path)
      if (match !== undefined) return match
    }
    return undefined
  }
}

interface Found<Route> {
  readonly data: Entry<Route>
  readonly params?: Record<string, string> | undefined
}

/** With the rest of the path; undefined if there is no slash before it, which the tree does not ask for. */
function checked<Route>(
  { data, params }: Found<Route>,
  path: string,
): RouteMatch<Route> | undefined {
  const { route, rest } = data
  const own = params ?? new Captures()
  if (rest === undefined) return { route, params: own }
  const start = indexBehindSlash(path, rest.slashes)
  if (start === -1) return undefined
  own[rest.name] = path.slice(start)
  return { route, params: own }
}

function indexBehindSlash(path: string, count: number): number {
  let at = -1
  for (let slash = 0; slash < count; slash++) {
    at = path.indexOf('/', at + 1)
    if (at === -1) return -1
  }
  return at + 1
}

function translate(pieces: readonly PatternPiece[]): string {
  let path = ''
  for (const [index, piece] of pieces.entries()) {
    if (piece.kind === 'rest') path += `:${piece.name}(.*)`
    else if (piece.kind === 'param') {
      // "(.*)" alone would mean the rest of the path.
      const regex = piece.regex === '.*' ? String.raw`[^\x2f]*` : piece.regex
      path += regex === undefined ? `:${piece.name}` : `:${piece.name}(${regex})`
    } else {
      const text = piece.text.replaceAll(/[:*?+(){}\\]/g, String.raw`\$&`)
      // A letter behind a name would be taken for a part of it.
      path += index > 0 && /^\w/.test(text) ? `\\${text}` : text
    }
  }
  return path
}
