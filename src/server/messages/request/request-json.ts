// The body of a request as JSON, and what is wrong with it.
import type { IncomingBody } from '../../../http/incoming-body.ts'
import { decodeText } from '../../../http/text-decoding.ts'
import { HTTPError } from '../http-error.ts'
import { type StandardSchema, validate } from '../schema.ts'

/** Of a body that is still to come. Throws `HTTPError` 400 if it is none. */
export async function readJSON(body: IncomingBody, limit: number): Promise<unknown> {
  try {
    return await body.json(limit)
  } catch (error) {
    throw error instanceof SyntaxError ? notJSON(error) : error
  }
}

/**
 * Of a body that is there, as it mostly is with a small request: one promise, and no waiting in between.
 * Throws `HTTPError` 400 if it is none, and 422 if it does not match the schema.
 */
export async function jsonOf(
  bytes: Uint8Array,
  schema: StandardSchema | undefined,
): Promise<unknown> {
  let value: unknown
  try {
    value = JSON.parse(decodeText(bytes))
  } catch (error) {
    throw notJSON(error)
  }
  return schema === undefined ? value : validate(schema, value, 'body')
}

function notJSON(cause: unknown): HTTPError {
  return new HTTPError(400, 'The body is not valid JSON', { cause })
}
