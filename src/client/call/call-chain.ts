/**
 * The middlewares around a call: asynchronous functions, in a scope of their own below that of the
 * request and in the context of the caller, with one total over all that they send. A redirect goes
 * through them once more.
 */
import { callInScope, type CapturedContext, runInContext } from '../../concurrency/scope/context.ts'
import { Scope } from '../../concurrency/scope/scope.ts'
import type { Next } from '../../http/middleware.ts'
import type { PhaseTimer, PhaseTimers, TimerOwner } from '../connection/phase-timer.ts'
import type { ClientRequest } from '../request/client-request.ts'
import type { ClientResponse } from '../response/client-response.ts'
import { openScope } from '../exchange/open-scope.ts'
import { type FirstAttempt, passAfter } from './first-attempt.ts'

/** The call, as its middlewares see it. */
export interface ChainedCall extends TimerOwner {
  answered(response: ClientResponse): void
  failed(error: unknown): void
}

export class CallChain {
  readonly #middleware: Next<ClientRequest, ClientResponse>
  readonly #scope: Scope
  readonly #call: ChainedCall
  readonly #timers: PhaseTimers
  // For the total of all of it.
  #timer: PhaseTimer | undefined
  // While they run.
  #running: Scope | undefined = undefined

  /** `until`: when all of it has to be over, on the clock. */
  constructor(
    middleware: Next<ClientRequest, ClientResponse>,
    scope: Scope,
    call: ChainedCall,
    timers: PhaseTimers,
    until: number,
    now: number,
  ) {
    this.#middleware = middleware
    this.#scope = scope
    this.#call = call
    this.#timers = timers
    this.#timer = timers.lend(call)
    this.#timer.set(until, now)
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

  /** Passes a request through them that was sent before, in the context of its caller, if that is known. */
  passAfter(attempt: FirstAttempt, context: CapturedContext | undefined): void {
    const pass = (): void => passAfter(attempt, (request) => void this.pass(request))
    if (context === undefined) pass()
    else runInContext(context, pass, undefined)
  }

  cancel(error: unknown): void {
    this.#running?.cancel(error)
  }

  /** All is over. May be called again. */
  stop(): void {
    const timer = this.#timer
    this.#timer = undefined
    if (timer !== undefined) this.#timers.takeBack(timer)
  }
}
