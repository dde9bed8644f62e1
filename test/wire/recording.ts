// Feeds bytes to a parser in pieces and writes down what it tells, as the `events` block of a wire case.
import {
  type FieldList,
  ProtocolError,
  type RequestHead,
  RequestParser,
  type ResponseHead,
  ResponseParser,
} from 'spool/wire'

export interface Fed {
  readonly role: 'request' | 'response'
  readonly method: string
  readonly limits: Record<string, number>
}

/** One line for each event; the pieces of a body are joined. */
export function record(how: Fed, pieces: Iterable<Uint8Array>): string {
  const lines: string[] = []
  let body = ''
  const flush = (): void => {
    if (body !== '') lines.push(`body ${shown(body)}`)
    body = ''
  }
  const events = {
    informational(head: ResponseHead): void {
      lines.push(`informational ${responseLine(head)}`, ...fieldLines(head.fields))
    },
    head(head: RequestHead | ResponseHead): void {
      const line = 'status' in head ? responseLine(head) : requestLine(head)
      lines.push(`head ${line}`, ...fieldLines(head.fields))
    },
    body(bytes: Uint8Array): void {
      body += Buffer.from(bytes).toString('latin1')
    },
    end(trailers: FieldList): void {
      flush()
      lines.push('end', ...fieldLines(trailers))
    },
  }
  const parser =
    how.role === 'request'
      ? new RequestParser(events, how.limits)
      : new ResponseParser(events, how.limits)
  if (parser instanceof ResponseParser) parser.start(how.method)
  let rest = 0
  try {
    for (const piece of pieces) {
      if (rest > 0) rest += piece.length
      else rest = piece.length - parser.feed(piece)
    }
    if (rest > 0) lines.push(`rest ${rest}`)
    else parser.eof()
    flush()
  } catch (error) {
    if (!ProtocolError.is(error)) throw error
    flush()
    lines.push(`error ${error.statusHint}: ${error.message}`)
  }
  return `${lines.join('\n')}\n`
}

/** `bytes` in pieces of `size`. */
export function* piecesOf(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size)
}

function requestLine(head: RequestHead): string {
  return [
    `${head.method} ${head.target} 1.${head.minorVersion}`,
    framing(head),
    head.keepAlive ? 'keep' : 'close',
    ...(head.host === undefined ? [] : [`host=${head.host}`]),
    ...(head.expectContinue ? ['expect-continue'] : []),
    ...(head.upgrade === undefined ? [] : [`upgrade=${head.upgrade}`]),
  ].join(' ')
}

function responseLine(head: ResponseHead): string {
  return [
    `${head.status} ${shown(head.reason)} 1.${head.minorVersion}`,
    framing(head),
    head.keepAlive ? 'keep' : 'close',
  ].join(' ')
}

function framing(head: RequestHead | ResponseHead): string {
  return head.framing === 'length' ? `length=${head.contentLength}` : head.framing
}

function fieldLines(fields: FieldList): string[] {
  const lines: string[] = []
  for (let i = 0; i < fields.length; i += 2) lines.push(`  ${fields[i]}: ${shown(fields[i + 1]!)}`)
  return lines
}

/** As the `http` block writes it; a long run of one character is counted. */
function shown(text: string): string {
  const escaped = JSON.stringify(text).replaceAll(
    /[\u007f-\u00ff]|\\u00([0-9a-f]{2})/g,
    (character, hex: string | undefined) =>
      `\\x${hex ?? character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
  return escaped.replaceAll(/(.)\1{30,}/g, (run, one: string) => `{${one}*${run.length}}`)
}
