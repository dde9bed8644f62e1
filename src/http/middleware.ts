/** What a middleware calls to go on; on the client side it may be called again to repeat. */
export type Next<Request, Response> = (request: Request) => Response | Promise<Response>

/** Wraps the handling of a request. One shape on both sides. */
export type Middleware<Request, Response> = (
  request: Request,
  next: Next<Request, Response>,
) => Response | Promise<Response>

/**
 * Makes one function of `middlewares`, the first outermost, around `handler`. Done once and not for
 * each request, so that a chain costs a request no allocation.
 */
export function compose<Request, Response>(
  middlewares: readonly Middleware<Request, Response>[],
  handler: Next<Request, Response>,
): Next<Request, Response> {
  return middlewares.reduceRight<Next<Request, Response>>(
    (next, middleware) => (request) => middleware(request, next),
    handler,
  )
}
