/**
 * What a client tells of its connections on `node:diagnostics_channel`, and of what they take before a
 * request can be sent:
 *
 * | channel                         | when                                                             |
 * | ------------------------------- | ---------------------------------------------------------------- |
 * | `spool:client:pool:wait`        | a request waits for a connection                                 |
 * | `spool:client:pool:end`         | it does no longer: it has one, may open one, or has given up     |
 * | `spool:client:connection:start` | a connection is being opened                                     |
 * | `spool:client:connection:phase` | a part of that is done: `dns`, `tcp`, `proxy` or `tls`           |
 * | `spool:client:connection:open`  | it is open                                                       |
 * | `spool:client:connection:error` | it did not come about, or was given up                           |
 * | `spool:client:connection:reuse` | one that was open takes another request                          |
 * | `spool:client:dns:hit`          | a name is known                                                  |
 * | `spool:client:dns:start`        | a name is looked up, or is being looked up already               |
 * | `spool:client:dns:end`          | that has an answer, or failed                                    |
 *
 * The messages of one wait, connection or look-up are the same object. While nobody listens, each costs a look.
 */
import { channel } from 'node:diagnostics_channel'
import { clock } from '../../concurrency/time/current-clock.ts'
import type { ConnectPhase } from '../../io/errors.ts'
import type { ResolvedAddress } from '../../io/resolver.ts'
import type { RequestTrace } from './request-channels.ts'

/** How long each part of opening a connection took, in milliseconds. */
type PhaseTimes = { readonly [Phase in ConnectPhase]: number }

interface Part {
  /** On the clock of `now()`. */
  readonly startedAt: number
  /** Undefined before. */
  endedAt: number | undefined
  /** What it failed with. */
  error: unknown
}

/** The wait of one request for a connection. */
export interface PoolTrace extends Part {
  /** `https://example.com:8443`. */
  readonly origin: string
  /** Undefined if nobody listens to requests. */
  readonly request: RequestTrace | undefined
}

/** A connection that is opened, or was. */
export interface ConnectionTrace extends Part {
  readonly origin: string
  /** Without user and password; undefined if there is none. */
  readonly proxy: string | undefined
  /** That it is opened for; undefined if nobody listens to requests. */
  readonly request: RequestTrace | undefined
  /** How long each part took, as far as it has come, in milliseconds. */
  readonly phases: PhaseTimes
  /** Undefined before it is open, and for a Unix socket. */
  remoteAddress: string | undefined
}

/** A part of opening a connection is done. */
export interface ConnectionPhaseTrace {
  readonly connection: ConnectionTrace
  readonly phase: ConnectPhase
  /** In milliseconds. */
  readonly duration: number
}

/** A connection that takes another request. */
export interface ConnectionReuseTrace {
  readonly origin: string
  readonly request: RequestTrace | undefined
  /** How many requests it has carried before. */
  readonly exchanges: number
}

/** A name on its way to addresses. */
export interface DNSTrace extends Part {
  readonly host: string
  /** Undefined before, and where it failed. */
  addresses: readonly ResolvedAddress[] | undefined
}

/** A request, as it is traced here. */
interface Traced {
  readonly host: {
    readonly origin: { readonly href: string }
    readonly route: { readonly proxy: { readonly name: string } | undefined }
  }
  readonly trace: RequestTrace | undefined
}

/** The times of a connection, which say when they change. */
interface TracedTimes extends PhaseTimes {
  onPhase: ((phase: ConnectPhase, duration: number) => void) | undefined
}

const waits = channel('spool:client:pool:wait')
const waitEnds = channel('spool:client:pool:end')
const starts = channel('spool:client:connection:start')
const phases = channel('spool:client:connection:phase')
const opens = channel('spool:client:connection:open')
const errors = channel('spool:client:connection:error')
const reuses = channel('spool:client:connection:reuse')
const hits = channel('spool:client:dns:hit')
const lookups = channel('spool:client:dns:start')
const answers = channel('spool:client:dns:end')

/** A request begins to wait; undefined if nobody listens. */
export function traceWait({ host, trace }: Traced): PoolTrace | undefined {
  if (!waits.hasSubscribers && !waitEnds.hasSubscribers) return undefined
  const wait: PoolTrace = { origin: host.origin.href, request: trace, ...begun() }
  waits.publish(wait)
  return wait
}

export function traceWaitEnd(wait: PoolTrace, error: unknown): void {
  waitEnds.publish(over(wait, error))
}

/** A connection is being opened; undefined if nobody listens. */
export function traceOpening(
  { host, trace }: Traced,
  times: TracedTimes,
): ConnectionTrace | undefined {
  const heard =
    starts.hasSubscribers || phases.hasSubscribers || opens.hasSubscribers || errors.hasSubscribers
  if (!heard) return undefined
  const connection: ConnectionTrace = {
    origin: host.origin.href,
    proxy: host.route.proxy?.name,
    request: trace,
    phases: times,
    remoteAddress: undefined,
    ...begun(),
  }
  times.onPhase = (phase, duration) => {
    const message: ConnectionPhaseTrace = { connection, phase, duration }
    phases.publish(message)
  }
  starts.publish(connection)
  return connection
}

export function traceOpen(connection: ConnectionTrace, remoteAddress: string | undefined): void {
  connection.remoteAddress = remoteAddress
  opens.publish(over(connection, undefined))
}

export function traceOpenError(connection: ConnectionTrace, error: unknown): void {
  errors.publish(over(connection, error))
}

export function traceReuse({ host, trace }: Traced, exchanges: number): void {
  if (!reuses.hasSubscribers) return
  const message: ConnectionReuseTrace = { origin: host.origin.href, request: trace, exchanges }
  reuses.publish(message)
}

/** Whether anybody listens to what becomes of names. */
export function areNamesTraced(): boolean {
  return hits.hasSubscribers || lookups.hasSubscribers || answers.hasSubscribers
}

/** Tells of a look-up from its beginning. `isHit`: whether it was answered from memory, once it is asked. */
export async function tracedLookup(
  host: string,
  ask: () => Promise<readonly ResolvedAddress[]>,
  isHit: () => boolean,
): Promise<readonly ResolvedAddress[]> {
  const trace: DNSTrace = { host, addresses: undefined, ...begun() }
  const answer = ask()
  const hit = isHit()
  if (!hit) lookups.publish(trace)
  try {
    trace.addresses = await answer
    return trace.addresses
  } catch (error) {
    trace.error = error
    throw error
  } finally {
    const to = hit ? hits : answers
    to.publish(over(trace, trace.error))
  }
}

function begun(): { startedAt: number; endedAt: number | undefined; error: unknown } {
  return { startedAt: clock().now(), endedAt: undefined, error: undefined }
}

function over<T extends Part>(part: T, error: unknown): T {
  part.endedAt = clock().now()
  part.error = error
  return part
}
