import { CancelledError, TimeoutError } from '../../concurrency/errors.ts'
import { ResponseError } from '../errors.ts'
import type { ClientResponse } from '../response/client-response.ts'
import { decodeText } from '../../http/text-decoding.ts'

// The body of a redirect is a line of HTML. Above this, a new connection costs less than reading it.
const mostReadAway = 65_536

// What a person reads of the body of a failure, and more.
const mostErrorText = 4096

/** Reads a body that nobody wants, so that its connection can be used again; gives up on a long one. */
export async function readAway(response: ClientResponse): Promise<void> {
  const { body, exchange } = response
  if (!exchange.keepsConnection) {
    body.abandon()
    return
  }
  let size = 0
  try {
    for await (const chunk of body) {
      size += chunk.byteLength
      if (size > mostReadAway) break
    }
  } catch (error) {
    if (isOverall(error)) throw error
    // What broke is the connection; what it was read for is there.
  }
}

// The caller's own end, and not one of the connection.
function isOverall(error: unknown): boolean {
  return CancelledError.is(error) || TimeoutError.is(error)
}

/** The error for a response whose status is a failure, with the beginning of its body. */
export async function responseError(response: ClientResponse): Promise<ResponseError> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of response.body) {
      chunks.push(chunk)
      size += chunk.byteLength
      if (size >= mostErrorText) break
    }
  } catch (error) {
    if (isOverall(error)) throw error
    // The status says what failed; the body only helps to understand it.
  }
  const text = decodeText(Buffer.concat(chunks).subarray(0, mostErrorText))
  return new ResponseError(response.method, response.url, response.status, response.headers, text)
}
