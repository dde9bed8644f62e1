// Bodies read as a whole: by the limit of the request, and with errors that say what the client did wrong.
import { charsetOf } from '../../../http/content-type.ts'
import type { IncomingBody } from '../../../http/incoming-body.ts'
import { SpoolError } from '../../../util/error.ts'
import { HTTPError } from '../http-error.ts'
import type { ReadableRequest } from '../readable-request.ts'

/** Throws `HTTPError` 413 if the body is longer than the limit of the request. */
export async function readBody<T>(
  request: ReadableRequest,
  read: (body: IncomingBody, limit: number) => Promise<T>,
): Promise<T> {
  // Refused before a byte of it is asked for.
  if (request.head.contentLength > request.bodyLimit) throw tooLarge(request.bodyLimit)
  try {
    return await read(request.body, request.bodyLimit)
  } catch (error) {
    throw SpoolError.hasCode(error, 'SPOOL_BODY_TOO_LARGE')
      ? tooLarge(request.bodyLimit, error)
      : error
  }
}

/**
 * Throws `HTTPError` 415 for a body that is compressed: nothing here undoes that, and its bytes are no
 * text (RFC 9110 §15.5.16).
 */
export function refuseCoded(request: ReadableRequest): void {
  const coding = request.headers.get('content-encoding')
  if (coding === null || /^\s*(?:identity)?\s*$/i.test(coding)) return
  throw new HTTPError(415, 'Expected a body without a content coding', {
    headers: { 'accept-encoding': 'identity' },
  })
}

/** Decoded by the charset of its content type. Throws `HTTPError` 415 for one that is not known. */
export async function readText(request: ReadableRequest): Promise<string> {
  refuseCoded(request)
  const charset = charsetOf(request.headers.get('content-type'))
  return readBody(request, async (body, limit) => {
    try {
      return await body.text(limit, charset)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      throw new HTTPError(415, `The charset "${charset}" is not supported`, { cause: error })
    }
  })
}

function tooLarge(limit: number, cause?: unknown): HTTPError {
  const options = cause === undefined ? {} : { cause }
  return new HTTPError(413, `The body is longer than the ${limit} bytes allowed`, options)
}
