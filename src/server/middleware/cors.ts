/**
 * Who else's pages may read our responses: the CORS protocol of the Fetch standard (§3.2). It opens
 * what browsers keep closed; it closes nothing: see `sameOrigin()` for that.
 */
import { appendVary } from '../messages/vary.ts'
import { empty } from '../messages/responses.ts'
import type { ServerRequest } from '../messages/server-request.ts'
import type { ServerResponse } from '../messages/server-response.ts'
import type { ServerMiddleware } from '../routing/route.ts'
import {
  aFlag,
  aFunction,
  anExpression,
  aText,
  aToken,
  atLeast,
  type Checks,
  checkSettings,
  either,
  listOf,
  optional,
} from '../option-checks.ts'

type OriginRule = string | RegExp

export interface CORSOptions {
  /**
   * Which origins: `*` for all, one, several, or a function that decides. An expression has to match
   * the whole origin.
   */
  origin: OriginRule | readonly OriginRule[] | ((origin: string, request: ServerRequest) => boolean)
  /** Beside those that need no leave. Default GET, HEAD, PUT, PATCH, POST, DELETE. */
  methods?: readonly string[]
  /** Fields that requests may carry. Default: those that the browser asks for. */
  headers?: readonly string[]
  /** Fields of responses that pages may read, beside those that need no leave. */
  exposeHeaders?: readonly string[]
  /** Whether requests may come with cookies. Not with origin `*`. Default false. */
  credentials?: boolean
  /** How long a browser may keep the leave it was given, in milliseconds. Default: as it likes, 5 s. */
  maxAge?: number
  /** Whether public pages may reach this server in a private network. Default false. */
  privateNetwork?: boolean
}

const anOriginRule = either('an origin', aText, anExpression)
const tokens = listOf(aToken, 'tokens')
const checks: Checks<CORSOptions> = {
  origin: either(
    'an origin, an expression, a list of them, or a function',
    anOriginRule,
    aFunction,
    listOf(anOriginRule, 'origins'),
  ),
  methods: optional(tokens),
  headers: optional(tokens),
  exposeHeaders: optional(tokens),
  credentials: optional(aFlag),
  maxAge: optional(atLeast(0)),
  privateNetwork: optional(aFlag),
}

/**
 * Lets pages of other origins read the responses, errors included, and answers the preflight requests
 * of browsers before any handler.
 *
 * Throws TypeError for credentials with `*`, and for an origin that is none, such as one with a path.
 *
 * @example
 * ```ts
 * const app = new Application()
 *   .use(cors({ origin: 'https://app.example.com', credentials: true }))
 *   .get('/', () => text('Hello'))
 * const request = new Request('https://api.example.com/', {
 *   headers: { origin: 'https://app.example.com' },
 * })
 * const { headers } = await app.fetch(request)
 * console.log(headers.get('access-control-allow-origin')) // https://app.example.com
 * ```
 */
export function cors(options: CORSOptions): ServerMiddleware {
  checkSettings('cors()', options, checks)
  const policy = new Policy(options)
  return (request, next) => {
    const origin = request.headers.get('origin')
    if (
      request.method === 'OPTIONS' &&
      origin !== null &&
      request.headers.has('access-control-request-method')
    ) {
      return policy.preflight(request, origin)
    }
    request.onResponse((response) => policy.apply(response, request, origin))
    return next(request)
  }
}

class Policy {
  readonly #any: boolean
  readonly #allows: (origin: string, request: ServerRequest) => boolean
  readonly #methods: string
  readonly #headers: string | undefined
  readonly #expose: string
  readonly #credentials: boolean
  readonly #maxAge: string | undefined
  readonly #privateNetwork: boolean

  constructor(options: CORSOptions) {
    const { origin, headers, exposeHeaders = [], maxAge } = options
    const { methods = ['GET', 'HEAD', 'PUT', 'PATCH', 'POST', 'DELETE'] } = options
    this.#any = origin === '*'
    this.#credentials = options.credentials ?? false
    // Fetch §3.2.5: with credentials, a browser takes "*" for a name like any other.
    const wildcard =
      this.#any || [methods, headers ?? [], exposeHeaders].some((list) => list.includes('*'))
    if (this.#credentials && wildcard) {
      throw new TypeError('Cannot allow credentials with "*": name origins, methods and headers')
    }
    this.#allows = typeof origin === 'function' ? origin : ruleOf(origin)
    this.#methods = methods.join(', ')
    this.#headers = headers?.join(', ')
    this.#expose = exposeHeaders.join(', ')
    this.#maxAge = maxAge === undefined ? undefined : String(Math.floor(maxAge / 1_000))
    this.#privateNetwork = options.privateNetwork ?? false
  }

  preflight(request: ServerRequest, origin: string): ServerResponse {
    const response = empty(204)
    const { headers } = response
    appendVary(headers, 'Access-Control-Request-Method')
    if (this.#headers === undefined) appendVary(headers, 'Access-Control-Request-Headers')
    // Without the fields it is a refusal; its body would be read by nobody.
    if (!this.#allow(response, request, origin)) return response
    headers.set('access-control-allow-methods', this.#methods)
    const asked = this.#headers ?? request.headers.get('access-control-request-headers')
    if (asked !== null && asked !== '') headers.set('access-control-allow-headers', asked)
    if (this.#maxAge !== undefined) headers.set('access-control-max-age', this.#maxAge)
    // Private Network Access §3.1.
    if (request.headers.get('access-control-request-private-network') === 'true') {
      appendVary(headers, 'Access-Control-Request-Private-Network')
      if (this.#privateNetwork) headers.set('access-control-allow-private-network', 'true')
    }
    return response
  }

  apply(response: ServerResponse, request: ServerRequest, origin: string | null): void {
    if (!this.#allow(response, request, origin)) return
    if (this.#expose !== '') response.headers.set('access-control-expose-headers', this.#expose)
  }

  #allow(response: ServerResponse, request: ServerRequest, origin: string | null): boolean {
    const { headers } = response
    if (this.#any) {
      headers.set('access-control-allow-origin', '*')
      return true
    }
    // Also without an origin: a cache must not give this response to one that has another.
    appendVary(headers, 'Origin')
    if (origin === null || !this.#allows(origin, request)) return false
    headers.set('access-control-allow-origin', origin)
    if (this.#credentials) headers.set('access-control-allow-credentials', 'true')
    return true
  }
}

function ruleOf(rules: OriginRule | readonly OriginRule[]): (origin: string) => boolean {
  const list = typeof rules === 'string' || rules instanceof RegExp ? [rules] : rules
  const names = new Set<string>()
  const expressions: RegExp[] = []
  for (const rule of list) {
    if (typeof rule === 'string') names.add(checkOrigin(rule))
    // A match somewhere inside would let "https://example.com.evil.org" in.
    else expressions.push(new RegExp(`^(?:${rule.source})$`, rule.flags.replaceAll(/[gym]/g, '')))
  }
  return (origin) => names.has(origin) || expressions.some((expression) => expression.test(origin))
}

function checkOrigin(origin: string): string {
  // What sandboxed pages and files say; to be named by whoever wants them in.
  if (origin === 'null' || origin === '*') return origin
  const parsed = URL.parse(origin)
  if (parsed === null || parsed.origin !== origin) {
    const hint = parsed === null || parsed.origin === 'null' ? '' : `, such as "${parsed.origin}"`
    throw new TypeError(`Invalid origin "${origin}": expected scheme, host and port${hint}`)
  }
  return origin
}
