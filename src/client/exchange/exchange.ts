/**
 * One request on its way to one host, and the response to it: from the pool's queue to the last byte.
 * A redirect is another exchange.
 *
 * It is a member of the scope that the request was made in. If that is cancelled, the exchange leaves
 * the queue, or stops connecting, or closes its connection: HTTP/1.1 can't give up one exchange and keep
 * the connection.
 *
 * At any time one phase has a timeout, and one timer watches for it and for the end of the whole.
 */
import { type CancelledError, TimeoutError, type TimeoutPhase } from '../../concurrency/errors.ts'
import { type Scope, ScopeMember } from '../../concurrency/scope/scope.ts'
import { clock } from '../../concurrency/time/current-clock.ts'
import { type BodySource, bodyTooLarge } from '../../http/incoming-body.ts'
import type { OutgoingBody } from '../../http/outgoing-body.ts'
import { ProtocolError } from '../../wire/errors.ts'
import type { FieldList, ResponseHead } from '../../wire/http1/messages.ts'
import type { ClientConnection } from '../connection/client-connection.ts'
import type { ClientHost } from '../connection/client-host.ts'
import type { Connector } from '../connection/connector.ts'
import { PhaseTimer } from '../connection/phase-timer.ts'
import type { ResponseFacts } from '../connection/response-facts.ts'
import { TransferError } from '../errors.ts'
import type { PoolRequest } from '../pool/pool-host.ts'
import type { Framed } from '../request/request-heads.ts'
import type { Timeouts } from '../timeouts.ts'
import type { BodyReceiver } from './body-receiver.ts'
import { openScope } from './open-scope.ts'
import { signalError, SignalLink } from './signal-link.ts'
import { Upload, type UploadEvents } from './upload.ts'

/** Who made the exchange. `failed` is called without a response, `finished` after one: one of both, once. */
export interface ExchangeEvents {
  /** The head is there: says where the body goes by `exchange.receiver`. */
  responded(exchange: Exchange, head: ResponseHead, facts: ResponseFacts): void
  failed(error: unknown): void
  /** Nothing more happens; the receiver was told how it ended. */
  finished(): void
}

// RFC 9110 §9.2.2: doing it twice is as doing it once.
const idempotent = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'])

// Up to here a body is copied behind its head: that costs less than a second buffer to be written.
const joinable = 8192

