/**
 * One request of the caller's, below the middlewares: an exchange, or several where redirects are
 * followed, and the body of the last one, decoded, counted, and given to whoever wants it.
 */
import type { Scope } from '../../concurrency/scope/scope.ts'
import { clock } from '../../concurrency/time/current-clock.ts'
import { isKnownCoding } from '../../http/compression.ts'
import { HeaderFields } from '../../http/header-fields.ts'
import { SpoolError } from '../../util/error.ts'
import type { FieldList, ResponseHead } from '../../wire/http1/messages.ts'
import type { ClientRequest } from '../request/client-request.ts'
import { nextHop } from '../request/redirect.ts'
import type { RequestWriter } from '../request/request-writer.ts'
import { BodyDecoder } from './body-decoder.ts'
import type { BodyReceiver } from './body-receiver.ts'
import type { Exchange, ExchangeEvents } from './exchange.ts'

/** Who made the call. */
export interface CallEvents {
  /** The head of the final response; returns who gets the body. */
  responded(head: ResponseHead, call: Call): BodyReceiver
  failed(error: unknown): void
}

export class Call implements ExchangeEvents {
  readonly request: ClientRequest
  readonly startedAt: number
  /** The URLs that redirected, in order. */
  readonly history: string[] = []
  readonly #writer: RequestWriter
  readonly #events: CallEvents
  readonly #scope: Scope
  #exchange: Exchange | undefined = undefined
  #receiver: BodyReceiver | undefined = undefined
  #decoder: BodyDecoder | undefined = undefined
  #redirect: ClientRequest | undefined = undefined
  #received = 0
  #over = false

  constructor(request: ClientRequest, writer: RequestWriter, events: CallEvents, scope: Scope) {
    this.request = request
    this.startedAt = clock().now()
    this.#writer = writer
    this.#events = events
    this.#scope = scope
  }

  get exchange(): Exchange | undefined {
    return this.#exchange
  }

  start(): void {
    this.#hop(this.request, this.startedAt)
  }

  pause(): void {
    this.#decoder?.pause()
    this.#exchange?.pause()
  }

  resume(): void {
    this.#decoder?.resume()
    this.#exchange?.resume()
  }

  /** Nobody wants the rest. */
  abort(error: unknown): void {
    this.#exchange?.abort(error)
  }

  head(head: ResponseHead, exchange: Exchange): void {
    const request = this.#current
    try {
      this.#redirect = nextHop(request, head, this.history)
      if (this.#redirect === undefined) this.#receiver = this.#receiverFor(head)
      // The body of a redirect is read away: mostly it is short, and the connection is used again.
    } catch (error) {
      exchange.abort(error)
    }
  }

  body(bytes: Uint8Array, shared: boolean, exchange: Exchange): void {
    this.#received += bytes.byteLength
    if (this.#redirect !== undefined) {
      if (this.#received > mostRedirectBody) {
        const redirect = this.#redirect
        exchange.drop()
        this.#follow(redirect)
      }
      return
    }
    this.#receiver?.push(bytes, shared)
  }

  ended(trailers: FieldList): void {
    if (this.#redirect !== undefined) this.#follow(this.#redirect)
    else {
      this.#over = true
      this.#receiver?.end(trailers)
    }
  }

  failed(error: unknown): void {
    if (this.#over) return
    this.#over = true
    if (this.#receiver === undefined) this.#events.failed(error)
    else this.#receiver.fail(error)
  }

  #currentRequest: ClientRequest | undefined = undefined

  get #current(): ClientRequest {
    return this.#currentRequest ?? this.request
  }

  #follow(request: ClientRequest): void {
    this.history.push(this.#current.url)
    this.#redirect = undefined
    this.#received = 0
    this.#hop(request, clock().now())
  }

  #hop(request: ClientRequest, now: number): void {
    this.#currentRequest = request
    try {
      const until = this.startedAt + request.timeouts.total
      this.#exchange = this.#writer.exchange(request, until, this, this.#scope)
    } catch (error) {
      this.failed(error)
      return
    }
    this.#exchange.start(now)
  }

  #receiverFor(head: ResponseHead): BodyReceiver {
    const request = this.#current
    const receiver = limited(this.#events.responded(head, this), request.maxResponseSize, this)
    if (!request.decompress) return receiver
    const coding = new HeaderFields(head.fields).get('content-encoding')
    if (coding === null || !isKnownCoding(coding) || head.framing === 'none') return receiver
    this.#decoder = new BodyDecoder(coding, receiver, {
      pause: () => this.#exchange?.pause(),
      resume: () => this.#exchange?.resume(),
      abort: (error) => this.#exchange?.abort(error),
    })
    return this.#decoder
  }

  /** The URL of the last hop. */
  get url(): string {
    return this.#current.url
  }

  get method(): string {
    return this.#current.method
  }
}

// A redirect's body is a line of HTML. Above this, a new connection costs less than reading it.
const mostRedirectBody = 65_536

function limited(receiver: BodyReceiver, limit: number, call: Call): BodyReceiver {
  if (limit === Infinity) return receiver
  let size = 0
  return {
    push(bytes, shared) {
      size += bytes.byteLength
      if (size <= limit) receiver.push(bytes, shared)
      else {
        const message = `Refused a response of more than ${limit} bytes, which is the limit`
        const error = new SpoolError('SPOOL_BODY_TOO_LARGE', message)
        receiver.fail(error)
        call.abort(error)
      }
    },
    end: (trailers) => {
      if (size <= limit) receiver.end(trailers)
    },
    fail: (error) => receiver.fail(error),
  }
}
