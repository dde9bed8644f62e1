/** The innermost of the middlewares: sends what it is given once, and follows nothing. */
import { currentScope } from '../../concurrency/scope/scope.ts'
import { Waiter } from '../../concurrency/scope/waiter.ts'
import type { ClientRequest } from '../request/client-request.ts'
import type { RequestSettings } from '../request/request-options.ts'
import type { ClientResponse } from '../response/client-response.ts'
import { Call, type CallPromise } from './call.ts'
import type { Sending } from './sending.ts'

export class Passing {
  readonly #sending: Sending
  // Most requests of a session have the same.
  #settings: RequestSettings | undefined = undefined
  #passed: RequestSettings | undefined = undefined

  /** `sending`: without middlewares. */
  constructor(sending: Sending) {
    this.#sending = sending
  }

  readonly pass = (request: ClientRequest): Promise<ClientResponse> => {
    const scope = currentScope()
    const passed = new PassedResponse(undefined, scope, 'a response')
    try {
      const settings = this.#settingsOf(request)
      new Call(this.#sending, passed, scope, request.method, settings).startWith(request)
    } catch (error) {
      passed.fail(error)
    }
    return passed.promise
  }

  #settingsOf({ settings }: ClientRequest): RequestSettings {
    if (settings === this.#settings && this.#passed !== undefined) return this.#passed
    this.#settings = settings
    this.#passed = {
      ...settings,
      redirect: 'manual',
      raiseForStatus: false,
      // The whole has its time outside.
      timeouts: { ...settings.timeouts, total: Infinity },
    }
    return this.#passed
  }
}

/** What a middleware awaits: its own promise, since the body is its own to read. */
class PassedResponse extends Waiter<ClientResponse> implements CallPromise {
  readonly collector = undefined

  settle(response: ClientResponse): void {
    this.resolve(response)
  }

  fail(error: unknown): void {
    this.reject(error)
  }

  collecting(): void {}
}
