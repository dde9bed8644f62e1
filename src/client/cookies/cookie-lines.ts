/**
 * What a jar has for each host, ready to be sent. Looking a cookie up costs more than the rest of a
 * small request, so it is done once for each host and again when something has changed for it.
 */
import { type Cookie, pathMatch } from 'tough-cookie'

// As many hosts as a session remembers.
const mostHosts = 1000
// What ends a field, or can't be in one.
const unsendable = /[^\t\x20-\x7e\x80-\xff]/

interface HostLine {
  readonly hostname: string
  readonly secure: boolean
  /** The first moment, on the wall clock, at which one of them has expired. */
  readonly until: number
  /** In the order in which they are sent. */
  readonly cookies: readonly Cookie[]
  /** All of them, if they are for every path. */
  readonly whole: string | undefined
}

export class CookieLines {
  readonly #hosts = new Map<string, HostLine>()
  readonly #find: (secure: boolean, hostname: string) => Cookie[]
  // Most requests go where the one before went.
  #last: HostLine | undefined = undefined

  /** `find`: all cookies that may go there, whatever the path, in order. */
  constructor(find: (secure: boolean, hostname: string) => Cookie[]) {
    this.#find = find
  }

  /** The value of `Cookie`, empty if there are none. `target` may have a query. */
  lineFor(secure: boolean, hostname: string, target: string): string {
    let line = this.#last
    if (line === undefined || line.hostname !== hostname || line.secure !== secure) {
      line = this.#hosts.get(keyOf(secure, hostname))
    }
    // Cookies expire by the wall clock: they are kept longer than a process lives.
    if (line === undefined || (line.until !== Infinity && Date.now() >= line.until)) {
      line = lineOf(secure, hostname, this.#find(secure, hostname))
      if (this.#hosts.size >= mostHosts) this.#hosts.clear()
      this.#hosts.set(keyOf(secure, hostname), line)
    }
    this.#last = line
    return line.whole ?? joined(matching(line.cookies, pathOf(target)))
  }

  /** Something has changed for this domain and, unless it is one host's alone, for those below it. */
  changed(domain: string, hostOnly: boolean): void {
    this.#last = undefined
    if (hostOnly) {
      this.#hosts.delete(keyOf(false, domain))
      this.#hosts.delete(keyOf(true, domain))
      return
    }
    for (const [key, { hostname }] of this.#hosts) {
      if (hostname === domain || hostname.endsWith(`.${domain}`)) this.#hosts.delete(key)
    }
  }

  clear(): void {
    this.#last = undefined
    this.#hosts.clear()
  }
}

/** Those of `cookies` that go to this path. */
export function matching(cookies: readonly Cookie[], path: string): Cookie[] {
  return cookies.filter((cookie) => pathMatch(path, cookie.path ?? '/'))
}

/** The path of a target. */
export function pathOf(target: string): string {
  const query = target.search(/[?#]/)
  const path = query < 0 ? target : target.slice(0, query)
  return path === '' ? '/' : path
}

/** The moment, on the wall clock, at which it expires. */
export function expiryOf(cookie: Cookie): number {
  return cookie.expiryTime() ?? Infinity
}

function keyOf(secure: boolean, hostname: string): string {
  return secure ? `s${hostname}` : hostname
}

function lineOf(secure: boolean, hostname: string, cookies: Cookie[]): HostLine {
  const until = cookies.reduce((least, cookie) => Math.min(least, expiryOf(cookie)), Infinity)
  const whole = cookies.every(({ path }) => path === '/') ? joined(cookies) : undefined
  return { hostname, secure, until, cookies, whole }
}

function joined(cookies: readonly Cookie[]): string {
  return cookies
    .map((cookie) => sendable(cookie.cookieString()))
    .filter((pair) => pair !== '')
    .join('; ')
}

// What came from a server is bytes, each a character; what a program put in may be any text.
function sendable(pair: string): string {
  if (!unsendable.test(pair)) return pair
  const bytes = Buffer.from(pair).toString('latin1')
  return unsendable.test(bytes) ? '' : bytes
}
