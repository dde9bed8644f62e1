import { currentScope } from '../../concurrency/scope/scope.ts'
import { SpoolError } from '../../util/error.ts'
import { decodeText } from '../../http/text-decoding.ts'

const LF = 10
const CR = 13
// A longer line is no line: it is a body without line breaks.
const defaultLimit = 2 ** 20

/**
 * The lines of a stream of bytes; the last one may lack its end.
 *
 * Cancellation: stops before the next line, also if that has come already, and leaves the stream.
 */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  limit: number = defaultLimit,
): AsyncGenerator<string, void> {
  let rest: Uint8Array[] = []
  let size = 0
  let first = true
  for await (const chunk of chunks) {
    let from = 0
    for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, from)) {
      rest.push(chunk.subarray(from, at))
      size += at - from
      check(size, limit)
      currentScope().throwIfCancelled()
      yield lineOf(rest, first)
      first = false
      rest = []
      size = 0
      from = at + 1
    }
    if (from < chunk.byteLength) {
      rest.push(chunk.subarray(from))
      size += chunk.byteLength - from
      check(size, limit)
    }
  }
  if (size > 0) yield lineOf(rest, first)
}

function lineOf(parts: Uint8Array[], first: boolean): string {
  const line = parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts)
  const bytes = line.at(-1) === CR ? line.subarray(0, -1) : line
  // A byte order mark stands at the beginning of a text; elsewhere it is a character.
  return first || bytes[0] !== 0xef ? decodeText(bytes) : Buffer.from(bytes).toString()
}

function check(size: number, limit: number): void {
  if (size > limit) {
    throw new SpoolError(
      'SPOOL_BODY_TOO_LARGE',
      `Refused a line of more than ${limit} bytes, which is the limit`,
    )
  }
}
