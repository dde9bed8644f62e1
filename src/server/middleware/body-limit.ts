import { show } from '../../concurrency/scope/arguments.ts'
import { HTTPError } from '../messages/http-error.ts'
import type { ServerMiddleware } from '../routing/route.ts'

/**
 * Refuses requests with bodies of more than `limit` bytes by 413: by their `Content-Length` before the
 * handler is called, and otherwise as soon as more have come, however they are read, as a stream too.
 * It stands in place of the limit of server and route, whether that is lower or higher.
 *
 * Throws RangeError for a limit that is negative or no number.
 *
 * @example
 * ```ts
 * const app = new Application()
 *   .use(bodyLimit(1_000))
 *   .post('/', async (request) => text(`${(await request.bytes()).byteLength} bytes`))
 * const request = new Request('http://localhost/', { method: 'POST', body: 'x'.repeat(1_001) })
 * console.log((await app.fetch(request)).status) // 413
 * ```
 */
export function bodyLimit(limit: number): ServerMiddleware {
  if (typeof limit !== 'number' || !(limit >= 0)) {
    throw new RangeError(`Cannot limit bodies to ${show(limit)} bytes: expected 0 or more`)
  }
  return (request, next) => {
    request.bodyLimit = limit
    if (request.head.contentLength > limit) {
      throw new HTTPError(413, `The body is longer than the ${limit} bytes allowed`)
    }
    request.incoming?.limitTo(limit)
    return next(request)
  }
}
