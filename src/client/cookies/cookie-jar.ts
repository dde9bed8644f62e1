/**
 * The cookies of a session: what servers set, and to whom it is sent back (RFC 6265bis). Parsing,
 * matching and the public suffixes are tough-cookie's; here are limits, the rules for cookies that only
 * secure origins may touch, and what makes it cheap for a request.
 */
import {
  canonicalDomain,
  Cookie,
  cookieCompare,
  CookieJar as Jar,
  domainMatch,
  MemoryCookieStore,
  pathMatch,
} from 'tough-cookie'
import { isLocal, type Origin } from '../url/origin.ts'
import { checkKinds } from '../../util/option-kinds.ts'
import { loadCookies, saveCookies } from './cookie-file.ts'
import { CookieLines, expiryOf, matching, pathOf } from './cookie-lines.ts'
import { type StoredCookie, storedCookie } from './stored-cookie.ts'

// RFC 6265 §6.1 asks for 50 a domain and 3,000 in all at least; these are Chrome's. A server can't fill
// the memory, nor push out the cookies of other domains before it has pushed out its own.
const mostPerDomain = 180
const mostCookies = 3300
// Above that so many are left, so that the sorting is not done for each.
const leftCookies = 3000
// RFC 6265bis §5.6: name and value together, in bytes.
const mostBytes = 4096

export interface CookieJarOptions {
  /**
   * Whether a host that is an IP address may have cookies; they go to that address alone. Default
   * true, as browsers do; aiohttp wants `unsafe` for it.
   */
  ipHosts?: boolean | undefined
}

/**
 * Keeps cookies. Give it to a session by the option `cookies`; several sessions may share one.
 *
 * @example
 * ```ts
 * const jar = new CookieJar()
 * jar.set('theme=dark; Path=/; Max-Age=3600', 'https://example.com/')
 * console.log(jar.get('https://example.com/settings')) // → theme=dark
 * console.log(jar.get('https://example.org/')) // →
 * ```
 */
export class CookieJar implements Iterable<StoredCookie> {
  readonly #ipHosts: boolean
  #store = new MemoryCookieStore()
  #jar = makeJar(this.#store)
  readonly #lines = new CookieLines((secure, hostname) => this.#find(secure, hostname))
  // Never less than there are.
  #bound = 0
  #anySecure = false

  constructor(options: CookieJarOptions = {}) {
    checkKinds(options, { ipHosts: 'boolean' }, 'a CookieJar')
    this.#ipHosts = options.ipHosts ?? true
  }

  /** How many there are that have not expired. */
  get size(): number {
    return this.#all().length
  }

  /** Whether nothing was ever set, or all was cleared: asked for each request. */
  get empty(): boolean {
    return this.#bound === 0
  }

