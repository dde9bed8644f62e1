// The body of a request as JSON, and what is wrong with it.
import { decodeText } from '../../../http/text-decoding.ts'
import { HTTPError } from '../http-error.ts'
import { type StandardSchema, validated } from '../schema.ts'
import type { ReadableRequest } from '../readable-request.ts'
import { readBody, refuseCoded } from './request-body.ts'

/** Of a body that is still to come. Throws `HTTPError` 400 if it is none, 415 if it is compressed. */
export function readJSON(request: ReadableRequest): Promise<unknown> {
  return readBody(request, async (body, limit) => {
    try {
      return await body.json(limit)
    } catch (error) {
      throw error instanceof SyntaxError ? notJSON(request, error) : error
    }
  })
}

/**
 * Of a body that is there, as it mostly is with a small request: one promise, and no waiting in between.
 * Throws `HTTPError` 400 if it is none, 415 if it is compressed, and 422 if it does not match the schema.
 */
export function jsonOf(
  request: ReadableRequest,
  bytes: Uint8Array,
  schema: StandardSchema | undefined,
): Promise<unknown> {
  try {
    const value = parsed(request, bytes)
    return Promise.resolve(schema === undefined ? value : validated(schema, value, 'body'))
  } catch (error) {
    const failure = error as Error
    return Promise.reject(failure)
  }
}

function parsed(request: ReadableRequest, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decodeText(bytes))
  } catch (error) {
    throw notJSON(request, error)
  }
}

// Only now: what is compressed is never JSON, and no other request pays for the look.
function notJSON(request: ReadableRequest, cause: unknown): HTTPError {
  refuseCoded(request)
  return new HTTPError(400, 'The body is not valid JSON', { cause })
}
