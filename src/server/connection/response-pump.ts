/**
 * Gets the responses of one connection out, and watches that the client takes them. What is at hand
 * goes at once; a stream is written as the client takes it, in the scope of its request.
 */
import { outsideScopes, runInScope } from '../../concurrency/scope/context.ts'
import type { Scope } from '../../concurrency/scope/scope.ts'
import type { TimerWheel } from '../../concurrency/time/timer-wheel.ts'
import { BodyWriter, writeChunks } from '../../http/body-writer.ts'
import { discardChunks } from '../../http/chunk-source.ts'
import type { BodyChunks } from '../../http/outgoing-body.ts'
import type { Transport } from '../../io/transport.ts'
import type { RequestHead } from '../../wire/http1/messages.ts'
import type { ServerResponse } from '../messages/server-response.ts'
import type { ServerTimeouts } from '../server-options.ts'
import type { HTTPDate } from './http-date.ts'
import { responseHead } from './response-head.ts'
import { type ResponseContext, sendResponse } from './response-sender.ts'
import { trailerLines } from '../messages/trailer-lines.ts'
import { type StallListener, WriteTimer } from './write-timer.ts'

// What could not be read, and is answered all the same.
const unread: ResponseContext = { method: 'GET', minorVersion: 1 }

/** Who waits for a response to be out. */
export interface ResponseListener extends StallListener {
  /** A response that `send()` did not finish is out. */
  responseSent(): void
  /** It can't be completed, though its head was sent. */
  responseBroken(error: unknown): void
}

/** What the server lends to its connections for this. */
export interface ResponseHost {
  readonly wheel: TimerWheel
  readonly timeouts: Pick<ServerTimeouts, 'write'>
  readonly date: HTTPDate
  /** Told when the source of a body that nobody wants fails to end. */
  report(error: unknown, request: undefined): void
}

export class ResponsePump {
  /** Whether the transport has more than the client takes. */
  full = false
  /** Whether the end of the response that was sent last is the end of the connection. */
  endsConnection = false
  readonly #transport: Transport
  readonly #host: ResponseHost
  readonly #listener: ResponseListener
  // Made when a client first does not keep up: most never do that.
  #timer: WriteTimer | undefined = undefined
  #writer: BodyWriter | undefined = undefined

  constructor(transport: Transport, host: ResponseHost, listener: ResponseListener) {
    this.#transport = transport
    this.#host = host
    this.#listener = listener
  }

  /**
   * Sends the response to a request. True: it is handed over; false: the listener will hear of it.
   *
   * Throws `ProtocolError` or TypeError, and has sent nothing, if it can't be sent as it is.
   */
  send(response: ServerResponse, to: RequestHead, keepAlive: boolean, scope: Scope): boolean {
    const sent = sendResponse(this.#transport, response, to, keepAlive, this.#host.date)
    if (typeof sent !== 'object') {
      if (sent === 'full') this.#filled()
      return true
    }
    if (sent.unwanted) {
      this.#end(sent.chunks)
      return true
    }
    this.endsConnection = sent.framing === 'until-close'
    const writer = new BodyWriter(this.#transport, sent.framing, () => this.#filled())
    this.#writer = writer
    const { trailers } = response
    const lines =
      trailers && sent.framing === 'chunked' ? () => trailerLines(trailers()) : undefined
    runInScope(scope, () => writeChunks(writer, sent.chunks, lines)).then(
      () => this.#sent(),
      (error: unknown) => this.#broken(error),
    )
    return false
  }

  /** Sends the head of an upgrade. Throws `ProtocolError`, and has sent nothing, if it can't be sent. */
  upgrade(response: ServerResponse): void {
    const date = this.#host.date.line
    const facts = { length: -2, chunked: false, connection: 'Upgrade', date } as const
    this.#transport.write(responseHead(response, facts))
  }

  /** Answers what could not be read: the last thing on this connection. */
  refuse(response: ServerResponse): void {
    sendResponse(this.#transport, response, unread, false, this.#host.date)
  }

  /** Ends the source of a body that won't be sent. */
  discard({ body }: ServerResponse): void {
    if (typeof body !== 'object' || body === null) return
    if (body instanceof Uint8Array || body instanceof ArrayBuffer || body instanceof Blob) return
    this.#end(body)
  }

  /** The client has taken what was written. */
  drained(): void {
    this.full = false
    this.#timer?.stop()
    this.#writer?.drained()
  }

  /** The connection is gone. */
  stop(): void {
    this.#timer?.stop()
  }

  /** Nothing more can be written. */
  fail(error: Error): void {
    this.#writer?.fail(error)
  }

  /** Nothing more will be written: watches that the client takes what was. */
  watchEnd(): void {
    const { wheel, timeouts } = this.#host
    this.#timer ??= new WriteTimer(wheel, this.#transport, timeouts.write, this.#listener)
    this.#timer.start()
  }

  #filled(): void {
    this.full = true
    this.watchEnd()
  }

  #sent(): void {
    this.#writer = undefined
    this.#listener.responseSent()
  }

  #broken(error: unknown): void {
    this.#writer = undefined
    this.#listener.responseBroken(error)
  }

  #end(chunks: BodyChunks): void {
    // Not in the scope of the request, which may be cancelled: then the source would not come to its end.
    outsideScopes(() => {
      discardChunks(chunks).catch((error: unknown) => this.#host.report(error, undefined))
    })
  }
}
