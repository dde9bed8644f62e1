/**
 * A list of URLs, one a line, read as it is needed: a list of a million lines costs no more memory
 * than one of ten. Blank lines and lines that begin with `#` are skipped and not counted.
 */

/** One URL of the input, as it was written. */
export interface URLLine {
  /** 1-based, counting URLs only. */
  readonly index: number
  readonly text: string
}

// RFC 9110 §4.1 asks for at least 8,000 octets; no server takes 64 KiB. A list without line ends
// must not be read into memory whole.
const longestLine = 65_536

/**
 * The lines of a stream of UTF-8, without blanks around them; `\n` and `\r\n` end a line. What is
 * longer than 65,536 characters is cut there.
 */
export async function* linesOf(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true })
    let start = 0
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      yield cut(rest + text.slice(start, end)).trim()
      rest = ''
      start = end + 1
    }
    rest = cut(rest + text.slice(start))
  }
  rest += decoder.decode()
  if (rest !== '') yield cut(rest).trim()
}

function cut(line: string): string {
  return line.length > longestLine ? line.slice(0, longestLine) : line
}

/** Whether a line of a list says something: it is not blank and no comment. */
export function isURLLine(line: string): boolean {
  return line !== '' && !line.startsWith('#')
}
