/** What becomes of a response that the caller does not get: a redirect to be followed, or a failure by its status. */
import { traceRedirect } from '../../http/tracing/request-channels.ts'
import type { ClientRequest } from '../request/client-request.ts'
import { redirected } from '../request/redirect.ts'
import type { ClientResponse, RedirectStep } from '../response/client-response.ts'
import { readAway, responseError } from './read-away.ts'

/** A call whose answer is not its last, or not what was hoped for. */
export interface TurningCall {
  readonly over: boolean
  history: RedirectStep[] | undefined
  asRequest(): ClientRequest
  /** Sends what a redirect has made of the request. */
  goOn(request: ClientRequest): void
  failed(error: unknown): void
}

/** `location`: where a redirect leads; undefined for a failure. Runs in the scope of the call. */
export async function turn(
  call: TurningCall,
  response: ClientResponse,
  location: string | undefined,
): Promise<void> {
  try {
    if (location === undefined) throw await responseError(response)
    await follow(call, response, location)
  } catch (error) {
    await response.close()
    call.failed(error)
  }
}

async function follow(
  call: TurningCall,
  response: ClientResponse,
  location: string,
): Promise<void> {
  const followed = (call.history ??= [])
  const { status, exchange } = response
  const next = redirected(call.asRequest(), status, location, followed.length, exchange.unsent)
  if (exchange.trace !== undefined) traceRedirect(exchange.trace, status, next.url)
  followed.push({ url: response.url, status, headers: response.headers })
  await readAway(response)
  if (!call.over) call.goOn(next)
}
