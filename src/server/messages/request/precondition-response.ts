import { formatHTTPTime } from '../../../http/fields/http-time.ts'
import { evaluatePreconditions, type ResourceState } from '../../../http/fields/preconditions.ts'
import { HTTPError } from '../http-error.ts'
import type { ReadableRequest } from '../readable-request.ts'
import { ServerResponse } from '../server-response.ts'

/** 304 or 412, if the conditions of the request ask for one. */
export function preconditionResponse(
  { method, headers }: ReadableRequest,
  state: ResourceState,
): ServerResponse | undefined {
  const result = evaluatePreconditions(method, headers, state)
  if (result === 'proceed') return undefined
  if (result === 'failed') return new HTTPError(412).toResponse()
  const response = new ServerResponse(null, { status: 304 })
  const { etag, lastModified } = state
  if (etag !== undefined) response.headers.set('etag', etag)
  if (lastModified !== undefined) {
    response.headers.set('last-modified', formatHTTPTime(lastModified))
  }
  return response
}
