/** The way back from a route to a path: a pattern with its parameters filled in. */
import type { RoutePattern } from './route-pattern.ts'

/** Numbers and booleans are written as they print. */
export type URLParam = string | number | boolean | bigint

export type QueryInput =
  | URLSearchParams
  | Readonly<Record<string, URLParam | readonly URLParam[] | null | undefined>>

/**
 * The path that the pattern matches with these parameters, percent-encoded.
 *
 * Throws TypeError for a parameter that is missing, unknown or empty, that its expression does not
 * match, or that no path can carry: clients resolve "." and "..".
 */
export function pathFor(
  { source, pieces }: RoutePattern,
  params: Readonly<Record<string, URLParam>>,
): string {
  const names = new Set<string>()
  let path = ''
  for (const piece of pieces) {
    if (piece.kind === 'text') {
      path += piece.text
      continue
    }
    const { name } = piece
    names.add(name)
    const given = Object.hasOwn(params, name) ? params[name] : undefined
    if (given === undefined || given === null) {
      throw invalid(source, `parameter "${name}" is missing`)
    }
    if (typeof given === 'object' || typeof given === 'function') {
      throw invalid(source, `parameter "${name}" is no text and no number`)
    }
    const value = String(given)
    if (piece.kind === 'rest') {
      path += value.split('/').map(encodeURIComponent).join('/')
    } else {
      if (value === '') throw invalid(source, `parameter "${name}" is empty`)
      const encoded = encodeURIComponent(value)
      if (piece.regex !== undefined && !new RegExp(`^(?:${piece.regex})$`).test(encoded)) {
        throw invalid(source, `parameter "${name}" does not match "${piece.regex}": "${value}"`)
      }
      path += encoded
    }
  }
  const unknown = Object.keys(params).find((name) => !names.has(name))
  if (unknown !== undefined) throw invalid(source, `there is no parameter "${unknown}"`)
  if (/(?:^|\/)\.{1,2}(?:\/|$)/.test(path)) {
    throw invalid(source, `clients resolve the "." and ".." in "${path}"`)
  }
  return path
}

/** `?a=1&b=2`, or nothing if there is nothing to ask. */
export function queryFor(query: QueryInput | undefined): string {
  if (query === undefined) return ''
  const made = query instanceof URLSearchParams ? query : new URLSearchParams()
  if (!(query instanceof URLSearchParams)) {
    for (const [name, value] of Object.entries(query)) {
      if (value === undefined || value === null) continue
      const values = typeof value === 'object' ? value : [value]
      for (const one of values) made.append(name, String(one))
    }
  }
  const text = made.toString()
  return text === '' ? '' : `?${text}`
}

function invalid(source: string, why: string): TypeError {
  return new TypeError(`Cannot make a URL of "${source}": ${why}`)
}
