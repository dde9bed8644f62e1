import type { TLSOptions } from '../../io/transport.ts'
import type { Exchange } from '../exchange/exchange.ts'
import { PoolHost } from '../pool/pool-host.ts'
import type { Origin } from '../url/origin.ts'
import type { ClientConnection } from './client-connection.ts'
import type { Route } from './routes.ts'

/** Where a session sends requests: an origin, with the way on which its connections were made. */
export class ClientHost extends PoolHost<ClientConnection, Exchange> {
  readonly origin: Origin
  readonly route: Route
  /** What the heads of all requests to it have in common, checked and written once. */
  readonly lines: string
  /** What a proxy that passes requests on is to read of each; empty if there is none. */
  readonly proxyLines: string
  /** What targets begin with: the origin, for a proxy that passes requests on (RFC 9112 §3.2.2). */
  readonly prefix: string

  /**
   * Whose connections its requests take: those of the proxy that passes them on, which does not mind where
   * they go. Undefined for its own.
   */
  shared: ClientHost | undefined = undefined
  /** The same origin by a tunnel, where the proxy passes requests on and this one is no request. */
  tunnelled: ClientHost | undefined = undefined
  // The lines with a cookie, of the last one: mostly that of the next request too.
  #cookie = ''
  #cookieLines = ''

  constructor(origin: Origin, route: Route, lines: string, name: string = origin.href) {
    super(name)
    this.origin = origin
    this.route = route
    this.proxyLines = route.forwards ? (route.proxy?.lines ?? '') : ''
    this.prefix = route.forwards ? origin.href : ''
    this.lines = flat(lines + this.proxyLines)
  }

  /** `lines`, and this `Cookie`, if it is not empty. */
  linesWith(cookie: string): string {
    if (cookie === '') return this.lines
    if (cookie !== this.#cookie) {
      this.#cookie = cookie
      this.#cookieLines = flat(`${this.lines}Cookie: ${cookie}\r\n`)
    }
    return this.#cookieLines
  }

  get tls(): TLSOptions | undefined {
    return this.route.tls
  }
}

// In one piece: what was joined is otherwise a tree of strings, which each request would go through.
function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}
