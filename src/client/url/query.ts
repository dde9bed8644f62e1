import { shown } from '../../util/option-kinds.ts'

/** What a query or a form can be made of. A list repeats its name; undefined and null leave it out. */
export type QueryInput =
  | string
  | URLSearchParams
  | Iterable<readonly [name: string, value: QueryValue]>
  | Readonly<Record<string, QueryValue | readonly QueryValue[] | undefined | null>>

export type QueryValue = string | number | bigint | boolean

/**
 * The query as it is sent, without `?`. A string goes as it is; everything else is percent-encoded as
 * UTF-8, a space as `%20`, which every server reads.
 *
 * @throws TypeError for a value that is no string, boolean or finite number
 */
export function queryString(input: QueryInput): string {
  if (typeof input === 'string') return input.startsWith('?') ? input.slice(1) : input
  return pairsOf(input)
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join('&')
}

/** `application/x-www-form-urlencoded`, as a browser sends it: a space as `+`. */
export function formString(input: QueryInput): string {
  if (typeof input === 'string') return input
  return new URLSearchParams(pairsOf(input)).toString()
}

/** Adds a query to a target or a URL that may have one. */
export function withQuery(url: string, query: string): string {
  if (query === '') return url
  const hash = url.indexOf('#')
  const before = hash < 0 ? url : url.slice(0, hash)
  const fragment = hash < 0 ? '' : url.slice(hash)
  const joint = !before.includes('?') ? '?' : /[?&]$/.test(before) ? '' : '&'
  return before + joint + query + fragment
}

function pairsOf(input: Exclude<QueryInput, string>): [name: string, value: string][] {
  const pairs: [string, string][] = []
  if (typeof input !== 'object' || input === null) {
    throw new TypeError(
      `Cannot send ${shown(input)} as a query or a form: expected names and values`,
    )
  }
  if (Symbol.iterator in input) {
    for (const [name, value] of input) pairs.push([name, text(name, value)])
    return pairs
  }
  for (const [name, value] of Object.entries(input)) {
    if (value === undefined || value === null) continue
    if (Array.isArray(value)) for (const one of value) pairs.push([name, text(name, one)])
    else pairs.push([name, text(name, value)])
  }
  return pairs
}

function text(name: string, value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  throw new TypeError(
    `Cannot send ${shown(value)} as "${name}": expected a string, a boolean or a finite number`,
  )
}

// encodeURIComponent() leaves ' alone, which ends an attribute in HTML.
function encode(value: string): string {
  return encodeURIComponent(value.toWellFormed()).replaceAll("'", '%27')
}
