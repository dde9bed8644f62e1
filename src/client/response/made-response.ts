/** Responses that no server has sent: what a middleware answers in the place of one. */
import { ClosedResourceError } from '../../concurrency/errors.ts'
import { clock } from '../../concurrency/time/current-clock.ts'
import { HeaderFields, type HeadersInput } from '../../http/header-fields.ts'
import { IncomingBody } from '../../http/incoming-body.ts'
import { checkKinds, shown } from '../../util/option-kinds.ts'
import type { ClientRequest } from '../request/client-request.ts'
import { ClientResponse, type ResponseExchange } from './client-response.ts'

export interface MadeResponseOptions {
  /** Default 200. */
  status?: number | undefined
  headers?: HeadersInput | undefined
  /** The body as it is read, decompressed. Default: none. */
  body?: string | Uint8Array | undefined
}

/**
 * A response to `request` that is there at once and as a whole: for a middleware that knows the answer,
 * such as a cache, or that refuses to ask. It is followed as a redirect, or thrown by `raiseForStatus`, as
 * one that was sent.
 *
 * @example
 * ```ts
 * await using session = new ClientSession({
 *   middleware: [(request) => makeResponse(request, { status: 503, body: 'offline' })],
 * })
 * console.log((await session.get('http://api.test/')).status) // → 503
 * ```
 *
 * @throws RangeError for a status that is none, TypeError for headers or a body that can't be
 */
export function makeResponse(
  request: ClientRequest,
  options: MadeResponseOptions = {},
): ClientResponse {
  checkKinds(options, { status: 'any', headers: 'any', body: 'any' }, 'makeResponse()')
  const { status = 200, headers, body = '' } = options
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) {
    throw new TypeError(`Cannot use ${shown(body)} as "body": expected a string or bytes`)
  }
  if (!(Number.isInteger(status) && status >= 200 && status <= 599)) {
    throw new RangeError(`Cannot use ${String(status)} as "status": expected 200 to 599`)
  }
  const incoming = new IncomingBody({ pause() {}, resume() {}, abandon() {} })
  const bytes = Buffer.from(body)
  if (bytes.byteLength > 0) incoming.push(bytes, false)
  incoming.end()
  const { raw } = HeaderFields.from(headers)
  const head = { status, reason: '', fields: raw }
  return new ClientResponse(head, request.method, request.url, incoming, new NoExchange())
}

class NoExchange implements ResponseExchange {
  readonly over = true
  readonly keepsConnection = true
  readonly unsent = false
  readonly trace = undefined
  readonly openingTimes = undefined
  readonly startedAt: number = clock().now()
  readonly connectingAt: number = Number.NaN
  readonly sentAt: number = this.startedAt
  readonly headAt: number = this.startedAt
  readonly endedAt: number = this.startedAt

  limitTo(): void {}
  follow(): void {}
  abort(): void {}

  takeOver(): never {
    throw new ClosedResourceError(
      'Cannot take over a connection: the response was made without one',
    )
  }
}
