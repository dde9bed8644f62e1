/**
 * The middlewares around a call: asynchronous functions, in a scope of their own below that of the
 * request and in the context of the caller, with one total over all that they send. A redirect goes
 * through them once more.
 */
import { callInScope } from '../../concurrency/scope/context.ts'
import { Scope } from '../../concurrency/scope/scope.ts'
import type { Next } from '../../http/middleware.ts'
import type { PhaseTimer, PhaseTimers } from '../connection/phase-timer.ts'
import type { ClientRequest } from '../request/client-request.ts'
import type { ClientResponse } from '../response/client-response.ts'
import { openScope } from '../exchange/open-scope.ts'

/** The call, as its middlewares see it. */
export interface ChainedCall {
  answered(response: ClientResponse): void
  failed(error: unknown): void
}

export class CallChain {
  readonly #middleware: Next<ClientRequest, ClientResponse>
  readonly #scope: Scope
  readonly #call: ChainedCall
  // For the total of all of it.
  #timer: PhaseTimer | undefined
  // While they run.
  #running: Scope | undefined = undefined

  constructor(
    middleware: Next<ClientRequest, ClientResponse>,
    scope: Scope,
    call: ChainedCall,
    timer: PhaseTimer,
  ) {
    this.#middleware = middleware
    this.#scope = scope
    this.#call = call
    this.#timer = timer
  }

  /**
   * Passes a request through them, in the context that this is called in: the caller's, where the answer
   * to the one before is in, too.
   */
  async pass(request: ClientRequest): Promise<void> {
    const scope = new Scope(openScope(this.#scope))
    this.#running = scope
    let response: ClientResponse
    try {
      response = await callInScope(scope, this.#middleware, request)
    } catch (error) {
      this.#call.failed(error)
      return
    } finally {
      // What is left in it, as a body that is still to be read, is the caller's now.
      scope.end()
      this.#running = undefined
    }
    this.#call.answered(response)
  }

  cancel(error: unknown): void {
    this.#running?.cancel(error)
  }

  /** All is over. May be called again. */
  stop(timers: PhaseTimers): void {
    const timer = this.#timer
    this.#timer = undefined
    if (timer !== undefined) timers.takeBack(timer)
  }
}
