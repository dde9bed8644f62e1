/**
 * `Set-Cookie` (RFC 6265bis §4.1) with defaults on the safe side: scripts can't read the cookie, other
 * sites' requests don't carry it, and it does not travel in the clear.
 */
import { checkNames, type Names } from '../../util/known-names.ts'
import { formatHTTPTime } from './http-time.ts'

export interface CookieOptions {
  /** Default `/`; null for the folder of the request's path. */
  path?: string | null
  /** The host and all below it. Default: this host alone. */
  domain?: string
  /** How long it lasts, in milliseconds, to the second. Default: as long as the browser runs. */
  maxAge?: number
  /** When it ends, in milliseconds since 1970. `maxAge` wins over it. */
  expires?: number
  /** Whether scripts of the page can't see it. Default true. */
  httpOnly?: boolean
  /**
   * Whether it is sent over TLS alone. Default: true, unless the request that is being handled came
   * without TLS.
   */
  secure?: boolean
  /** Whether it goes with requests that other sites cause. Default `lax`: with links alone. */
  sameSite?: 'strict' | 'lax' | 'none'
  /** Keeps it apart for each site that embeds this one. Default false. */
  partitioned?: boolean
}

const knownOptions: Names<CookieOptions> = {
  path: true,
  domain: true,
  maxAge: true,
  expires: true,
  httpOnly: true,
  secure: true,
  sameSite: true,
  partitioned: true,
}

const nameSyntax = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
// RFC 6265bis §4.1.1: cookie-octet. "%" is encoded too, or what was given could not be told again.
const notInValue = /[^\x21\x23\x24\x26-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+/gu
const attributeSyntax = /^[\x20-\x3a\x3c-\x7e]+$/
// RFC 6265bis §5.6: browsers drop a cookie whose name and value are longer together.
const mostBytes = 4_096
// RFC 6265bis §5.5: browsers cut longer lives to this.
const longestAge = 400 * 86_400

/**
 * The value of a `Set-Cookie`. `secure` says what holds if the options don't.
 *
 * Throws TypeError for a name or an attribute that can't be sent or that contradict each other, and
 * RangeError if name and value are longer than 4,096 bytes, which no browser keeps.
 */
export function formatSetCookie(
  name: string,
  value: string,
  options: CookieOptions = {},
  secure: boolean = true,
): string {
  if (!nameSyntax.test(name)) {
    throw new TypeError(`Invalid name ${JSON.stringify(name)} of a cookie: expected a token`)
  }
  if (typeof value !== 'string') {
    throw new TypeError(`Cannot set cookie "${name}": its value is no string`)
  }
  checkNames(options, knownOptions, 'a cookie')
  const encoded = value.toWellFormed().replaceAll(notInValue, encodeURIComponent)
  const length = name.length + encoded.length
  if (length > mostBytes) {
    throw new RangeError(
      `Cannot set cookie "${name}" of ${length} bytes: browsers keep ${mostBytes} at most`,
    )
  }
  const terms = { secure, sameSite: 'lax' as const, httpOnly: true, ...options }
  checkTerms(name, terms)
  const { domain, maxAge, expires } = terms
  const path = terms.path === undefined ? '/' : terms.path
  let field = `${name}=${encoded}`
  if (path !== null) field += `; Path=${attribute(name, 'path', path)}`
  if (domain !== undefined) field += `; Domain=${attribute(name, 'domain', domain)}`
  if (maxAge !== undefined) field += `; Max-Age=${seconds(name, maxAge)}`
  else if (expires !== undefined) field += `; Expires=${formatHTTPTime(expires)}`
  if (terms.httpOnly) field += '; HttpOnly'
  if (terms.secure) field += '; Secure'
  field += `; SameSite=${{ strict: 'Strict', lax: 'Lax', none: 'None' }[terms.sameSite]}`
  return terms.partitioned === true ? `${field}; Partitioned` : field
}

/** Whether a browser would put one `Set-Cookie` in the place of the other. */
export function isSameCookie(one: string, other: string): boolean {
  return cookieIdentity(one) === cookieIdentity(other)
}

function cookieIdentity(field: string): string {
  const [pair = '', ...attributes] = field.split(';')
  const place = attributes
    .map((attribute) => attribute.trim().toLowerCase())
    .filter((attribute) => attribute.startsWith('path=') || attribute.startsWith('domain='))
  return [pair.slice(0, pair.indexOf('=')), ...place].join(';')
}

// What browsers refuse without a word.
function checkTerms(name: string, terms: CookieOptions): void {
  const refuse = (why: string): never => {
    throw new TypeError(`Cannot set cookie "${name}": ${why}`)
  }
  const { secure, sameSite } = terms
  if (sameSite !== 'strict' && sameSite !== 'lax' && sameSite !== 'none') {
    refuse(`sameSite is ${JSON.stringify(sameSite)}, and "strict", "lax" or "none" is allowed`)
  }
  if (secure !== true) {
    if (sameSite === 'none') refuse('"sameSite: none" needs "secure"')
    if (terms.partitioned === true) refuse('"partitioned" needs "secure"')
    // RFC 6265bis §4.1.3: browsers compare the prefixes without regard to case.
    if (/^__(?:Secure|Host)-/i.test(name)) refuse('its prefix needs "secure"')
  }
  if (/^__Host-/i.test(name)) {
    if (terms.domain !== undefined) refuse('its prefix allows no "domain"')
    if (terms.path !== undefined && terms.path !== '/') refuse('its prefix needs the path "/"')
  }
}

function attribute(name: string, what: string, value: string): string {
  if (attributeSyntax.test(value) && (what !== 'path' || value.startsWith('/'))) return value
  throw new TypeError(`Cannot set cookie "${name}": invalid ${what} ${JSON.stringify(value)}`)
}

function seconds(name: string, maxAge: number): number {
  if (!Number.isFinite(maxAge)) {
    throw new RangeError(`Cannot set cookie "${name}": invalid maxAge of ${maxAge} ms`)
  }
  return Math.max(0, Math.min(Math.floor(maxAge / 1_000), longestAge))
}
