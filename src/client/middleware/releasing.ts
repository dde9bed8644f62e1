import { ClientResponse } from '../response/client-response.ts'
import type { ClientMiddleware } from '../session-options.ts'

/**
 * `middleware`, whose responses hold no connection that nobody will free: where it goes on once more,
 * the response before is released, and where it fails, all that it was given.
 */
export function releasing(middleware: ClientMiddleware): ClientMiddleware {
  return async (request, next) => {
    const given = new Set<ClientResponse>()
    let failed = false
    const release = (): void => {
      for (const response of given) {
        // What is there as a whole holds nothing, and may still be read.
        if (!response.body.complete) void response.close()
      }
      given.clear()
    }
    try {
      const response = await middleware(request, async (passed) => {
        release()
        const one = await next(passed)
        given.add(one)
        // One of several at a time, which came too late.
        if (failed) release()
        return one
      })
      failed = !(response instanceof ClientResponse)
      return response
    } catch (error) {
      failed = true
      throw error
    } finally {
      if (failed) release()
    }
  }
}
