import { checkKinds, type Kinds, shown } from '../util/option-kinds.ts'

/** How long each part of a request may take, in milliseconds; `Infinity` for as long as it takes. */
export interface TimeoutOptions {
  /** All of it: waiting, redirects, and the body to its last byte. Default 300,000. */
  total?: number | undefined
  /** Waiting for a connection, where the session is at its limit. Default: no limit of its own. */
  pool?: number | undefined
  /** Looking up the name, TCP and TLS together. Default 30,000. */
  connect?: number | undefined
  /** From the last byte of the request to the head of the response. Default 60,000. */
  headers?: number | undefined
  /** Between two arrivals of body bytes; time in which we do not read does not count. Default 60,000. */
  idle?: number | undefined
  /** Without any byte of the request leaving. Default: no limit of its own. */
  write?: number | undefined
}

export type Timeouts = { readonly [Name in keyof Required<TimeoutOptions>]: number }

const names = ['total', 'pool', 'connect', 'headers', 'idle', 'write'] as const

const kinds: Kinds<TimeoutOptions> = {
  total: 'any',
  pool: 'any',
  connect: 'any',
  headers: 'any',
  idle: 'any',
  write: 'any',
}

export const defaultTimeouts: Timeouts = {
  // As aiohttp.
  total: 300_000,
  pool: Infinity,
  // As aiohttp's `sock_connect`: long enough for a lost SYN to be sent four times.
  connect: 30_000,
  // As proxies do: nginx and HAProxy give an upstream 60 s.
  headers: 60_000,
  idle: 60_000,
  write: Infinity,
}

/**
 * The timeouts of a request: `given` over `base`. A number is the total.
 *
 * @throws TypeError or RangeError for one that is not a number above 0
 */
export function timeoutsFrom(
  given: number | TimeoutOptions | undefined,
  base: Timeouts = defaultTimeouts,
): Timeouts {
  if (given === undefined) return base
  if (typeof given !== 'number' && (typeof given !== 'object' || given === null)) {
    throw new TypeError(
      `Cannot use ${shown(given)} as "timeout": expected milliseconds, or an object as { total: 5_000 }`,
    )
  }
  const options = typeof given === 'number' ? { total: given } : given
  checkKinds(options, kinds, '"timeout"')
  const timeouts = { ...base }
  for (const name of names) {
    const timeout = options[name]
    if (timeout === undefined) continue
    if (typeof timeout !== 'number' || !(timeout > 0)) {
      const Refusal = typeof timeout === 'number' ? RangeError : TypeError
      throw new Refusal(
        `Cannot use ${shown(timeout)} as timeout "${name}": expected a number above 0, or Infinity`,
      )
    }
    timeouts[name] = timeout
  }
  return timeouts
}
