/**
 * What a request returns: the response to come, and short forms that read its body and release it.
 *
 * The request starts at once. Promises are made for whoever waits and for nobody else: the short form
 * of a small request costs one.
 */
import type { CancelledError } from '../../concurrency/errors.ts'
import { BusyResourceError } from '../../concurrency/errors.ts'
import { reportLost } from '../../concurrency/scope/lost-errors.ts'
import { ScopeMember, type Scope } from '../../concurrency/scope/scope.ts'
import { Waiter } from '../../concurrency/scope/waiter.ts'
import { clock } from '../../concurrency/time/current-clock.ts'
import { charsetOf } from '../../http/content-type.ts'
import { HeaderFields } from '../../http/header-fields.ts'
import type { ResponseHead } from '../../wire/http1/messages.ts'
import { ResponseError } from '../errors.ts'
import { BodyCollector, type BodyForm } from '../exchange/body-collector.ts'
import type { BodyReceiver } from '../exchange/body-receiver.ts'
import type { Call, CallEvents } from '../exchange/call.ts'
import { ClientResponse } from './client-response.ts'

export class ResponsePromise implements PromiseLike<ClientResponse>, CallEvents {
  readonly #scope: Scope
  #response: ClientResponse | undefined = undefined
  #error: unknown = undefined
  #failed = false
  #waiters: Set<Waiter<ClientResponse>> | undefined = undefined
  #collector: BodyCollector | undefined = undefined
  #raise = false
  #lost: LostFailure | undefined = undefined

  /** @internal */
  constructor(scope: Scope) {
    this.#scope = scope
  }

  /** @internal Whether a status of 400 and above is a failure. */
  raiseForStatus(raise: boolean): void {
    this.#raise = raise
  }

  /**
   * Waits for the head of the response. The body is read through the response.
   *
   * Cancellation: of the scope that made the request closes its connection; of another one only stops
   * waiting.
   */
  then<R = ClientResponse, S = never>(
    onFulfilled?: ((response: ClientResponse) => R | PromiseLike<R>) | null,
    onRejected?: ((error: unknown) => S | PromiseLike<S>) | null,
  ): Promise<R | S> {
    return this.#wait().then(onFulfilled, onRejected)
  }

  /** The body as text, in the charset of its content type, or UTF-8. Releases the connection by itself. */
  text(): Promise<string> {
    return this.#collect('text', (response) => response.text()) as Promise<string>
  }

  /** The body parsed as JSON. Releases the connection by itself. */
  json<T = unknown>(): Promise<T> {
    return this.#collect('json', (response) => response.json<T>()) as Promise<T>
  }

  /** The body. Releases the connection by itself. */
  bytes(): Promise<Uint8Array> {
    return this.#collect('bytes', (response) => response.bytes()) as Promise<Uint8Array>
  }

  /** The lines of the body as they come; leaving the loop releases the connection. */
  async *lines(options?: { limit?: number }): AsyncGenerator<string, void> {
    yield* (await this.#wait()).lines(options)
  }

  /** @internal */
  responded(head: ResponseHead, call: Call): BodyReceiver {
    const collector = this.#collector
    if (collector !== undefined) {
      const type = new HeaderFields(head.fields).get('content-type')
      const plain =
        head.framing === 'length' && new HeaderFields(head.fields).get('content-encoding') === null
      collector.begin(plain ? head.contentLength : -1, charsetOf(type))
      if (!this.#raise || head.status < 400) return collector
      return this.#errorReceiver(head, call, collector)
    }
    const response = new ClientResponse(head, call)
    if (this.#raise && head.status >= 400) {
      return this.#errorReceiver(head, call, { fail: (error) => this.failed(error) })
    }
    this.settle(response)
    return response.body
  }

  /** @internal */
  settle(response: ClientResponse): void {
    this.#response = response
    const waiters = this.#waiters
    this.#waiters = undefined
    if (waiters !== undefined) for (const waiter of waiters) waiter.resolve(response)
  }

  /** @internal */
  failed(error: unknown): void {
    if (this.#collector !== undefined) {
      this.#collector.fail(error)
      return
    }
    this.#failed = true
    this.#error = error
    const waiters = this.#waiters
    this.#waiters = undefined
    if (waiters !== undefined) for (const waiter of waiters) waiter.reject(error)
    else this.#lost = new LostFailure(error, this.#scope)
  }

  #wait(): Promise<ClientResponse> {
    if (this.#collector !== undefined) {
      return Promise.reject(
        new BusyResourceError(
          'Cannot await the response: its body is read by a short form already',
        ),
      )
    }
    this.#lost?.found()
    if (this.#failed) {
      const error = this.#error as Error
      return Promise.reject(error)
    }
    if (this.#response !== undefined) return Promise.resolve(this.#response)
    const waiter: Waiter<ClientResponse> = new Waiter<ClientResponse>(
      () => this.#waiters?.delete(waiter),
      undefined,
      'a response',
    )
    if (!waiter.settled) (this.#waiters ??= new Set()).add(waiter)
    return waiter.promise
  }

  #collect(form: BodyForm, read: (response: ClientResponse) => Promise<unknown>): Promise<unknown> {
    if (
      this.#response !== undefined ||
      this.#failed ||
      this.#waiters !== undefined ||
      this.#collector !== undefined
    ) {
      return this.#wait().then(read)
    }
    const waiter = new Waiter<unknown>(undefined, undefined, 'the body of a response')
    this.#collector = new BodyCollector(form, waiter)
    return waiter.promise
  }

  // Reads the beginning of the body of a failure, which says what failed.
  #errorReceiver(head: ResponseHead, call: Call, to: { fail(error: unknown): void }): BodyReceiver {
    const chunks: Buffer[] = []
    let size = 0
    let over = false
    const raise = (): void => {
      if (over) return
      over = true
      const text = Buffer.concat(chunks).toString('utf8', 0, mostErrorText)
      const headers = new HeaderFields(head.fields)
      const error = new ResponseError(call.method, call.url, head.status, headers, text)
      to.fail(error)
      call.abort(error)
    }
    return {
      push(bytes) {
        if (over) return
        chunks.push(Buffer.from(bytes))
        size += bytes.byteLength
        if (size >= mostErrorText) raise()
      },
      end: raise,
      fail(error) {
        if (over) return
        over = true
        to.fail(error)
      },
    }
  }
}

// What a person reads of it, and more.
const mostErrorText = 4096

/**
 * A failure that nobody has asked for yet. When its scope ends and nobody has, it goes to the scope's
 * group. Outside of every group it is reported as unhandled rejections are: after the current jobs.
 */
class LostFailure extends ScopeMember {
  readonly #error: unknown
  readonly #scope: Scope

  constructor(error: unknown, scope: Scope) {
    super()
    this.#error = error
    this.#scope = scope
    if (scope.group === undefined || scope.cancelled) clock().setTimer(0, () => this.#report())
    else scope.addMember(this)
  }

  found(): void {
    this.memberOf?.removeMember(this)
    this.#found = true
  }

  #found = false

  /** @internal */
  scopeCancelled(_error: CancelledError): void {
    this.memberOf?.removeMember(this)
    this.#report()
  }

  #report(): void {
    if (this.#found) return
    this.#found = true
    // In a cancelled scope it is the cancellation itself, or came too late to matter.
    if (!this.#scope.cancelled || this.#scope.error?.source === 'ended') {
      reportLost(this.#error, this.#scope.group, 'a request that nobody awaited')
    }
  }
}
