/**
 * A list of URLs, one a line, read as it is needed: a list of a million lines costs no more memory
 * than one of ten thousand. Blank lines and lines that begin with `#` are skipped and not counted.
 */

/** One URL of the input, as it was written. */
export interface URLLine {
  /** 1-based, counting URLs only. */
  readonly index: number
  readonly text: string
  /** Whether it was longer, and is no URL that anybody meant. */
  readonly cut: boolean
}

/** Ends the text of a line that was cut: no line has one. */
export const cutMark = '\n'

// RFC 9110 §4.1 asks for at least 8,000 octets; no server takes 64 KiB. A list without line ends
// must not be read into memory whole.
const longestLine = 65_536
const lineFeed = 0x0a

/**
 * The lines of a stream of UTF-8, without blanks around them, as many at a time as came with one
 * chunk; `\n` and `\r\n` end a line. What is longer than 65,536 bytes is cut there and marked. A chunk may be
 * used again when the next one is asked for.
 */
export async function* linesOf(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<string[]> {
  let bytes: Buffer = Buffer.allocUnsafeSlow(2 * longestLine)
  let length = 0
  for await (const chunk of chunks) {
    if (length + chunk.length > bytes.length) bytes = grown(bytes, length + chunk.length)
    bytes.set(chunk, length)
    length += chunk.length
    const lines: string[] = []
    const read = bytes.subarray(0, length)
    let start = 0
    for (let end = read.indexOf(lineFeed); end >= 0; end = read.indexOf(lineFeed, start)) {
      lines.push(textOf(read, start, end))
      start = end + 1
    }
    // One more shows that it is to be cut.
    length = Math.min(length - start, longestLine + 1)
    bytes.copyWithin(0, start, start + length)
    if (lines.length > 0) yield lines
  }
  if (length > 0) yield [textOf(bytes, 0, length)]
}

function grown(bytes: Buffer, size: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(size)
  bytes.copy(larger)
  return larger
}

// Each line a string of its own: a part of a larger one would keep the whole chunk in memory for as
// long as the URL waits for its turn. Trimming takes a byte order mark away too.
function textOf(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('utf8', start, Math.min(end, start + longestLine)).trim()
  return end - start > longestLine ? text + cutMark : text
}

/** Whether a line of a list says something: it is not blank and no comment. */
export function isURLLine(line: string): boolean {
  return line !== '' && !line.startsWith('#')
}
