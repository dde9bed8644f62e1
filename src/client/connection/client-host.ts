import type { TLSOptions } from '../../io/transport.ts'
import type { Exchange } from '../exchange/exchange.ts'
import { PoolHost } from '../pool/pool-host.ts'
import type { Origin } from '../url/origin.ts'
import type { ClientConnection } from './client-connection.ts'

/** Where a session sends requests: an origin, with the TLS options that its connections were made by. */
export class ClientHost extends PoolHost<ClientConnection, Exchange> {
  readonly origin: Origin
  readonly tls: TLSOptions | undefined
  /** What the heads of all requests to it have in common, checked and written once. */
  readonly lines: string

  constructor(origin: Origin, tls: TLSOptions | undefined, lines: string) {
    super(origin.href)
    this.origin = origin
    this.tls = tls
    this.lines = lines
  }
}
