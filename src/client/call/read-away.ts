import { CancelledError, TimeoutError } from '../../concurrency/errors.ts'
import { moveOnAfter } from '../../concurrency/time/timeout.ts'
import { ResponseError } from '../errors.ts'
import type { ClientResponse } from '../response/client-response.ts'
import { decodeText } from '../../http/text-decoding.ts'

// The body of a redirect is a line of HTML. Above this, a new connection costs less than reading it.
const mostReadAway = 65_536

// What takes longer holds up what comes after it, in milliseconds.
const longestRead = 1000

// What a person reads of the body of a failure, and more.
const mostErrorText = 4096

/** Reads a body that nobody wants, so that its connection can be used again; gives up on a long or slow one. */
export async function readAway(response: ClientResponse): Promise<void> {
  const { body, exchange } = response
  if (!exchange.keepsConnection || body.complete) {
    body.abandon()
    return
  }
  let size = 0
  await readFor(longestRead, response, ({ byteLength }) => (size += byteLength) <= mostReadAway)
}

/** Reads chunks until `take` wants no more, the time is up, or the connection breaks; then releases it. */
async function readFor(
  time: number,
  { body }: ClientResponse,
  take: (chunk: Uint8Array) => boolean,
): Promise<void> {
  try {
    await moveOnAfter(time, async () => {
      for await (const chunk of body) if (!take(chunk)) break
    })
  } catch (error) {
    if (isOverall(error)) throw error
    // What broke is the connection; what it was read for is there.
  } finally {
    body.abandon()
  }
}

// The caller's own end, and not one of the connection.
function isOverall(error: unknown): boolean {
  if (CancelledError.is(error)) return true
  return TimeoutError.is(error) && (error.phase === 'total' || error.phase === 'scope')
}

/** The error for a response whose status is a failure, with the beginning of its body. */
export async function responseError(response: ClientResponse): Promise<ResponseError> {
  const chunks: Uint8Array[] = []
  let size = 0
  // The status says what failed; the body only helps to understand it.
  await readFor(longestRead, response, (chunk) => {
    chunks.push(chunk)
    size += chunk.byteLength
    return size < mostErrorText
  })
  const text = decodeText(Buffer.concat(chunks).subarray(0, mostErrorText))
  return new ResponseError(response.method, response.url, response.status, response.headers, text)
}
