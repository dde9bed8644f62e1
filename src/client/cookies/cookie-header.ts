/** The `Cookie` of a request (RFC 6265 §4.2), as text: quoted, joined, and read again. */
import { shown } from '../../util/option-kinds.ts'

/** Cookies by their names. */
export type CookieValues = Readonly<Record<string, string | number>>

// RFC 6265 §4.1.1: a token.
const nameSyntax = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
// cookie-octet, and the space, which every server reads.
const plainValue = /^[\x20\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/
const inQuotes = /[^\x20\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]/g

/**
 * Cookies as a `Cookie` header says them. A value with characters that would end it goes in quotes,
 * those characters by their bytes in octal, as aiohttp and Python's `http.cookies` write and read it.
 *
 * @throws TypeError for a name that is no token, or a value that is no string or number
 */
export function cookieHeader(cookies: CookieValues): string {
  if (typeof cookies !== 'object' || cookies === null || Symbol.iterator in cookies) {
    throw new TypeError(`Cannot send ${shown(cookies)} as "cookies": expected names and values`)
  }
  return Object.entries(cookies)
    .map(([name, value]) => `${checkedName(name)}=${quoted(checkedValue(name, value))}`)
    .join('; ')
}

/** `own`, and those of `more` whose names it does not have. */
export function joinCookies(own: string, more: string): string {
  if (own === '' || more === '') return own + more
  const names = new Set(own.split(';').map(nameOf))
  const added = more.split('; ').filter((pair) => !names.has(nameOf(pair)))
  return [own, ...added].join('; ')
}

/** The names and values that a `Set-Cookie` field of each begins with; the last of a name counts. */
export function cookiesSet(fields: readonly string[]): Map<string, string> {
  const cookies = new Map<string, string>()
  for (const field of fields) {
    const end = field.indexOf(';')
    const pair = end < 0 ? field : field.slice(0, end)
    const equals = pair.indexOf('=')
    const name = nameOf(pair)
    if (equals > 0 && name !== '') cookies.set(name, pair.slice(equals + 1).trim())
  }
  return cookies
}

function nameOf(pair: string): string {
  const equals = pair.indexOf('=')
  return (equals < 0 ? pair : pair.slice(0, equals)).trim()
}

function checkedName(name: string): string {
  if (nameSyntax.test(name)) return name
  throw new TypeError(`Cannot send cookie ${JSON.stringify(name)}: expected a token as its name`)
}

function checkedValue(name: string, value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  throw new TypeError(
    `Cannot send ${shown(value)} as cookie "${name}": expected a string or a number`,
  )
}

function quoted(value: string): string {
  // One that is quoted already is as its server wrote it.
  if (plainValue.test(value) || /^"[\x20\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*"$/.test(value)) {
    return value
  }
  const inner = Buffer.from(value).toString('latin1').replaceAll(inQuotes, escaped)
  return `"${inner}"`
}

function escaped(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`
  return `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`
}
