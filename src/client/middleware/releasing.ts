import type { Next } from '../../http/middleware.ts'
import type { ClientRequest } from '../request/client-request.ts'
import { ClientResponse } from '../response/client-response.ts'
import type { ClientMiddleware } from '../session-options.ts'

const careful = new WeakSet<ClientMiddleware>()

/** Marks a middleware of our own that is asynchronous and does by itself what `releasing()` is for. */
export function releasesItself(middleware: ClientMiddleware): ClientMiddleware {
  careful.add(middleware)
  return middleware
}

/**
 * `middleware`, whose responses hold no connection that nobody will free: where it goes on once more,
 * the response before is released, and where it fails, all that it was given.
 */
export function releasing(middleware: ClientMiddleware): ClientMiddleware {
  if (careful.has(middleware)) return middleware
  return async (request, next) => {
    const given = new Given(next)
    try {
      const response = await middleware(request, given.next)
      if (!(response instanceof ClientResponse)) given.fail()
      return response
    } catch (error) {
      given.fail()
      throw error
    }
  }
}

/** What one run of a middleware was given. */
class Given {
  readonly #next: Next<ClientRequest, ClientResponse>
  // Mostly there is one.
  #first: ClientResponse | undefined = undefined
  #others: ClientResponse[] | undefined = undefined
  #failed = false

  constructor(next: Next<ClientRequest, ClientResponse>) {
    this.#next = next
  }

  readonly next = async (request: ClientRequest): Promise<ClientResponse> => {
    this.#release()
    const response = await this.#next(request)
    if (this.#first === undefined) this.#first = response
    else (this.#others ??= []).push(response)
    // One of several at a time, which came too late.
    if (this.#failed) this.#release()
    return response
  }

  /** Nothing of it goes to who asked. */
  fail(): void {
    this.#failed = true
    this.#release()
  }

  #release(): void {
    const first = this.#first
    if (first === undefined) return
    const others = this.#others
    this.#first = this.#others = undefined
    release(first)
    if (others !== undefined) for (const response of others) release(response)
  }
}

function release(response: ClientResponse): void {
  // What is there as a whole holds nothing, and may still be read.
  if (!response.body.complete) void response.close()
}
