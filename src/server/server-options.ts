/**
 * What a server refuses and how long it waits, unless it is told otherwise. All of it is on by default:
 * each limit is what keeps one client from taking what belongs to all.
 */
import type { ServerTLSFiles } from '../io/tls-files.ts'
import type { ServerTLSOptions } from '../io/transport.ts'
import type { ServerRequest } from './messages/server-request.ts'
import {
  aFlag,
  aFunction,
  anObject,
  anything,
  aText,
  type Checks,
  checkSettings,
  listOf,
  optional,
  wholeFrom,
} from './option-checks.ts'

/** In bytes, where nothing else is said. */
export interface ServerLimits {
  /** Connections at a time; more are closed at once. Default 10,000: with the defaults about 1 GiB at worst. */
  readonly connections: number
  /** The target of a request; a longer one is answered with 414. Default 8 KiB, as Apache and nginx. */
  readonly target: number
  /** The head of a request; a longer one is answered with 431. Default 16 KiB, as Node.js. */
  readonly head: number
  /** Fields in a head; more are answered with 431. Default 100, as Apache and Kestrel. */
  readonly fields: number
  /** What `json()`, `text()`, `bytes()` and `form()` take; more is answered with 413. Default 1 MiB. */
  readonly body: number
  /** What is read of later requests while one is handled, and of a body that nobody reads. Default 64 KiB. */
  readonly readAhead: number
  /** Requests of one connection that are answered before others have their turn. Default 32. */
  readonly pipelining: number
}

/** In milliseconds, where nothing else is said. */
export interface ServerTimeouts {
  /** From the first byte of a head, or the connection, to the end of the head: then 408. Default 15 s. */
  readonly head: number
  /** Between two pieces of a body: then 408. Default 30 s. */
  readonly bodyIdle: number
  /** The least rate of a body, in bytes a second: else 408. Default 240, as Kestrel. */
  readonly bodyRate: number
  /** How long a body may be slower than that. Default 5 s. */
  readonly bodyRateGrace: number
  /** Without the client taking any of what was written: the connection is closed. Default 60 s. */
  readonly write: number
  /** Between two requests. Default 75 s, as nginx. */
  readonly keepAlive: number
  /** For the client to end its side after we ended ours, so that our last words arrive. Default 5 s. */
  readonly linger: number
  /** For requests that run when the server is closed; then they are cancelled. Default 30 s. */
  readonly shutdown: number
  /** For a cancelled request to come to its end when the server is closed. Default 5 s. */
  readonly cancellation: number
}

export const defaultLimits: ServerLimits = {
  connections: 10_000,
  target: 8_192,
  head: 16_384,
  fields: 100,
  body: 1_048_576,
  readAhead: 65_536,
  pipelining: 32,
}

export const defaultTimeouts: ServerTimeouts = {
  head: 15_000,
  bodyIdle: 30_000,
  bodyRate: 240,
  bodyRateGrace: 5_000,
  write: 60_000,
  keepAlive: 75_000,
  linger: 5_000,
  shutdown: 30_000,
  cancellation: 5_000,
}

/** Told each error that no client is told: a handler's that became a 500, a task's, a broken stream's. */
export type ErrorListener = (error: unknown, request: ServerRequest | undefined) => void

/** How a server treats its connections. */
export interface ConnectionOptions {
  limits?: Partial<ServerLimits>
  timeouts?: Partial<ServerTimeouts>
  /**
   * Whether a client may end its side and still wait for its response. Default false: the end of a
   * client's side is taken for its leaving, which cancels its request.
   */
  halfClose?: boolean
  /** Default: writes to stderr. */
  onError?: ErrorListener
}

/** Where a server listens. */
export interface ListenAddress {
  /** Default: all addresses. */
  host?: string
  /** Default 0: any that is free; see `server.port`. */
  port?: number
  /** Listens on a Unix socket, or a named pipe, instead. One that a dead process has left is replaced. */
  path?: string
  /** The mode of the file of the Unix socket, such as `0o660`. Default: by the umask. */
  mode?: number
  /** Certificates as texts, or as files, which `server.reload()` reads again. */
  tls?: ServerTLSOptions | ServerTLSFiles
  /** Connections that the system keeps waiting for us. Default 511. */
  backlog?: number
  /**
   * Whether other processes may listen on the same port, and the system shares out, where it can (Linux
   * and some others). Default false.
   */
  reusePort?: boolean
}

export interface ServeOptions extends ConnectionOptions, ListenAddress {
  /** Several addresses, instead of one. Limits count for all of them together. */
  listeners?: readonly ListenAddress[]
  /**
   * How many processes handle requests; `auto`: as many as there are processors. Default: this one
   * does. Limits count for each of them.
   */
  workers?: number | 'auto'
}

const addressChecks: Checks<ListenAddress> = {
  host: optional(aText),
  // Where it is listened, with what is allowed.
  port: anything,
  path: optional(aText),
  mode: optional(wholeFrom(0)),
  tls: optional(anObject),
  backlog: optional(wholeFrom(1)),
  reusePort: optional(aFlag),
}

const serveChecks: Checks<ServeOptions> = {
  ...addressChecks,
  listeners: optional(listOf(anObject, 'addresses')),
  // With the number of processors in mind.
  workers: anything,
  limits: optional(anObject),
  timeouts: optional(anObject),
  halfClose: optional(aFlag),
  onError: optional(aFunction),
}

/** Throws TypeError for options that there are not, or of the wrong kind, and RangeError for numbers. */
export function checkServeOptions(options: ServeOptions): void {
  checkSettings('serve()', options, serveChecks)
  for (const listener of options.listeners ?? []) {
    checkSettings('a listener of serve()', listener, addressChecks)
  }
}

/** Puts `given` over the defaults. Throws RangeError for what is no positive number. */
export function settings<T extends object>(kind: string, defaults: T, given: Partial<T> = {}): T {
  const merged = { ...defaults }
  for (const [name, value] of Object.entries<unknown>(given)) {
    if (value === undefined) continue
    if (!(name in defaults)) {
      throw new TypeError(
        `Unknown ${kind} "${name}": expected one of ${Object.keys(defaults).join(', ')}`,
      )
    }
    if (typeof value !== 'number' || !(value > 0)) {
      throw new RangeError(
        `Invalid ${kind} "${name}" of ${JSON.stringify(value)}: expected more than 0`,
      )
    }
    Object.assign(merged, { [name]: value })
  }
  return merged
}
