/** A response as `fetch` gives it: the platform's own class, with what only a fetch can say. */
import { CancelledError } from '../../concurrency/errors.ts'
import type { ClientResponse } from '../response/client-response.ts'

// Fetch standard, "null body status".
const bodiless = new Set([101, 103, 204, 205, 304])

/** The response of the web; what it does not take is released. */
export function fetchResponse(response: ClientResponse): Response {
  const { status, reason, headers, method, redirected } = response
  const empty = method === 'HEAD' || bodiless.has(status)
  if (empty) void response.close()
  const init = { status, statusText: reason, headers: headers.toHeaders() }
  const hash = response.url.indexOf('#')
  // The fragment is the caller's (Fetch standard, "response URL").
  const url = hash < 0 ? response.url : response.url.slice(0, hash)
  try {
    return fetched(new Response(empty ? null : streamOf(response), init), url, redirected)
  } catch (error) {
    // A status above 599, or a phrase that the platform refuses.
    void response.close()
    throw error
  }
}

/** What a reader of the body sees in the place of what broke it. */
export function fetchFailure(error: unknown, message: string): unknown {
  if (!CancelledError.is(error)) return new TypeError(message, { cause: error })
  // A signal that was given to the fetch speaks for itself; a scope that ends is the caller's own end.
  return error.source === 'signal' ? error.reason : error
}

// The constructor has no way to say where a response came from.
function fetched(response: Response, url: string, redirected: boolean): Response {
  const clone = (): Response => fetched(Response.prototype.clone.call(response), url, redirected)
  return Object.defineProperties(response, {
    url: { value: url },
    redirected: { value: redirected },
    type: { value: 'basic' },
    clone: { value: clone },
  })
}

function streamOf(response: ClientResponse): ReadableStream<Uint8Array> {
  // Taken by the first pull: until then nobody reads it, and a session that closes releases it.
  let chunks: AsyncIterator<Uint8Array, undefined> | undefined
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          chunks ??= response.body[Symbol.asyncIterator]()
          const { value, done } = await chunks.next()
          if (done === true) controller.close()
          else controller.enqueue(value)
        } catch (error) {
          controller.error(fetchFailure(error, 'terminated'))
        }
      },
      async cancel() {
        await response.close()
      },
    },
    // Nothing is read before somebody asks.
    { highWaterMark: 0 },
  )
}
