/**
 * The half of an exchange that sends: the head, and the body with it, after it in chunks, or once the
 * server wants it. A base of the exchange and not a part of it, as its phases are.
 */
import { captureContext, type CapturedContext } from '../../concurrency/scope/context.ts'
import type { Scope } from '../../concurrency/scope/scope.ts'
import { clock } from '../../concurrency/time/current-clock.ts'
import {
  type RequestTrace,
  traceChunkSent,
  tracedChunks,
  traceSent,
} from '../../http/tracing/request-channels.ts'
import type { OutgoingBody } from '../../http/outgoing-body.ts'
import type { Transport } from '../../io/transport.ts'
import type { Framed } from '../request/request-heads.ts'
import type { Timeouts } from '../timeouts.ts'
import { ExchangePhases } from './exchange-phases.ts'
import { Expectation } from './expectation.ts'
import { openScope } from './open-scope.ts'
import { Upload, type UploadEvents } from './upload.ts'
import { writeRequest } from './write-request.ts'

export abstract class ExchangeSending extends ExchangePhases implements UploadEvents {
  sentAt: number = Number.NaN
  headAt: number = Number.NaN
  /** Whether nothing of the body was sent: the server has answered without it. */
  unsent = false
  /** If somebody listens. */
  trace: RequestTrace | undefined = undefined
  protected readonly framed: Framed
  protected readonly scope: Scope
  readonly #body: OutgoingBody | undefined
  // Of who asked: a source of chunks runs with their stores, and not with those of who opened the socket.
  readonly #context: CapturedContext | undefined
  // If the body waits until the server wants it.
  #expectation: Expectation | undefined = undefined
  #sending = false
  #upload: Upload | undefined = undefined
  // The rest of the request's body is not sent.
  #cutShort = false

  constructor(
    timeouts: Timeouts,
    until: number,
    framed: Framed,
    body: OutgoingBody | undefined,
    scope: Scope,
  ) {
    super(timeouts, until)
    this.framed = framed
    this.scope = scope
    this.#body = body
    this.#context = body?.kind === 'stream' ? captureContext() : undefined
  }

  /** Whether the connection may carry another exchange, as far as the request is concerned. */
  get leavesReusable(): boolean {
    const sent = !this.#sending || this.#upload?.complete === true
    return sent && !this.#cutShort && !this.framed.closes
  }

  /**
   * Lets the body, if there is one, wait for so long until the server says that it wants it.
   *
   * @throws TypeError if the head says that something is expected
   */
  expect(wait: number): void {
    // RFC 9110 §10.1.1: not without a body.
    if (this.#body === undefined || this.#body.length === 0) return
    if (/\r\nExpect:/i.test(this.framed.head)) {
      throw new TypeError('Cannot send both "expectContinue" and a header "Expect"')
    }
    this.#expectation = new Expectation(wait, this.timers, () => this.continued(clock().now()))
  }

  /** @internal The server wants the body, or has had the time to say whether it does. */
  continued(now: number): void {
    const transport = this.connection?.transport
    if (this.#expectation?.end() !== true || transport === undefined) return
    this.#sending = false
    this.#sendBody(this.#body as OutgoingBody, transport, '')
    this.#watchSending(now)
  }

  /** @internal What was queued is written. */
  drained(): void {
    const upload = this.#upload
    const now = clock().now()
    if (upload !== undefined) {
      // From now on it is the source that we wait for, for as long as all of it may take.
      this.watch(Number.isNaN(this.headAt) ? 'total' : 'idle', now)
      upload.drained()
    } else if (this.#sending && this.#expectation?.holds !== true) {
      this.#sent(now)
    }
  }

  // From the upload.

  /** @internal */
  held(): void {
    if (Number.isNaN(this.headAt)) this.enterWrite(clock().now())
  }

  /** @internal */
  uploaded(): void {
    // The last of it may still have to be taken.
    const full = this.#upload?.full === true
    this.#upload = undefined
    if (!full) this.#sent(clock().now())
  }

  // From the exchange.

  protected send(transport: Transport, now: number): void {
    const { head } = this.framed
    const expectation = this.#expectation
    this.sentAt = now
    if (this.#body === undefined) transport.write(head)
    else if (expectation === undefined) this.#sendBody(this.#body, transport, head)
    else {
      this.#sending = true
      this.phase = 'total'
      expectation.begin(now)
      transport.write(expectation.headOf(head))
    }
    if (this.trace !== undefined) traceSent(this.trace, now)
    this.#watchSending(now)
  }

  /** The head of the response is there; says whether to ask again, without saying that anything is expected. */
  protected answered(status: number): boolean {
    if (this.#expectation !== undefined) {
      this.unsent = this.#expectation.end()
      // RFC 9110 §15.5.18.
      if (status === 417 && this.isReplayable) {
        this.#expectation = undefined
        return true
      }
      // The server does not get what the head has promised.
      this.#cutShort ||= this.unsent
    }
    // RFC 9112 §9.5: a client that sends a body and sees an error stops sending, and closes.
    if (status >= 400 && this.#upload !== undefined) {
      this.#cutShort = true
      this.#stop()
    }
    return false
  }

  /** Whether all of it can be sent a second time. */
  protected get isReplayable(): boolean {
    return this.unsent || this.#expectation?.holds === true || this.#body?.replayable !== false
  }

  /** What was begun is begun anew. */
  protected rewind(): void {
    this.#sending = false
    this.unsent = false
    this.stopSending()
  }

  protected stopSending(): void {
    this.#expectation?.end()
    this.#stop()
  }

  // `head` is empty if it was sent before.
  #sendBody(body: OutgoingBody, transport: Transport, head: string): void {
    if (body.kind === 'stream') {
      this.#sending = true
      this.phase = 'total'
      if (head !== '') transport.write(head)
      this.#upload = new Upload(transport, this.framed.framing, openScope(this.scope), this)
      const { trace } = this
      const chunks = trace === undefined ? body.chunks : tracedChunks(trace, body.chunks)
      void this.#upload.run(chunks, this.#context)
      return
    }
    const more = writeRequest(transport, head, body)
    if (this.trace !== undefined) {
      traceChunkSent(this.trace, body.kind === 'text' ? body.text : body.bytes)
    }
    this.#sending = !more
    if (!more) this.enterWrite(clock().now())
  }

  #watchSending(now: number): void {
    if (!this.over) this.watch(this.#sending ? this.phase : 'headers', now)
  }

  #sent(now: number): void {
    this.#sending = false
    if (Number.isNaN(this.headAt)) this.watch('headers', now)
  }

  #stop(): void {
    this.#upload?.stop()
    this.#upload = undefined
  }
}
