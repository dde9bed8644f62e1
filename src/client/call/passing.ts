/** The innermost of the middlewares: sends what it is given once, and follows nothing. */
import { currentScope, type Scope } from '../../concurrency/scope/scope.ts'
import { Waiter } from '../../concurrency/scope/waiter.ts'
import type { ClientRequest } from '../request/client-request.ts'
import type { RequestSettings } from '../request/request-options.ts'
import type { ClientResponse } from '../response/client-response.ts'
import { Call } from './call.ts'
import type { CallPromise } from './call-promise.ts'
import { takeFirst } from './first-attempt.ts'
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
    const first = takeFirst(request)
    if (first !== undefined) return first
    const scope = currentScope()
    const passed = new PassedResponse(scope)
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
class PassedResponse implements CallPromise {
  readonly collector = undefined
  readonly #waiter: Waiter<ClientResponse>

  constructor(scope: Scope) {
    this.#waiter = new Waiter<ClientResponse>(undefined, scope, 'a response')
  }

  get promise(): Promise<ClientResponse> {
    return this.#waiter.promise
  }

  settle(response: ClientResponse): void {
    this.#waiter.resolve(response)
  }

  fail(error: unknown): void {
    this.#waiter.reject(error)
  }

  collecting(): void {}
}
