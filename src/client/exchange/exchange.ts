/**
 * One request on its way to one origin, and the response to it: from the pool's queue to the last byte.
 * A redirect or a retry is another exchange.
 *
 * It is a member of the scope in which the request was made. If that is cancelled, the exchange leaves
 * the queue, or stops connecting, or closes its connection: HTTP/1.1 can't give up one exchange and keep
 * the connection.
 */
import type { CancelledError } from '../../concurrency/errors.ts'
import { TimeoutError, type TimeoutPhase } from '../../concurrency/errors.ts'
import { ScopeMember, type Scope } from '../../concurrency/scope/scope.ts'
import { clock } from '../../concurrency/time/current-clock.ts'
import { BodyWriter } from '../../http/body-writer.ts'
import type { OutgoingBody } from '../../http/outgoing-body.ts'
import { ProtocolError } from '../../wire/errors.ts'
import type { FieldList, ResponseHead } from '../../wire/http1/messages.ts'
import { TransferError } from '../errors.ts'
import type { ClientConnection } from '../connection/client-connection.ts'
import type { HostEntry } from '../connection/host-entry.ts'
import type { PoolRequest } from '../pool/pool-host.ts'
import type { Timeouts } from '../timeouts.ts'
import { PhaseTimer } from './phase-timer.ts'
import { sendBody } from './send-body.ts'
import type { Opening, SessionPool } from './session-pool.ts'

/** Who made the exchange. All are called synchronously, and at most one of `ended` and `failed`. */
export interface ExchangeEvents {
  head(head: ResponseHead, exchange: Exchange): void
  /** `shared` bytes are valid during the call only. */
  body(bytes: Uint8Array, shared: boolean, exchange: Exchange): void
  ended(trailers: FieldList): void
  failed(error: unknown): void
}

export interface ExchangeRequest {
  readonly method: string
  /** The whole head, as it is sent. */
  readonly head: string
  readonly body: OutgoingBody | undefined
  readonly timeouts: Timeouts
  /** When all of it has to be over, on the clock. */
  readonly until: number
}

// RFC 9110 §9.2.2: sending them twice does what sending them once does.
const idempotent = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'])

export class Exchange extends ScopeMember implements PoolRequest<ClientConnection, Exchange> {
  readonly host: HostEntry
  fresh = false
  waiting = false
  arrival = 0
  previousWaiting: Exchange | undefined = undefined
  nextWaiting: Exchange | undefined = undefined
  /** Whether the request's body is not sent to its end. */
  sending = false
  /** @internal The connection that is being opened for it. */
  opening: Opening | undefined = undefined
  /** When it got its connection, and when the head came, on the clock; 0 before. */
  connectedAt = 0
  headAt = 0
  readonly request: ExchangeRequest
  readonly #events: ExchangeEvents
  readonly #pool: SessionPool
  readonly #scope: Scope
  #connection: ClientConnection | undefined = undefined
  // While it has no connection, whose timer is used otherwise.
  #timer: PhaseTimer | undefined = undefined
  #phase: TimeoutPhase = 'pool'
  #phaseUntil = Infinity
  #reused = false
  #answered = false
  #paused = false
  #over = false
  #writer: BodyWriter | undefined = undefined

  constructor(
    pool: SessionPool,
    host: HostEntry,
    request: ExchangeRequest,
    events: ExchangeEvents,
    scope: Scope,
  ) {
    super()
    this.host = host
    this.request = request
    this.#events = events
    this.#pool = pool
    this.#scope = scope
  }

  /** Whether it has come to its end, good or bad. */
  get over(): boolean {
    return this.#over
  }

  /** Asks the pool for a connection; the rest follows by itself. */
  start(now: number): void {
    const { error } = this.#scope
    if (error !== undefined) {
      this.#fail(error)
      return
    }
    this.#scope.addMember(this)
    this.#ask(now)
  }