  /**
   * Takes one `Set-Cookie` from a response of `url`. False if it is refused: malformed, for another
   * domain or a public suffix, `Secure` from a place that is not, or larger than 4,096 bytes.
   *
   * @throws TypeError for a URL that is none
   */
  set(setCookie: string, url: string | URL): boolean {
    const source = new URL(url)
    if (!this.#ipHosts && isAddress(source.hostname)) return false
    const cookie = Cookie.parse(setCookie)
    if (cookie === undefined || isTooLarge(cookie) || breaksPrefix(cookie, source)) return false
    if (this.#hidesSecure(cookie, source)) return false
    try {
      if (this.#jar.setCookieSync(cookie, source, { ignoreError: true }) === undefined) return false
    } catch {
      // A domain that is none: what it says can't be used.
      return false
    }
    this.#bound++
    if (cookie.secure) this.#anySecure = true
    this.#lines.changed(cookie.domain ?? '', cookie.hostOnly === true)
    this.#limit(cookie.domain ?? '')
    return true
  }

  /** What a request for `url` sends as `Cookie`, as text; empty if there are none. */
  get(url: string | URL): string {
    if (this.empty) return ''
    const { protocol, hostname, pathname } = new URL(url)
    const found = matching(this.#find(isSecure(protocol, hostname), hostname), pathname)
    return found.map((cookie) => cookie.cookieString()).join('; ')
  }

  /** The cookies that a request for `url` sends, in the order in which they are sent. */
  filterCookies(url: string | URL): StoredCookie[] {
    const { protocol, hostname, pathname } = new URL(url)
    const found = this.#find(isSecure(protocol, hostname), hostname)
    return matching(found, pathname).map(storedCookie)
  }

  /** All that have not expired. */
  [Symbol.iterator](): Iterator<StoredCookie> {
    return this.#all().map(storedCookie)[Symbol.iterator]()
  }

  /** Drops those that `predicate` names, or all. */
  clear(predicate?: (cookie: StoredCookie) => boolean): void {
    this.#keep(predicate && this.#all().filter((cookie) => !predicate(storedCookie(cookie))))
  }

  /**
   * Writes all that have not expired to a file that only its owner can read, those too that a browser
   * would drop at its end: as a whole, so that nobody finds half of one.
   *
   * Cancellation: the file is as it was.
   */
  async save(path: string): Promise<void> {
    await saveCookies(path, this.#all())
  }

  /**
   * A jar with what was saved; an empty one if there is no such file.
   *
   * Cancellation: nothing is left behind.
   *
   * @throws SyntaxError for a file that is not one of `save()`
   */
  static async load(path: string, options?: CookieJarOptions): Promise<CookieJar> {
    const jar = new CookieJar(options)
    jar.#keep(await loadCookies(path))
    return jar
  }

  toString(): string {
    return `CookieJar(${this.size} cookies)`
  }

  /** @internal As `get()`, for a URL that was taken apart already. */
  lineFor(origin: Origin, target: string): string {
    // What is on this machine needs no TLS to be kept from others.
    return this.#lines.lineFor(origin.trustworthy, origin.hostname, target)
  }

  /** @internal Takes what a response says. */
  keep(setCookies: readonly string[], url: string): void {
    for (const setCookie of setCookies) this.set(setCookie, url)
  }

  // Public suffixes were refused when a cookie was set, so that here names are compared and no more.
  #find(secure: boolean, hostname: string): Cookie[] {
    const host = canonicalDomain(hostname) ?? hostname
    const found: Cookie[] = []
    const now = Date.now()
    for (let domain = host; domain !== ''; domain = isAddress(host) ? '' : parentOf(domain)) {
      for (const cookies of Object.values(this.#store.idx[domain] ?? {})) {
        for (const cookie of Object.values(cookies)) {
          if (cookie.hostOnly === true && domain !== host) continue
          if ((!cookie.secure || secure) && expiryOf(cookie) > now) found.push(cookie)
        }
      }
    }
    return found.sort(cookieCompare)
  }

  // RFC 6265bis §5.7: what is not secure neither replaces nor hides what is.
  #hidesSecure(cookie: Cookie, source: URL): boolean {
    if (!this.#anySecure || cookie.secure || source.protocol === 'https:') return false
    const domain = cookie.cdomain() ?? source.hostname
    const path = cookie.path ?? pathOf(source.pathname)
    return this.#stored().some(
      (other) =>
        other.secure &&
        other.key === cookie.key &&
        (domainMatch(domain, other.domain, false) === true ||
          domainMatch(other.domain, domain, false) === true) &&
        pathMatch(path, other.path ?? '/') &&
        expiryOf(other) > Date.now(),
    )
  }

  #limit(domain: string): void {
    const paths = Object.values(this.#store.idx[domain] ?? {})
    const here = paths.flatMap((cookies) => Object.values(cookies))
    if (here.length > mostPerDomain) this.#drop(here, here.length - mostPerDomain)
    if (this.#bound <= mostCookies) return
    const all = this.#all()
    this.#bound = all.length
    if (all.length > mostCookies) this.#drop(all, all.length - leftCookies)
  }

  // The oldest first, and of those that have expired first of all.
  #drop(cookies: Cookie[], count: number): void {
    const now = Date.now()
    const expired = (cookie: Cookie): number => (expiryOf(cookie) <= now ? 0 : 1)
    const order = cookies.toSorted(
      (one, other) => expired(one) - expired(other) || one.creationIndex - other.creationIndex,
    )
    for (const { domain, path, key } of order.slice(0, count)) {
      this.#store.removeCookie(domain ?? '', path ?? '/', key, () => undefined)
    }
    this.#bound -= count
    this.#lines.clear()
  }

  #all(): Cookie[] {
    const now = Date.now()
    return this.#stored().filter((cookie) => expiryOf(cookie) > now)
  }

  #stored(): Cookie[] {
    return Object.values(this.#store.idx)
      .flatMap((paths) => Object.values(paths))
      .flatMap((cookies) => Object.values(cookies))
  }

  #keep(cookies: readonly Cookie[] = []): void {
    this.#store = new MemoryCookieStore()
    this.#jar = makeJar(this.#store)
    for (const cookie of cookies) this.#store.putCookie(cookie, () => undefined)
    this.#bound = cookies.length
    this.#anySecure = cookies.some(({ secure }) => secure)
    this.#lines.clear()
  }
}

function makeJar(store: MemoryCookieStore): Jar {
  return new Jar(store, { rejectPublicSuffixes: true, prefixSecurity: 'silent' })
}

function isAddress(hostname: string): boolean {
  return hostname.includes(':') || /^[\d.]+$/.test(hostname)
}

function parentOf(domain: string): string {
  const dot = domain.indexOf('.')
  return dot < 0 ? '' : domain.slice(dot + 1)
}

function isSecure(protocol: string, hostname: string): boolean {
  return protocol === 'https:' || protocol === 'wss:' || isLocal(hostname)
}

function isTooLarge({ key, value }: Cookie): boolean {
  return Buffer.byteLength(key) + Buffer.byteLength(value) > mostBytes
}

// RFC 6265bis §4.1.3: whatever the case, since servers may not mind it.
function breaksPrefix(cookie: Cookie, source: URL): boolean {
  const name = cookie.key.toLowerCase()
  if (!name.startsWith('__secure-') && !name.startsWith('__host-')) return false
  const secure = cookie.secure && isSecure(source.protocol, source.hostname)
  if (!secure) return true
  return name.startsWith('__host-') && (cookie.domain !== null || cookie.path !== '/')
}
