/** Names and passwords, asked for by the browser (RFC 7617). Only of use over TLS. */
import { HTTPError } from '../messages/http-error.ts'
import { type Key, key } from '../messages/key.ts'
import type { ServerRequest } from '../messages/server-request.ts'
import type { ServerMiddleware } from '../routing/route.ts'
import { credentialsOf, digestOf, quoted, sameDigest } from './credentials.ts'
import { anObject, aText, type Checks, checkSettings, optional } from '../option-checks.ts'

/** Whether the password is the user's. */
export type PasswordCheck = (
  user: string,
  password: string,
  request: ServerRequest,
) => boolean | Promise<boolean>

export interface BasicAuthOptions {
  /** Names and their passwords, or a function that knows. */
  users: Readonly<Record<string, string>> | PasswordCheck
  /** What the browser shows beside its question. Default `Restricted`. */
  realm?: string
}

const checks: Checks<BasicAuthOptions> = {
  users: (value) => {
    if (typeof value === 'function') return undefined
    // RFC 7617 §2: a name with a colon could never be told from its password.
    const fits =
      anObject(value) === undefined &&
      Object.entries(value as object).every(
        ([user, password]) => !user.includes(':') && typeof password === 'string',
      )
    return fits ? undefined : 'a function, or names without ":" and their passwords'
  },
  realm: optional(aText),
}

/** Who has asked, for `request.get()`, where `basicAuth()` let them in. */
export const basicUserKey: Key<string> = key<string>('user of basicAuth')

/**
 * Lets in who has a name and its password, and answers 401 to all others. Passwords are compared in a
 * time that tells nothing of them, nor of which names there are.
 *
 * @example
 * ```ts
 * const app = new Application()
 *   .use(basicAuth({ users: { ada: 'engine' } }))
 *   .get('/', (request) => text(`Hello, ${request.get(basicUserKey)}`))
 * const headers = { authorization: `Basic ${btoa('ada:engine')}` }
 * console.log(await (await app.fetch(new Request('http://localhost/', { headers }))).text())
 * // Hello, ada
 * ```
 */
export function basicAuth(options: BasicAuthOptions): ServerMiddleware {
  checkSettings('basicAuth()', options, checks)
  const { users, realm = 'Restricted' } = options
  const challenge = `Basic realm=${quoted(realm)}, charset="UTF-8"`
  // Nobody means that: most likely a setting is missing.
  if (typeof users === 'object' && Object.keys(users).length === 0) {
    throw new TypeError('Invalid users of basicAuth(): expected one or more, or nobody is let in')
  }
  const check = typeof users === 'function' ? users : checkOf(users)
  return async (request, next) => {
    const given = parse(credentialsOf(request.headers.get('authorization'), 'basic'))
    if (given !== undefined && (await check(given.user, given.password, request))) {
      request.set(basicUserKey, given.user)
      return next(request)
    }
    throw new HTTPError(401, undefined, { headers: { 'www-authenticate': challenge } })
  }
}

function checkOf(users: Readonly<Record<string, string>>): PasswordCheck {
  const digests = new Map(
    Object.entries(users).map(([user, password]) => [user, digestOf(password)] as const),
  )
  const nobody = digestOf('')
  return (user, password) => {
    const known = digests.get(user)
    // Compared in either case, so that it takes as long for a name that there is not.
    const same = sameDigest(known ?? nobody, digestOf(password))
    return known !== undefined && same
  }
}

function parse(encoded: string | undefined): { user: string; password: string } | undefined {
  if (encoded === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon === -1) return undefined
  return { user: text.slice(0, colon), password: text.slice(colon + 1) }
}
