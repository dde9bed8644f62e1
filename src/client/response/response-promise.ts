/**
 * What a request returns: the response to come, and short forms that read its body and release it.
 *
 * The request starts at once. Promises are made for whoever waits and for nobody else: the short form
 * of a small request costs one.
 */
import { runInScope } from '../../concurrency/scope/context.ts'
import { type Scope, currentScope } from '../../concurrency/scope/scope.ts'
import { Waiter } from '../../concurrency/scope/waiter.ts'
import { discardBody } from '../../http/chunk-source.ts'
import type { OutgoingBody } from '../../http/outgoing-body.ts'
import type { ResponseHead } from '../../wire/http1/messages.ts'
import { BodyCollector, type BodyForm } from '../exchange/body-collector.ts'
import type { Call } from '../call/call.ts'
import type { CallPromise } from '../call/call-promise.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { ClientResponse } from './client-response.ts'
import { LostFailure } from './lost-failure.ts'

export class ResponsePromise implements PromiseLike<ClientResponse>, CallPromise {
  /** @internal What the whole body is gathered in, if it was asked for before the head came. */
  collector: BodyCollector | undefined = undefined
  /** @internal */
  call: Call | undefined = undefined
  readonly #scope: Scope
  #response: ClientResponse | undefined = undefined
  // The exchange and the head of a response whose body went to the collector.
  #exchange: Exchange | undefined = undefined
  #head: ResponseHead | undefined = undefined
  #failed = false
  #error: unknown = undefined
  #waiters: Set<Waiter<ClientResponse>> | undefined = undefined
  #lost: LostFailure | undefined = undefined

  /** @internal */
  constructor(scope: Scope) {
    this.#scope = scope
  }

  /**
   * Waits for the head of the response. The body is read through the response.
   *
   * Cancellation: of the scope that made the request, closes its connection; of another one, only
   * stops waiting.
   */
  then<R = ClientResponse, S = never>(
    onFulfilled?: ((response: ClientResponse) => R | PromiseLike<R>) | null,
    onRejected?: ((error: unknown) => S | PromiseLike<S>) | null,
  ): Promise<R | S> {
    return this.#wait().then(onFulfilled, onRejected)
  }

  /** As `then(undefined, onRejected)`. */
  catch<S = never>(
    onRejected?: ((error: unknown) => S | PromiseLike<S>) | null,
  ): Promise<ClientResponse | S> {
    return this.#wait().catch(onRejected)
  }

  /** Calls `onFinally` once the head has come, or the request has failed. */
  finally(onFinally?: (() => void) | null): Promise<ClientResponse> {
    return this.#wait().finally(onFinally)
  }

  /**
   * The body as text, in the charset of its content type, or UTF-8. Releases the connection by itself.
   *
   * Cancellation: closes the connection.
   *
   * @throws As the request, and as `ClientResponse.text()`
   */
  text(): Promise<string> {
    return this.#collect('text') as Promise<string>
  }

  /**
   * The body parsed as JSON. Releases the connection by itself.
   *
   * Cancellation: closes the connection.
   *
   * @throws SyntaxError if it is none; as the request, and as `ClientResponse.json()`
   */
  json<T = unknown>(): Promise<T> {
    return this.#collect('json') as Promise<T>
  }

  /**
   * The body. Releases the connection by itself.
   *
   * Cancellation: closes the connection.
   *
   * @throws As the request, and as `ClientResponse.bytes()`
   */
  bytes(): Promise<Uint8Array> {
    return this.#collect('bytes') as Promise<Uint8Array>
  }

  /**
   * The lines of the body as they come; leaving the loop releases the connection.
   *
   * Cancellation: closes the connection.
   */
  async *lines(options?: { limit?: number }): AsyncGenerator<string, void> {
    yield* (await this.#wait()).lines(options)
  }

  /**
   * Writes the body to a file, as `ClientResponse.saveTo()`, whatever the status. Releases the connection
   * by itself.
   *
   * Cancellation: what came is dropped; a file that was there before stays.
   *
   * @throws As the request, and as `ClientResponse.saveTo()`
   */
  async saveTo(path: string): Promise<number> {
    const response = await this.#wait()
    try {
      return await response.saveTo(path)
    } finally {
      await response.close()
    }
  }

  /** @internal The response is there, and its body goes to the collector. */
  collecting(exchange: Exchange, head: ResponseHead): void {
    this.#exchange = exchange
    this.#head = head
    if (this.#waiters !== undefined) this.settle(this.#collected(exchange, head))
  }

  /** @internal */
  settle(response: ClientResponse): void {
    this.#response = response
    const { collector } = this
    // The long way round: through middlewares.
    if (collector !== undefined && this.#head === undefined) {
      const whole = response.body.takeWhole()
      if (whole === undefined) {
        collector.follow(runInScope(this.#scope, () => response[collector.form]()))
      } else {
        collector.begin(whole.byteLength, response.typeField)
        collector.push(whole, false)
        collector.end()
      }
    }
    const waiters = this.#waiters
    this.#waiters = undefined
    if (waiters !== undefined) for (const waiter of waiters) waiter.resolve(response)
  }

  /** @internal */
  fail(error: unknown, body?: OutgoingBody): void {
    // What can be read only once was for this request: a file that nobody will read stays open otherwise.
    discardBody(body)
    const waiters = this.#waiters
    const { collector } = this
    this.#waiters = undefined
    this.#failed = true
    this.#error = error
    if (collector !== undefined) collector.fail(error)
    else if (waiters === undefined) this.#lost = new LostFailure(error, this.#scope)
    if (waiters !== undefined) for (const waiter of waiters) waiter.reject(error)
  }

  #wait(): Promise<ClientResponse> {
    this.#lost?.found()
    if (this.#failed) {
      const error = this.#error as Error
      return Promise.reject(error)
    }
    if (this.#head !== undefined && this.#exchange !== undefined) {
      this.#response ??= this.#collected(this.#exchange, this.#head)
    }
    if (this.#response !== undefined) return Promise.resolve(this.#response)
    const waiters = (this.#waiters ??= new Set())
    const waiter: Waiter<ClientResponse> = new Waiter<ClientResponse>(
      () => waiters.delete(waiter),
      currentScope(),
      'a response',
    )
    if (!waiter.settled) waiters.add(waiter)
    return waiter.promise
  }

  #collect(form: BodyForm): Promise<unknown> {
    if (this.#failed || this.#response !== undefined || this.collector !== undefined) {
      return this.#wait().then((response) => response[form]())
    }
    const scope = currentScope()
    // In the scope of the request it is the exchange that hears of the cancellation.
    const onCancelled =
      scope === this.#scope ? undefined : (error: Error): void => this.call?.abort(error)
    const waiter = new Waiter<unknown>(onCancelled, scope, 'the body of a response')
    this.collector = new BodyCollector(form, waiter)
    return waiter.promise
  }

  #collected(exchange: Exchange, head: ResponseHead): ClientResponse {
    return (this.call as Call).responseOf(exchange, head)
  }
}