  /** @internal From the pool. */
  assign(connection: ClientConnection): void {
    const { method, head, body, timeouts } = this.request
    const now = clock().now()
    this.#timer?.stop()
    this.connectedAt = now
    this.#connection = connection
    this.#reused = connection.exchanges > 0
    connection.begin(this, method)
    if (body === undefined) connection.transport.write(head)
    else this.#send(head, body, connection)
    if (this.#over || this.#connection !== connection) return
    if (this.sending) this.#enter('write', timeouts.write, now)
    else this.#enter('headers', timeouts.headers, now)
  }

  /** @internal From the pool: connecting begins. */
  connecting(now: number): void {
    this.#enter('connect', this.request.timeouts.connect, now)
  }

  /** Stops to take in the body, until `resume()`. */
  pause(): void {
    this.#paused = true
    this.#connection?.transport.pause()
    this.#enter('idle', Infinity, 0)
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#connection?.transport.resume()
    this.#enter('idle', this.request.timeouts.idle, clock().now())
  }

  /** Gives it up with `error`: nobody wants the rest. Nothing if it is over. */
  abort(error: unknown): void {
    if (this.#over) return
    this.#release()
    this.#fail(error)
  }

  /** Gives it up without a word: whoever made it goes on with another. */
  drop(): void {
    if (this.#over) return
    this.#release()
    this.#stopSending(undefined)
    this.#finish()
  }

  /** @internal */
  scopeCancelled(error: CancelledError): void {
    this.memberOf?.removeMember(this)
    this.abort(error)
  }

  /** @internal From the connection's timer, or from its own. */
  timeUp(now: number): void {
    const { until, timeouts } = this.request
    const total = now >= until
    const phase = total ? 'total' : this.#phase
    const allowed = total ? timeouts.total : timeouts[phase as keyof Timeouts]
    const message = `${this.request.method} request to ${this.host.name} timed out after ${allowed} ms (${phase})`
    this.abort(new TimeoutError(phase, allowed, message))
  }

  /** @internal A 1xx response: the server is there. */
  informational(_head: ResponseHead): void {
    this.#answered = true
  }

  /** @internal */
  head(head: ResponseHead): void {
    this.#answered = true
    this.headAt = clock().now()
    this.#events.head(head, this)
  }

  /** @internal */
  body(bytes: Uint8Array, shared: boolean): void {
    this.#events.body(bytes, shared, this)
  }

  /** @internal A chunk was read, and there is more to come. */
  progressed(): void {
    const { timeouts } = this.request
    if (this.headAt > 0 && !this.#paused) this.#enter('idle', timeouts.idle, clock().now())
    else if (!this.sending) this.#answered = true
  }

  /** @internal */
  drained(): void {
    if (this.sending) this.#enter('write', this.request.timeouts.write, clock().now())
    this.#writer?.drained()
  }

  /** @internal The request's body is sent. */
  sent(): void {
    this.sending = false
    if (!this.#over && this.headAt === 0) {
      this.#enter('headers', this.request.timeouts.headers, clock().now())
    }
  }

  /** @internal The connection is gone, or no good. */
  broken(error: unknown): void {
    this.#connection = undefined
    this.#stopSending(error)
    const { method, body } = this.request
    // RFC 9112 §9.5: the server may close an idle connection just when we use it. Nothing of an answer
    // came, so asking again is safe for what may be asked twice.
    const again = this.#reused && !this.#answered && !this.fresh && idempotent.has(method)
    if (again && body?.replayable !== false && !ProtocolErrorInMessage(error)) {
      this.fresh = true
      this.sending = false
      this.#ask(clock().now())
      return
    }
    const what = this.headAt > 0 ? 'inside the response' : 'before the response'
    const message = `${method} request to ${this.host.name} failed ${what}: ${reason(error)}`
    this.#fail(new TransferError(message, { requestSent: true, cause: error }))
  }

  /** @internal The connection could not be opened. */
  unconnected(error: unknown): void {
    this.#fail(error)
  }

  /** @internal */
  ended(trailers: FieldList): void {
    this.#connection = undefined
    this.#stopSending(undefined)
    this.#finish()
    this.#events.ended(trailers)
  }

  #ask(now: number): void {
    try {
      this.#pool.request(this, now)
    } catch (error) {
      this.#fail(error)
      return
    }
    if (this.waiting) this.#enter('pool', this.request.timeouts.pool, now)
  }

  #send(head: string, body: OutgoingBody, connection: ClientConnection): void {
    const { transport } = connection
    if (body.kind === 'text' && body.ascii) transport.write(head + body.text)
    else if (body.kind !== 'stream') {
      const bytes = body.kind === 'text' ? Buffer.from(body.text) : body.bytes
      transport.cork()
      transport.write(head)
      transport.write(bytes)
      transport.uncork()
    } else {
      transport.write(head)
      this.sending = true
      this.#writer = new BodyWriter(transport, body.length ?? 'chunked')
      void sendBody(this.#writer, body.chunks, this, this.#scope)
    }
  }

  #stopSending(error: unknown): void {
    const writer = this.#writer
    this.#writer = undefined
    writer?.fail(error instanceof Error ? error : new Error('The response has ended'))
  }

  // One timer for all: it looks when the nearest of both is up.
  #enter(phase: TimeoutPhase, allowed: number, now: number): void {
    this.#phase = phase
    this.#phaseUntil = now + allowed
    const until = Math.min(this.#phaseUntil, this.request.until)
    const connection = this.#connection
    if (connection !== undefined) connection.timer.set(until, now)
    else {
      this.#timer ??= new PhaseTimer(this.#pool.timers, (now) => this.timeUp(now))
      this.#timer.set(until, now)
    }
  }

  #release(): void {
    const connection = this.#connection
    this.#connection = undefined
    if (this.waiting) this.#pool.withdraw(this)
    else if (this.opening !== undefined) this.#pool.giveUp(this)
    connection?.abort()
  }

  #fail(error: unknown): void {
    if (this.#over) return
    this.#stopSending(error)
    this.#finish()
    this.#events.failed(error)
  }

  #finish(): void {
    this.#over = true
    this.#timer?.stop()
    this.memberOf?.removeMember(this)
  }
}

function ProtocolErrorInMessage(error: unknown): boolean {
  return ProtocolError.is(error) && !/before the response/.test(error.message)
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
