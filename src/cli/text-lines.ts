/** A stream as lines, each of them whole: as text, or as the bytes that they are. */
import { LimitExceededError } from '../io/index.ts'

const lineFeed = 0x0a
const carriageReturn = 0x0d

/** As `byteLines()`, of a stream of UTF-8. */
export async function* textLines(
  chunks: AsyncIterable<Uint8Array>,
  longest: number,
): AsyncGenerator<string[]> {
  for await (const lines of byteLines(chunks, longest)) {
    yield lines.map((line) => line.toString())
  }
}

/**
 * The lines of a stream, as many at a time as came with one chunk; `\n` and `\r\n` end a line. What
 * follows the last line end is a line if it is not empty.
 *
 * @throws LimitExceededError for a line of more than `longest` bytes
 */
export async function* byteLines(
  chunks: AsyncIterable<Uint8Array>,
  longest: number,
): AsyncGenerator<Buffer[]> {
  let parts: Uint8Array[] = []
  let length = 0
  let count = 0
  const keep = (part: Uint8Array): void => {
    length += part.length
    if (length > longest) {
      throw new LimitExceededError(`the end of line ${count + 1} of the input`, longest)
    }
    if (part.length > 0) parts.push(part)
  }
  for await (const chunk of chunks) {
    const lines: Buffer[] = []
    let start = 0
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
      keep(chunk.subarray(start, end))
      lines.push(lineOf(parts))
      count++
      parts = []
      length = 0
      start = end + 1
    }
    // A copy: the next chunk may come in the same bytes.
    keep(Uint8Array.from(chunk.subarray(start)))
    if (lines.length > 0) yield lines
  }
  if (length > 0) yield [lineOf(parts)]
}

function lineOf(parts: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.concat(parts)
  return bytes.at(-1) === carriageReturn ? bytes.subarray(0, -1) : bytes
}
