/**
 * The connections that are idle, in two orders at once: of all hosts, the one that became idle first is
 * closed first; of one host, the one that became idle last is used first. Lists through the connections
 * themselves, so that coming and going costs the same with ten as with ten thousand.
 */
import type { PooledConnection } from './pool-host.ts'

export class IdleConnections<Connection extends PooledConnection<Connection, unknown>> {
  #oldest: Connection | undefined = undefined
  #newest: Connection | undefined = undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Idle for longest, whosever it is. */
  get oldest(): Connection | undefined {
    return this.#oldest
  }

  /** `expires`: when it is too old to be used. */
  add(connection: Connection, expires: number): void {
    const { host } = connection
    connection.idle = true
    connection.expires = expires
    this.#size++
    const older = this.#newest
    connection.olderIdle = older
    this.#newest = connection
    if (older === undefined) this.#oldest = connection
    else older.newerIdle = connection
    const below = host.newestIdle
    connection.belowIdle = below
    host.newestIdle = connection
    if (below !== undefined) below.aboveIdle = connection
  }

  remove(connection: Connection): void {
    const { host, olderIdle, newerIdle, belowIdle, aboveIdle } = connection
    connection.idle = false
    this.#size--
    if (olderIdle === undefined) this.#oldest = newerIdle
    else olderIdle.newerIdle = newerIdle
    if (newerIdle === undefined) this.#newest = olderIdle
    else newerIdle.olderIdle = olderIdle
    if (aboveIdle === undefined) host.newestIdle = belowIdle
    else aboveIdle.belowIdle = belowIdle
    if (belowIdle !== undefined) belowIdle.aboveIdle = aboveIdle
    connection.olderIdle = connection.newerIdle = undefined
    connection.belowIdle = connection.aboveIdle = undefined
  }
}
