/** How it is said that a connection through a proxy did not come about. */
import { ConnectError, hostAndPort, reasonOf } from '../../../io/errors.ts'
import { SpoolError } from '../../../util/error.ts'
import type { ResponseHead } from '../../../wire/http1/messages.ts'
import type { Origin } from '../../url/origin.ts'
import type { Route } from '../routes.ts'

/** A proxy says that it will not, or can't. The cause of a `ConnectError` in phase `proxy`. */
export class ProxyRefusal extends Error {
  /** Of an HTTP proxy. */
  readonly status: number | undefined
  /** Whether another address of the same host may do. */
  readonly unreachable: boolean

  static {
    this.prototype.name = 'ProxyRefusal'
  }

  constructor(message: string, status?: number, unreachable: boolean = false) {
    super(message)
    this.status = status
    this.unreachable = unreachable
  }
}

/** A host that is reached through a proxy. */
interface Proxied {
  readonly origin: Origin
  readonly route: Route
}

/** What an HTTP proxy says in the place of what it was asked for. */
export function refusalOf({ status, reason }: ResponseHead): ProxyRefusal {
  return new ProxyRefusal(`it answered ${status} ${reason}`.trimEnd(), status)
}

const ours = ['SPOOL_CANCELLED', 'SPOOL_TIMEOUT', 'SPOOL_BUSY', 'SPOOL_CLOSED']

/** The error for what happened on the way to the proxy, or in the dialogue with it. */
export function proxyFailure({ route, origin }: Proxied, error: unknown): unknown {
  // These are about us, and not about the proxy.
  if (ours.some((code) => SpoolError.hasCode(error, code))) return error
  const cause = error instanceof Error ? error : new Error(String(error))
  // A connection to one that passes requests on is not to a host.
  const target = route.forwards ? '' : ` to "${hostAndPort(origin.hostname, origin.port)}"`
  const message = `Connecting${target} through proxy "${route.proxy?.name}" failed: ${reasonOf(cause)}`
  return new ConnectError('proxy', message, ConnectError.is(cause) ? cause.attempts : [], {
    cause,
    why: ConnectError.is(cause) ? cause.why : undefined,
    status: cause instanceof ProxyRefusal ? cause.status : undefined,
  })
}
