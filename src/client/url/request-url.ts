/**
 * Takes the URL of a request apart by hand. What is sent is what the caller wrote: a signature over
 * the path holds, `%2F` stays `%2F`, and `..` stays where it is. Two things are changed because they
 * can't be sent: spaces and characters beyond ASCII are percent-encoded as UTF-8 (RFC 3986 §2.1), and
 * the fragment is left out (RFC 9110 §7.1).
 *
 * The platform's parser sees the authority only, once for each origin: it knows Punycode and what
 * addresses look like, and costs more than the rest of a small request.
 */
import { Origin } from './origin.ts'

export interface RequestURL {
  readonly origin: Origin
  /** Path and query as they are sent. */
  readonly target: string
  /** With its `#`; empty if there is none. */
  readonly fragment: string
  /** User and password of the authority, as they are written; undefined if there are none. */
  readonly userInfo: string | undefined
}

// Up to the end of the authority. A backslash is a slash to the platform's parser, and would let two
// parsers see two hosts, so it ends the match and is refused afterwards.
const start = /^(https?:\/\/)([^/?#\\]*)/i
const visible = /^[\x21-\x7e]*$/
const unsendable = /[^\x21-\x7e]+/g

// A crawl of a million hosts is not to fill the memory.
const cacheLimit = 1000

/** Parses URLs, remembering the origins that it has seen. One for each session. */
export class URLReader {
  readonly #origins = new Map<string, Origin>()
  // Most requests go where the one before went.
  #lastStart = ''
  #last: Origin | undefined = undefined

  /**
   * Parses an absolute URL.
   *
   * @throws TypeError with the code `ERR_INVALID_URL` if it is none, or not of `http` or `https`
   */
  read(url: string): RequestURL {
    const last = this.#last
    if (last !== undefined && url.startsWith(this.#lastStart)) {
      const length = this.#lastStart.length
      // Anything but `/` may go on with the authority, as in `http://host:80` and `http://host:8080`.
      if (url.charCodeAt(length) === 0x2f) return requestURL(url, last, length, undefined)
    }
    return this.#readAuthority(url)
  }

  #readAuthority(url: string): RequestURL {
    const found = start.exec(url)
    if (found === null) throw invalidURL(url, 'expected http:// or https://, and a host')
    const [whole, scheme = '', authority = ''] = found
    if (url[whole.length] === '\\') throw invalidURL(url, 'a backslash is not allowed here')
    const at = authority.lastIndexOf('@')
    const userInfo = at < 0 ? undefined : authority.slice(0, at)
    const key = at < 0 ? whole : scheme + authority.slice(at + 1)
    let origin = this.#origins.get(key)
    if (origin === undefined) {
      origin = parseOrigin(url, key)
      if (this.#origins.size >= cacheLimit) this.#origins.clear()
      this.#origins.set(key, origin)
    }
    if (at < 0) {
      this.#lastStart = whole
      this.#last = origin
    }
    return requestURL(url, origin, whole.length, userInfo)
  }
}

/** The URL as text again, without user and password; with the fragment. */
export function hrefOf(url: RequestURL): string {
  return url.origin.href + url.target + url.fragment
}

/** The error for a URL that can't be used: with the code and the field that Node's own has. */
function invalidURL(url: string, expected: string): TypeError {
  const shown = url.length > 200 ? `${url.slice(0, 200)}…` : url
  const error = new TypeError(`Cannot request URL ${JSON.stringify(shown)}: ${expected}`)
  return Object.assign(error, { code: 'ERR_INVALID_URL', input: url })
}

function requestURL(
  url: string,
  origin: Origin,
  from: number,
  userInfo: string | undefined,
): RequestURL {
  const hash = url.indexOf('#', from)
  const target = hash < 0 ? url.slice(from) : url.slice(from, hash)
  const fragment = hash < 0 ? '' : url.slice(hash)
  return { origin, target: sendable(target, url), fragment, userInfo }
}

function sendable(target: string, url: string): string {
  if (target.charCodeAt(0) === 0x2f && visible.test(target) && !target.includes('\\')) return target
  const query = target.indexOf('?')
  // To the platform it is a slash in a path, and itself in a query.
  if ((query < 0 ? target : target.slice(0, query)).includes('\\')) {
    throw invalidURL(url, 'a backslash in the path is not allowed')
  }
  const rooted = target.startsWith('/') ? target : `/${target}`
  return rooted.replaceAll('\\', '%5C').replaceAll(unsendable, (characters) => {
    for (let index = 0; index < characters.length; index++) {
      const code = characters.charCodeAt(index)
      if (code < 0x20 || code === 0x7f) throw invalidURL(url, 'control characters are not allowed')
    }
    return encodeURIComponent(characters.toWellFormed())
  })
}

function parseOrigin(url: string, text: string): Origin {
  // The platform would drop tabs and line breaks without a word.
  if (!/^[^\s\p{Cc}]*$/u.test(text)) throw invalidURL(url, 'white space in the host is not allowed')
  const parsed = URL.parse(text)
  if (parsed === null || parsed.pathname !== '/') throw invalidURL(url, 'the host is not valid')
  return new Origin(parsed)
}
