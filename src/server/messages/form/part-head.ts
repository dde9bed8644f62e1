/** What the head of a part of a form says of it. */
import { parseContentType } from '../../../http/content-type.ts'

export interface PartHead {
  readonly name: string
  readonly filename: string | undefined
  /** The `Content-Type`, in lower case and without parameters. Default `text/plain` (RFC 7578 §4.4). */
  readonly type: string
  readonly charset: string | undefined
}

const parameter = /[\t ]*;[\t ]*([!#$%&'*+.^_`|~\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s";]+))/y

/** Undefined for a part that has no name: nothing can be done with it. */
export function readPartHead(lines: readonly string[]): PartHead | undefined {
  const disposition = valueOf(lines, 'content-disposition')
  const start = /^form-data(?=[\t ]*;)/i.exec(disposition)
  if (start === null) return undefined
  let name: string | undefined
  let filename: string | undefined
  parameter.lastIndex = start[0].length
  for (let found = parameter.exec(disposition); found; found = parameter.exec(disposition)) {
    const [, key = '', quoted, token = ''] = found
    const value = quoted === undefined ? token : unquote(quoted)
    if (/^name$/i.test(key)) name ??= value
    else if (/^filename$/i.test(key)) filename ??= value.split(/[/\\]/).at(-1) ?? ''
  }
  if (name === undefined) return undefined
  const type = parseContentType(valueOf(lines, 'content-type'))
  return {
    name,
    filename,
    type: type?.type ?? 'text/plain',
    charset: type?.parameters.get('charset')?.toLowerCase(),
  }
}

function valueOf(lines: readonly string[], name: string): string {
  const line = lines.find((line) => line.slice(0, line.indexOf(':')).toLowerCase() === name)
  return line === undefined ? '' : line.slice(name.length + 1).trim()
}

// Browsers write quotes and line ends as %22, %0D and %0A and leave backslashes as they are; others put
// a backslash before a quote.
function unquote(text: string): string {
  return text
    .replaceAll(/\\(["\\])/g, '$1')
    .replaceAll('%22', '"')
    .replaceAll(/%0[Dd]%0[Aa]/g, '\r\n')
}
