// Between our messages and those of the web.
import type { BodyInput } from '../../http/outgoing-body.ts'
import { ServerResponse } from './server-response.ts'

/** A web `Response` as ours. Its body is passed on as it comes. */
function fromWebResponse(response: Response): ServerResponse {
  const { status, headers } = response
  return new ServerResponse(response.body as BodyInput | null, { status, headers })
}

/** What a handler returned, as ours; undefined if it is no response. */
export function serverResponseOf(result: unknown): ServerResponse | undefined {
  if (result instanceof ServerResponse) return result
  return result instanceof Response ? fromWebResponse(result) : undefined
}
