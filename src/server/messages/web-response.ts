// Between our messages and those of the web.
import type { BodyInput } from '../../http/outgoing-body.ts'
import { ServerResponse } from './server-response.ts'

/** A web `Response` as ours. Its body is passed on as it comes. Throws TypeError for one that can't be sent. */
function fromWebResponse(response: Response): ServerResponse {
  const { status, headers, body } = response
  if (response.type === 'error') throw new TypeError('Cannot answer with Response.error()')
  if (response.bodyUsed || body?.locked === true) {
    throw new TypeError('Cannot answer with a Response whose body is read already')
  }
  return new ServerResponse(body as BodyInput | null, { status, headers })
}

/** What a handler returned, as ours; undefined if it is no response. Throws for one that can't be sent. */
export function serverResponseOf(result: unknown): ServerResponse | undefined {
  if (result instanceof ServerResponse) return result
  return result instanceof Response ? fromWebResponse(result) : undefined
}