export class Exchange
  extends ScopeMember
  implements PoolRequest<ClientConnection, Exchange>, BodySource, UploadEvents
{
  // What the pool needs.
  readonly host: ClientHost
  fresh: boolean
  waiting: boolean
  arrival: number
  previousWaiting: Exchange | undefined
  nextWaiting: Exchange | undefined
  /** @internal The scope in which its connection is being opened. */
  opening: Scope | undefined

  readonly method: string
  /** Where the body goes. To be set when the head comes, or in the turn in which it came. */
  receiver: BodyReceiver | undefined
  /** Bytes that the body may have as it comes. */
  maxSize: number
  /** Times on the clock; NaN for what has not happened: began, connecting began, sent, head, end. */
  readonly startedAt: number
  connectingAt: number
  sentAt: number
  headAt: number
  endedAt: number
  readonly #connector: Connector
  readonly #framed: Framed
  readonly #body: OutgoingBody | undefined
  readonly #timeouts: Timeouts
  readonly #scope: Scope
  readonly #events: ExchangeEvents
  #until: number
  #connection: ClientConnection | undefined
  // While there is no connection, whose timer is used otherwise.
  #timer: PhaseTimer | undefined
  #phase: TimeoutPhase
  // In the phase `write`: how much was left when it began.
  #queued: number
  #sending: boolean
  #upload: Upload | undefined
  #paused: boolean
  #over: boolean
  #size: number
  #link: SignalLink | undefined

  /** `until`: when all of it has to be over, on the clock. */
  constructor(
    connector: Connector,
    host: ClientHost,
    method: string,
    framed: Framed,
    body: OutgoingBody | undefined,
    timeouts: Timeouts,
    until: number,
    now: number,
    scope: Scope,
    events: ExchangeEvents,
  ) {
    super()
    this.host = host
    this.fresh = false
    this.waiting = false
    this.arrival = 0
    this.previousWaiting = this.nextWaiting = undefined
    this.opening = undefined
    this.method = method
    this.receiver = undefined
    this.maxSize = Infinity
    this.startedAt = now
    this.connectingAt = this.sentAt = this.headAt = this.endedAt = Number.NaN
    this.#connector = connector
    this.#framed = framed
    this.#body = body
    this.#timeouts = timeouts
    this.#scope = scope
    this.#events = events
    this.#until = until
    this.#connection = undefined
    this.#timer = undefined
    this.#phase = 'pool'
    this.#queued = 0
    this.#sending = false
    this.#upload = undefined
    this.#paused = false
    this.#over = false
    this.#size = 0
    this.#link = undefined
  }

  /** Whether the connection may carry another exchange, as far as the request is concerned. */
  get leavesReusable(): boolean {
    return !this.#sending && !this.#framed.closes
  }

  get over(): boolean {
    return this.#over
  }

  /** Asks for a connection; the rest follows by itself. */
  start(): void {
    const scope = openScope(this.#scope)
    const { error } = scope
    if (error !== undefined) {
      this.abort(error)
      return
    }
    scope.addMember(this)
    this.#ask(this.startedAt)
  }

  /** Gives it up with `error`: nobody wants the rest. Nothing if it is over. */
  abort(error: unknown): void {
    if (this.#over) return
    const connection = this.#connection
    if (this.waiting) this.#connector.withdraw(this)
    else if (this.opening !== undefined) this.#connector.stopOpening(this)
    else connection?.abort()
    this.#fail(error)
  }

  /** @internal */
  scopeCancelled(error: CancelledError): void {
    this.memberOf?.removeMember(this)
    this.abort(error)
  }

  /** Moves the end of the whole. */
  limitTo(until: number): void {
    this.#until = until
    if (!this.#over) this.#watch(this.#phase, clock().now())
  }

  /** Gives it up when the signal is aborted, too. */
  follow(signal: AbortSignal): void {
    if (this.#over) return
    if (signal.aborted) this.abort(signalError(signal))
    else this.#link = new SignalLink(signal, this)
  }

  // From the pool and its connector.

  /** @internal Connecting begins. */
  connecting(scope: Scope, now: number): void {
    this.opening = scope
    this.connectingAt = now
    this.#watch('connect', now)
  }

  /** @internal */
  notConnected(error: unknown): void {
    this.#fail(error)
  }

  /** @internal Here is a connection: the request is sent. */
  assign(connection: ClientConnection, now: number): void {
    this.#timer?.stop()
    this.#connection = connection
    this.sentAt = now
    connection.begin(this)
    if (this.#body === undefined) connection.transport.write(this.#framed.head)
    else this.#send(this.#body, connection)
    if (!this.#over) this.#watch(this.#sending ? this.#phase : 'headers', now)
  }

  // From the connection.

  /** @internal */
  timeUp(now: number): void {
    const transport = this.#connection?.transport
    if (now < this.#until && this.#phase === 'write' && transport !== undefined) {
      // What counts is that something leaves, not when all has left.
      if (transport.bytesQueued < this.#queued) {
        this.#enterWrite(now)
        return
      }
    }
    const phase = now < this.#until ? this.#phase : 'total'
    const allowed = this.#timeouts[phase as keyof Timeouts]
    const message = `${this.#name} timed out after ${allowed} ms (${phase})`
    this.abort(new TimeoutError(phase, allowed, message))
  }

  /** @internal */
  responded(head: ResponseHead, facts: ResponseFacts, now: number): void {
    this.headAt = now
    this.#events.responded(this, head, facts)
  }

  /** @internal */
  received(bytes: Uint8Array, shared: boolean): void {
    this.#size += bytes.byteLength
    if (this.#size > this.maxSize) this.abort(bodyTooLarge(this.maxSize))
    else this.receiver?.push(bytes, shared)
  }

  /** @internal Bytes were read, and there are more to come. */
  progressed(now: number): void {
    if (!Number.isNaN(this.headAt) && !this.#paused) this.#watch('idle', now)
  }

  /** @internal The response is read to its end. */
  ended(trailers: FieldList, now: number): void {
    this.endedAt = now
    this.#finish()
    this.receiver?.end(trailers)
    this.#events.finished()
  }

  /** @internal What came is not HTTP. */
  misread(error: Error): void {
    const message = `${this.#name} failed: ${error.message}`
    this.#fail(new ProtocolError('remote', message, { cause: error, statusHint: 502 }))
  }

  /** @internal The connection is gone before the response has ended. */
  disconnected(error: Error, connection: ClientConnection): void {
    const reused = connection.exchanges > 1
    // RFC 9112 §9.3.1: the server may close an idle connection just as we use it. Nothing of an answer
    // has come, so asking again is safe for what may be asked twice.
    const again = reused && !connection.answered && !this.fresh && idempotent.has(this.method)
    if (again && this.#body?.replayable !== false) {
      this.#connection = undefined
      this.#sending = false
      this.#upload?.stop()
      this.#upload = undefined
      this.fresh = true
      this.#ask(clock().now())
      return
    }
    const requestSent = reused || connection.transport.bytesWritten > 0
    const message = `${this.#name} failed: ${error.message}`
    this.#fail(new TransferError(message, { requestSent, cause: error }))
  }

  /** @internal What was queued is written. */
  drained(): void {
    const upload = this.#upload
    const now = clock().now()
    if (upload !== undefined) {
      // From now on it is the source that we wait for, for as long as all of it may take.
      if (!Number.isNaN(this.headAt)) this.#watch('idle', now)
      else this.#watch('total', now)
      upload.drained()
    } else if (this.#sending) {
      this.#sent(now)
    }
  }

  // From the upload.

  /** @internal */
  held(): void {
    if (Number.isNaN(this.headAt)) this.#enterWrite(clock().now())
  }

  /** @internal */
  uploaded(): void {
    if (this.#upload?.full === true) {
      // The last of it is still to be taken.
      this.#upload = undefined
    } else {
      this.#upload = undefined
      this.#sent(clock().now())
    }
  }

  /** @internal */
  uploadFailed(error: unknown): void {
    this.abort(error)
  }

  // From whoever reads the body.

  pause(): void {
    if (this.#over) return
    this.#paused = true
    this.#connection?.transport.pause()
    this.#watch('total', clock().now())
  }

  resume(): void {
    if (this.#over || !this.#paused) return
    this.#paused = false
    this.#connection?.transport.resume()
    this.#watch('idle', clock().now())
  }

  /** Nobody will read the rest: closes the connection, and tells the receiver nothing. */
  abandon(): void {
    this.receiver = undefined
    this.abort(undefined)
  }

  #ask(now: number): void {
    try {
      this.#connector.request(this, now)
    } catch (error) {
      this.#fail(error)
      return
    }
    if (this.waiting) this.#watch('pool', now)
  }

  #send(body: OutgoingBody, { transport }: ClientConnection): void {
    const { head, framing } = this.#framed
    let more: boolean
    if (body.kind === 'stream') {
      this.#sending = true
      this.#phase = 'total'
      transport.write(head)
      this.#upload = new Upload(transport, framing, openScope(this.#scope), this)
      void this.#upload.run(body.chunks)
      return
    }
    if (body.kind === 'text' && body.ascii) {
      more = transport.write(head + body.text)
    } else {
      const bytes = body.kind === 'bytes' ? body.bytes : Buffer.from(body.text)
      if (bytes.byteLength <= joinable) more = transport.write(joined(head, bytes))
      else {
        transport.cork()
        transport.write(head)
        more = transport.write(bytes)
        transport.uncork()
      }
    }
    this.#sending = !more
    if (!more) {
      this.#phase = 'write'
      this.#queued = transport.bytesQueued
    }
  }

  #sent(now: number): void {
    this.#sending = false
    if (Number.isNaN(this.headAt)) this.#watch('headers', now)
  }

  #enterWrite(now: number): void {
    this.#queued = this.#connection?.transport.bytesQueued ?? 0
    this.#watch('write', now)
  }

  #watch(phase: TimeoutPhase, now: number): void {
    this.#phase = phase
    const until =
      phase === 'total'
        ? this.#until
        : Math.min(now + this.#timeouts[phase as keyof Timeouts], this.#until)
    const connection = this.#connection
    if (connection !== undefined) connection.timer.set(until, now)
    else {
      this.#timer ??= new PhaseTimer(this.#connector.timers, (now) => this.timeUp(now))
      this.#timer.set(until, now)
    }
  }

  #fail(error: unknown): void {
    this.#finish()
    if (Number.isNaN(this.headAt)) this.#events.failed(error)
    else {
      this.receiver?.fail(error)
      this.#events.finished()
    }
  }

  #finish(): void {
    this.#over = true
    this.#connection = undefined
    this.#link?.cut()
    this.#timer?.stop()
    this.#upload?.stop()
    this.#upload = undefined
    this.memberOf?.removeMember(this)
  }

  get #name(): string {
    return `${this.method} request to ${this.host.name}`
  }
}

function joined(head: string, bytes: Uint8Array): Buffer {
  const all = Buffer.allocUnsafe(head.length + bytes.byteLength)
  all.write(head, 0, 'latin1')
  all.set(bytes, head.length)
  return all
}
