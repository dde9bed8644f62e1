/**
 * Sessions in signed cookies: what a session holds is in the browser, and the signature says that it
 * comes from here. It is not secret, and it can't be taken back before it expires: for either, keep an
 * identifier in it, and the rest where it can be deleted.
 *
 * The signature is HMAC-SHA256 of the cookie's name, the time of its end and the values, so that none of
 * them can be put together with another's.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { CookieOptions } from '../../http/fields/set-cookie.ts'
import { type Key, key } from '../messages/key.ts'
import type { ServerMiddleware } from '../routing/route.ts'
import {
  above,
  anObject,
  aText,
  aToken,
  type Checks,
  checkSettings,
  either,
  listOf,
  optional,
} from '../option-checks.ts'

export interface SessionOptions {
  /**
   * Signs the cookie: 32 characters or more, from a generator of random numbers. Of several the first
   * signs and all verify, so that a new one can be put before an old one.
   */
  secret: string | readonly string[]
  /** Of the cookie. Default `session`; with `__Host-` before it no other host of the site can set it. */
  name?: string
  /** How long a session lasts after it was last written, in milliseconds. Default 14 days. */
  maxAge?: number
  /** Over the safe defaults of `setCookie()`. */
  cookie?: Omit<CookieOptions, 'maxAge' | 'expires'>
}

const checks: Checks<SessionOptions> = {
  secret: either('a string, or a list of strings', aText, listOf(aText, 'strings')),
  name: optional(aToken),
  maxAge: optional(above(0)),
  cookie: optional(anObject),
}

const day = 86_400_000

/** The values of one visitor, by name; whatever JSON can say. */
export class Session {
  #values: Map<string, unknown>
  #changed = false

  /** @internal */
  constructor(values: ReadonlyMap<string, unknown>) {
    this.#values = new Map(values)
  }

  get(name: string): unknown {
    return this.#values.get(name)
  }

  has(name: string): boolean {
    return this.#values.has(name)
  }

  /** Throws nothing yet; what JSON can't say is left out, and what is too long fails the response. */
  set(name: string, value: unknown): void {
    this.#values.set(name, value)
    this.#changed = true
  }

  delete(name: string): void {
    if (this.#values.delete(name)) this.#changed = true
  }

  /** Forgets everything, and the cookie with it: at the log-out, and before a log-in. */
  clear(): void {
    this.#values.clear()
    this.#changed = true
  }

  get size(): number {
    return this.#values.size
  }

  /** @internal Whether the cookie has to be written. */
  get changed(): boolean {
    return this.#changed
  }

  /** @internal */
  toJSON(): Record<string, unknown> {
    return Object.fromEntries(this.#values)
  }
}

/** Where a handler finds its session: `request.get(session)`. */
export const session: Key<Session> = key<Session>('session')

/**
 * Gives each request a `Session` of its visitor, under the key `session`. The cookie is written when
 * something was changed, and once half of its time is over; a cookie that is not ours, was changed or
 * has expired counts for none.
 *
 * Throws TypeError for a secret of less than 32 characters. What has more than 4,096 bytes as a cookie
 * is answered with 500, and reported: browsers would drop it.
 *
 * @example
 * ```ts
 * const app = new Application()
 *   .use(sessions({ secret: '0123456789abcdef0123456789abcdef' }))
 *   .get('/', (request) => {
 *     const visitor = request.get(session)
 *     const visits = Number(visitor?.get('visits') ?? 0) + 1
 *     visitor?.set('visits', visits)
 *     return text(`visit ${visits}`)
 *   })
 * ```
 */
export function sessions(options: SessionOptions): ServerMiddleware {
  checkSettings('sessions()', options, checks)
  const { name = 'session', maxAge = 14 * day, cookie = {} } = options
  const secrets = typeof options.secret === 'string' ? [options.secret] : options.secret
  if (secrets.length === 0 || secrets.some((secret) => secret.length < 32)) {
    throw new TypeError('Cannot sign sessions: a secret has to have 32 characters or more')
  }
  if (!(maxAge >= 1_000)) {
    throw new RangeError(`Cannot keep sessions for ${maxAge} ms: a cookie lasts 1000 ms at least`)
  }
  return async (request, next) => {
    const given = request.cookies.get(name)
    const stored = given === undefined ? undefined : verify(name, given, secrets)
    const current = new Session(stored?.values ?? new Map())
    request.set(session, current)
    const response = await next(request)
    if (current.changed && current.size === 0) {
      if (given !== undefined) response.deleteCookie(name, cookie)
    } else if (current.changed || (stored !== undefined && stored.end - now() < maxAge / 2)) {
      const value = sign(name, current, now() + maxAge, secrets[0] as string)
      response.setCookie(name, value, { ...cookie, maxAge })
    } else return response
    // What is for one visitor must not be given to another by a cache in between.
    if (!response.headers.has('cache-control')) response.headers.set('cache-control', 'private')
    return response
  }
}

function sign(name: string, values: Session, end: number, secret: string): string {
  const payload = Buffer.from(JSON.stringify(values)).toString('base64url')
  const body = `${end.toString(36)}.${payload}`
  return `${body}.${signature(name, body, secret)}`
}

interface Stored {
  readonly values: ReadonlyMap<string, unknown>
  readonly end: number
}

function verify(name: string, cookie: string, secrets: readonly string[]): Stored | undefined {
  const dot = cookie.lastIndexOf('.')
  const body = cookie.slice(0, Math.max(0, dot))
  // As text: several spellings in base64 stand for the same bytes.
  const given = Buffer.from(cookie.slice(dot + 1))
  const genuine = secrets.some((secret) => {
    const expected = Buffer.from(signature(name, body, secret))
    return given.byteLength === expected.byteLength && timingSafeEqual(given, expected)
  })
  if (!genuine) return undefined
  const [end = '', payload = ''] = body.split('.')
  const expires = Number.parseInt(end, 36)
  if (!(expires > now())) return undefined
  const values = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object
  return { values: new Map(Object.entries(values)), end: expires }
}

function signature(name: string, body: string, secret: string): string {
  return createHmac('sha256', secret).update(`${name}=${body}`).digest('base64url')
}

// By the calendar: it has to hold for other processes and after a restart.
function now(): number {
  return new Date().getTime()
}
