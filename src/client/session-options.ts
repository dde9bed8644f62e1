import type { HeadersInput } from '../http/header-fields.ts'
import type { Middleware } from '../http/middleware.ts'
import type { ConnectorOptions } from './connection/connector.ts'
import type { Transport } from '../io/transport.ts'
import type { ConnectTarget, NetworkOptions } from './connection/network-options.ts'
import type { OpenTransport } from './connection/opener.ts'
import type { Credentials } from './auth/credentials.ts'
import { CookieJar } from './cookies/cookie-jar.ts'
import type { ClientRequest } from './request/client-request.ts'
import { atLeast, countFrom, type SharedOptions } from './request/request-options.ts'
import type { ClientResponse } from './response/client-response.ts'
import { defaultLimits } from '../wire/http1/limits.ts'
import { checkKinds, shown } from '../util/option-kinds.ts'

/**
 * Stands around each request that is sent, those of followed redirects too. It may change the request,
 * answer in its place, or pass it on more than once.
 */
export type ClientMiddleware = Middleware<ClientRequest, ClientResponse>

/** Opens connections in the place of sockets. */
export interface TransportOpener {
  /** Cancelled by the scope that it is called in. What is secure is to be so where the transport leads. */
  open(target: ConnectTarget): Promise<Transport>
}

export interface ClientSessionOptions extends SharedOptions, NetworkOptions {
  /**
   * What URLs that are not absolute are resolved against (RFC 3986 §5). Its path ends with a slash, or
   * is empty.
   */
  baseUrl?: string | URL | undefined
  /** Sent with each request that does not bring its own of the same name. */
  headers?: HeadersInput | undefined
  /**
   * Sent as `Authorization` with each request that does not bring its own, whatever its origin; a
   * redirect to another one goes without.
   */
  auth?: Credentials | undefined
  /** Connections at most, idle ones included. Default 100; 0 for no limit. */
  limit?: number | undefined
  /** Connections to one origin at most. Default 0: no limit of its own. */
  limitPerHost?: number | undefined
  /** Requests that may wait for a connection. Default 100,000; above it `BusyResourceError`. */
  maxWaiting?: number | undefined
  /** How long an idle connection is kept, in milliseconds. Default 15,000; 0 keeps none. */
  keepAlive?: number | undefined
  /**
   * Where cookies are kept that servers set, and sent back from: true for a jar of its own. Default
   * false: a session that works for many users must not show one what another was given.
   */
  cookies?: CookieJar | boolean | undefined
  /**
   * How long one connection is used, in milliseconds: a name that leads elsewhere is followed at last.
   * Default: as long as it holds.
   */
  maxConnectionAge?: number | undefined
  /** Requests that one connection carries. Default: as many as the server takes. */
  maxConnectionRequests?: number | undefined
  /** Bytes that the head of a response may have, its fields together. Default 16,384. */
  maxHeadSize?: number | undefined
  /** Fields that it may have. Default 100. */
  maxHeaderFields?: number | undefined
  /** The first is outermost. */
  middleware?: readonly ClientMiddleware[] | undefined
  /** Opens connections in the place of sockets, proxies and all else, as `MockTransport` of `spool/testing` does. */
  transport?: TransportOpener | undefined
}

/** Throws RangeError for a number that makes no sense. */
export function poolOptions(options: ClientSessionOptions): ConnectorOptions {
  // As aiohttp: few servers mind, and a program has this many descriptors to spare.
  const { limit = 100, limitPerHost = 0 } = options
  // A list of work that was submitted at once, and no leak that goes unseen.
  const { maxWaiting = 100_000 } = options
  // As aiohttp. Less than most servers keep theirs: Apache 5 s is the exception, nginx 75 s the rule.
  const { keepAlive = 15_000 } = options
  const { maxConnectionAge = Infinity, maxConnectionRequests = Infinity } = options
  const { maxHeadSize = defaultLimits.head, maxHeaderFields = defaultLimits.fields } = options
  return {
    ...limitsFrom({ limit, limitPerHost }),
    maxWaiting: countFrom(0, 'maxWaiting', maxWaiting),
    keepAlive: atLeast(0, 'keepAlive', keepAlive),
    maxConnectionAge: atLeast(1, 'maxConnectionAge', maxConnectionAge),
    maxConnectionRequests: countFrom(1, 'maxConnectionRequests', maxConnectionRequests),
    limits:
      options.maxHeadSize === undefined && options.maxHeaderFields === undefined
        ? undefined
        : {
            head: sizeFrom('maxHeadSize', maxHeadSize),
            fields: sizeFrom('maxHeaderFields', maxHeaderFields),
          },
  }
}

// What is read before anything is known of it has an end.
function sizeFrom(name: string, value: number): number {
  if (countFrom(1, name, value) < Infinity) return value
  throw new RangeError(`Cannot use Infinity as "${name}": expected a whole number`)
}

/** Connections at most; 0 for no limit. */
export interface SessionLimits {
  limit: number
  limitPerHost: number
}

/** `limits` over those of now. Throws TypeError or RangeError for what makes no sense. */
export function newLimits(limits: Partial<SessionLimits>, now: SessionLimits): SessionLimits {
  checkKinds(limits, { limit: 'any', limitPerHost: 'any' }, 'setLimits()')
  const { limit = now.limit, limitPerHost = now.limitPerHost } = limits
  return limitsFrom({ limit, limitPerHost })
}

/** Throws RangeError for a number that makes no sense. */
function limitsFrom({ limit, limitPerHost }: SessionLimits): SessionLimits {
  return {
    limit: countFrom(0, 'limit', limit) || Infinity,
    limitPerHost: countFrom(0, 'limitPerHost', limitPerHost) || Infinity,
  }
}

/** The session's jar. Throws TypeError for what is none. */
export function jarOf(cookies: CookieJar | boolean | undefined): CookieJar | undefined {
  if (cookies === undefined || cookies === false) return undefined
  if (cookies === true) return new CookieJar()
  if (cookies instanceof CookieJar) return cookies
  throw new TypeError(
    `Cannot use ${shown(cookies)} as "cookies": expected a CookieJar, true or false`,
  )
}

/** The middlewares. Throws TypeError for what are none. */
export function middlewareOf(
  middleware: readonly ClientMiddleware[] = [],
): readonly ClientMiddleware[] {
  const hint = 'expected a list of functions, as in [retry()]'
  if (!Array.isArray(middleware)) {
    throw new TypeError(`Cannot use ${shown(middleware)} as "middleware": ${hint}`)
  }
  for (const one of middleware as readonly unknown[]) {
    if (typeof one === 'function') continue
    throw new TypeError(`Cannot use ${shown(one)} as a middleware: ${hint}`)
  }
  return middleware
}

/** Opens what `transport` makes, if there is one. Throws TypeError if it can't. */
export function transportOpener({ transport }: ClientSessionOptions): OpenTransport | undefined {
  if (transport !== undefined && typeof transport.open !== 'function') {
    throw new TypeError('Cannot use an object without "open()" as "transport"')
  }
  return transport && (({ origin }) => transport.open(origin))
}
