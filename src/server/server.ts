// What `serve()` gives, whether the requests are handled in this process or in others.
import type { ConnectionStatistics } from './connection/connection-host.ts'
import type { CloseOptions } from './server-end.ts'

export type { CloseOptions } from './server-end.ts'

export interface ServerStatistics extends ConnectionStatistics {
  /** Connections accepted since the start. */
  readonly accepted: number
  /** Connections that were closed at once since the start, because there were too many. */
  readonly refused: number
}

/** Made by `serve()`. To be closed, best by `await using`. */
export interface Server extends AsyncDisposable {
  /** The port that is listened on; 0 for a Unix socket. Of several addresses the first. */
  readonly port: number
  /**
   * `http://127.0.0.1:8080`, without a path; of a Unix socket `unix:` and its path. Of several addresses
   * the first.
   */
  readonly url: string
  /** Of each address. */
  readonly urls: readonly string[]
  /** The numbers of the processes that handle requests; empty if it is this one. */
  readonly workers: readonly number[]
  /**
   * Resolves when the server is closed, whoever closes it.
   *
   * Cancellation: only stops waiting.
   */
  readonly closed: Promise<void>
  /**
   * Stops to accept, ends idle connections, lets running requests and the tasks of the application
   * finish until the deadline, cancels the rest, and cleans up the lifespans. Calling it again joins
   * in; an earlier deadline then counts.
   *
   * Cancellation: is never thrown. In a scope that is cancelled, or as soon as it is, nothing is
   * waited for: requests are cancelled and connections dropped. Only the end of the whole program
   * (`run()` was told by a signal) leaves requests their time.
   *
   * A handler of this server, or a task of its application, may close it too, and goes on when all others
   * are over: it may still answer, and has until the deadline for that, or, if that has passed, as long as the
   * time-out `cancellation`. If it is cancelled meanwhile, it stops to wait, and the others keep their time;
   * what a lifespan throws is told to `onError`.
   *
   * Throws what a lifespan threw while it cleaned up, and TypeError or RangeError, before anything is
   * stopped, for options that make no sense.
   *
   * @example
   * ```ts
   * const server = await serve(() => text('Hello'), { host: '127.0.0.1' })
   * await server.close({ timeout: 5_000 })
   * ```
   */
  close(options?: CloseOptions): Promise<void>
  /**
   * Takes up what has changed, and loses no request. With workers, each is replaced by a new process,
   * one after the other: the old one closes once the new one listens. Without, certificates that were
   * given as files are read again, for connections to come.
   *
   * Cancellation: has none; the scope is not looked at.
   *
   * Throws `BrokenResourceError` if a new worker dies before it listens, and TypeError if a certificate
   * can't be read; the old ones stay in force.
   */
  reload(): Promise<void>
  /** Of workers, what they last told, which they do twice a second; of those that live. */
  statistics(): ServerStatistics
}
