/** What the connections of one server share. */
import { watchRejections } from '../../concurrency/observe/lost-rejections.ts'
import { outsideScopes } from '../../concurrency/scope/context.ts'
import { Scope } from '../../concurrency/scope/scope.ts'
import { TimerWheel } from '../../concurrency/time/timer-wheel.ts'
import type { Transport } from '../../io/transport.ts'
import type { HTTP1Limits } from '../../wire/http1/limits.ts'
import type { ServerRequest } from '../messages/server-request.ts'
import type { ServerResponse } from '../messages/server-response.ts'
import {
  type ConnectionOptions,
  defaultLimits,
  defaultTimeouts,
  type ErrorListener,
  type ServerLimits,
  type ServerTimeouts,
  settings,
} from '../server-options.ts'
import { Connection } from './connection.ts'
import type { Dispatcher } from './destination.ts'
import { failureOf, reportToConsole } from './failure-response.ts'
import type { RequestKeeper } from './request-scope.ts'
import { HTTPDate } from './http-date.ts'

export interface ConnectionStatistics {
  /** Open now. */
  readonly connections: number
  /** Of those, without a request. */
  readonly idle: number
  /** Requests that are handled now, their tasks included. */
  readonly active: number
  /** Requests since the start. */
  readonly requests: number
  /** Of those, stopped because their client left. */
  readonly disconnected: number
  /** Requests that could not be read since the start. */
  readonly malformed: number
  /** Connections that were ended since the start because their client was too slow. */
  readonly timedOut: number
}

/** A connection of any protocol, as far as the server is concerned. */
export interface HostedConnection {
  /** Its neighbours in the server's list. */
  previousConnection: HostedConnection | undefined
  nextConnection: HostedConnection | undefined
  /** Whether it has no request, and nothing of one. */
  readonly idle: boolean
  /** The server takes no more requests: ends now, or after the one that is read or handled. */
  endWhenIdle(): void
  /** Closes at once, and cancels nothing: who left whom is for the caller to say. */
  destroy(): void
}

/** The connections that are open. Linked: the table of a set is more than twice as large as two fields of each. */
export class ConnectionList {
  #first: HostedConnection | undefined = undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  add(connection: HostedConnection): void {
    const first = this.#first
    connection.nextConnection = first
    if (first !== undefined) first.previousConnection = connection
    this.#first = connection
    this.#size++
  }

  /** One that is not in it is left alone. */
  delete(connection: HostedConnection): void {
    const { previousConnection: previous, nextConnection: next } = connection
    if (previous === undefined && this.#first !== connection) return
    if (previous === undefined) this.#first = next
    else previous.nextConnection = next
    if (next !== undefined) next.previousConnection = previous
    connection.previousConnection = connection.nextConnection = undefined
    this.#size--
  }

  /** All of them as they are now, whatever leaves or comes meanwhile. */
  all(): HostedConnection[] {
    const all: HostedConnection[] = []
    for (let one = this.#first; one !== undefined; one = one.nextConnection) all.push(one)
    return all
  }
}

/** Where connections come in. */
export interface Endpoint {
  readonly secure: boolean
  /** Host and port, for requests that name none. */
  readonly authority: string
}

const nowhere: Endpoint = { secure: false, authority: 'localhost' }

export class ConnectionHost implements RequestKeeper {
  readonly dispatcher: Dispatcher
  readonly limits: ServerLimits
  /** What of them differs from what parsers do by themselves. */
  readonly parserLimits: Partial<HTTP1Limits> | undefined
  readonly timeouts: ServerTimeouts
  readonly halfClose: boolean
  /** Above all requests. Shielded: how the server stops is for the server to say. */
  readonly scope: Scope
  readonly wheel: TimerWheel = new TimerWheel()
  readonly date: HTTPDate = new HTTPDate()
  readonly connections: ConnectionList = new ConnectionList()
  readonly closingListeners: Set<() => void> = new Set()
  /** Once set, no connection takes another request. */
  closing = false
  active = 0
  requests = 0
  disconnected = 0
  malformed = 0
  timedOut = 0
  /** Called after the end of each request, once somebody wants to know. */
  onRequestEnded: (() => void) | undefined = undefined
  #onIdle: (() => void) | undefined = undefined
  readonly #unwatch: () => void
  readonly #onError: ErrorListener

  constructor(dispatcher: Dispatcher, options: ConnectionOptions, parent: Scope) {
    this.dispatcher = dispatcher
    this.limits = settings('limit', defaultLimits, options.limits)
    const { target, head, fields } = this.limits
    this.parserLimits = options.limits === undefined ? undefined : { target, head, fields }
    this.timeouts = settings('timeout', defaultTimeouts, options.timeouts)
    this.halfClose = options.halfClose ?? false
    this.scope = new Scope(parent, Infinity, true)
    this.#onError = options.onError ?? reportToConsole
    // A promise that a handler forgot is told to the server, and does not end it.
    this.#unwatch = watchRejections()
  }

  /** Serves a client. To be called outside of every scope. */
  accept(transport: Transport, endpoint: Endpoint = nowhere): void {
    const connection = new Connection(transport, this, endpoint)
    this.connections.add(connection)
    connection.start()
  }

  /** Tells an error that has no client to go to. A listener that throws does not stop the server. */
  report(error: unknown, request: ServerRequest | undefined): void {
    try {
      outsideScopes(() => this.#onError(error, request))
    } catch (failure) {
      reportToConsole(failure, request)
    }
  }

  /** What is answered for an error that a handler threw; who else has to know is told. */
  failureResponse(error: unknown, request: ServerRequest): ServerResponse {
    const { response, report } = failureOf(error, request)
    if (report) this.report(error, request)
    return response
  }

  /** A request is over, with all its tasks. */
  requestEnded(): void {
    this.active--
    this.onRequestEnded?.()
    this.#checkIdle()
  }

  /** A connection goes on in other hands. */
  replace(connection: HostedConnection, by: HostedConnection): void {
    this.connections.delete(connection)
    this.connections.add(by)
  }

  connectionClosed(connection: HostedConnection): void {
    this.connections.delete(connection)
    this.#checkIdle()
  }

  /** No more requests on any connection; those without one are closed now. */
  startClosing(): void {
    this.closing = true
    for (const connection of this.connections.all()) connection.endWhenIdle()
    for (const listener of Array.from(this.closingListeners)) listener()
  }

  /** Resolves when there is no connection and no request; calls back at once if there is none now. */
  whenIdle(callback: () => void): void {
    this.#onIdle = callback
    this.#checkIdle()
  }

  /** Cancels all requests and drops all connections. */
  destroy(reason: string): void {
    this.closing = true
    this.scope.cancel(reason, 'shutdown')
    for (const connection of this.connections.all()) connection.destroy()
  }

  /** Gives back what is left. */
  end(): void {
    this.wheel.close()
    this.date.close()
    this.#unwatch()
    this.scope.end()
  }

  statistics(): ConnectionStatistics {
    let idle = 0
    for (const connection of this.connections.all()) if (connection.idle) idle++
    return {
      connections: this.connections.size,
      idle,
      active: this.active,
      requests: this.requests,
      disconnected: this.disconnected,
      malformed: this.malformed,
      timedOut: this.timedOut,
    }
  }

  #checkIdle(): void {
    if (this.#onIdle === undefined || this.active > 0 || this.connections.size > 0) return
    const callback = this.#onIdle
    this.#onIdle = undefined
    callback()
  }
}
