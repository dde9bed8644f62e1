/** What the pool writes into the connections, requests and hosts that it keeps the books of. */

/** One place to which connections are opened: an origin, with whatever else makes them differ. */
export class PoolHost<Connection, Request> {
  /** For messages: `https://example.com`. */
  readonly name: string
  /** Sockets: in use, idle and being opened. */
  open = 0
  /** The idle connection that was used last. */
  newestIdle: Connection | undefined = undefined
  /** The request that has waited for longest. */
  firstWaiting: Request | undefined = undefined
  lastWaiting: Request | undefined = undefined
  /** Its place in the heap of hosts that may be served; -1 if it is not there. */
  heapIndex = -1

  constructor(name: string) {
    this.name = name
  }
}

export interface PooledConnection<Connection, Request> {
  readonly host: PoolHost<Connection, Request>
  /** How long the peer keeps it when it is idle, in milliseconds; `Infinity` if it did not say. */
  keepAlive: number
  idle: boolean
  /** While it is idle: when it is too old to be used. */
  expires: number
  /** Links of all that are idle. */
  olderIdle: Connection | undefined
  newerIdle: Connection | undefined
  /** Links of what is idle of the same host. */
  belowIdle: Connection | undefined
  aboveIdle: Connection | undefined
}

export interface PoolRequest<Connection, Request> {
  readonly host: PoolHost<Connection, Request>
  /** Whether it wants a connection that was not idle: one that it had was found dead. */
  readonly fresh: boolean
  waiting: boolean
  /** Its number in order of arrival, once it waits. */
  arrival: number
  previousWaiting: Request | undefined
  nextWaiting: Request | undefined
}
