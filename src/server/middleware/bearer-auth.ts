/** Tokens in the `Authorization` field (RFC 6750). */
import { HTTPError } from '../messages/http-error.ts'
import type { ServerRequest } from '../messages/server-request.ts'
import type { ServerMiddleware } from '../routing/route.ts'
import { credentialsOf, digestOf, quoted, sameDigest } from './credentials.ts'
import {
  aFunction,
  aText,
  type Check,
  type Checks,
  checkSettings,
  either,
  listOf,
  optional,
} from '../option-checks.ts'

/** Whether the token is good. What it stands for can be kept with `request.set()`. */
export type TokenCheck = (token: string, request: ServerRequest) => boolean | Promise<boolean>

export interface BearerAuthOptions {
  /** Those that are good, or a function that knows. */
  tokens: readonly string[] | TokenCheck
  /** Default `Restricted`. */
  realm?: string
}

// RFC 6750 §2.1: b64token.
const form = /^[A-Za-z0-9\-._~+/]+=*$/

const aGoodToken: Check = (value) =>
  typeof value === 'string' && form.test(value) ? undefined : 'a token'

const checks: Checks<BearerAuthOptions> = {
  tokens: either('a function, or a list of tokens', aFunction, listOf(aGoodToken, 'tokens')),
  realm: optional(aText),
}

/**
 * Lets in who has a token, and answers 401 to all others, and 400 to what is no token. Tokens are
 * compared in a time that tells nothing of them.
 *
 * @example
 * ```ts
 * const app = new Application().use(bearerAuth({ tokens: ['s3cret'] })).get('/', () => text('in'))
 * const headers = { authorization: 'Bearer s3cret' }
 * console.log((await app.fetch(new Request('http://localhost/', { headers }))).status) // 200
 * ```
 */
export function bearerAuth(options: BearerAuthOptions): ServerMiddleware {
  checkSettings('bearerAuth()', options, checks)
  const { tokens, realm = 'Restricted' } = options
  const challenge = `Bearer realm=${quoted(realm)}`
  // Nobody means that: most likely a setting is missing.
  if (tokens.length === 0 && typeof tokens !== 'function') {
    throw new TypeError('Invalid tokens of bearerAuth(): expected one or more, or nobody is let in')
  }
  const check = typeof tokens === 'function' ? tokens : checkOf(tokens)
  return async (request, next) => {
    const token = credentialsOf(request.headers.get('authorization'), 'bearer')
    // RFC 6750 §3.1: who has sent none is told of no error.
    if (token === undefined) throw refusal(401, challenge)
    if (!form.test(token)) throw refusal(400, `${challenge}, error="invalid_request"`)
    if (await check(token, request)) return next(request)
    throw refusal(401, `${challenge}, error="invalid_token"`)
  }
}

function refusal(status: number, challenge: string): HTTPError {
  return new HTTPError(status, undefined, { headers: { 'www-authenticate': challenge } })
}

function checkOf(tokens: readonly string[]): TokenCheck {
  const digests = tokens.map(digestOf)
  return (token) => {
    const given = digestOf(token)
    let good = false
    // All of them, whichever it is.
    for (const digest of digests) good = sameDigest(digest, given) || good
    return good
  }
}
