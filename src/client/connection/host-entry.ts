import { writeFields } from '../../wire/http1/writing/head-writer.ts'
import type { Origin } from '../url/origin.ts'
import { PoolHost } from '../pool/pool-host.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { ClientConnection } from './client-connection.ts'

/** One origin of a session: its place in the pool, and the header lines that each request to it has. */
export class HostEntry extends PoolHost<ClientConnection, Exchange> {
  readonly origin: Origin
  /** `Host` and the session's own headers, checked and written once. */
  readonly lines: string

  constructor(origin: Origin, sessionLines: string) {
    super(origin.href)
    this.origin = origin
    this.lines = writeFields(['Host', origin.host]) + sessionLines
  }
}
