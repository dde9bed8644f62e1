/** The format strings of access logs, made into a function once. */
import type { LoggedRequest } from './access-log.ts'

type Part = string | ((logged: LoggedRequest) => string)

const atom = /%(?:%|a|t|P|r|s|b|Tf|T|D|\{([^}]+)\}([io]))/g

/** Throws TypeError for an atom that there is not. */
export function compileFormat(format: string): (logged: LoggedRequest) => string {
  const parts: Part[] = []
  let end = 0
  for (const match of format.matchAll(atom)) {
    parts.push(literal(format, end, match.index), partOf(match[0], match[1], match[2]))
    end = match.index + match[0].length
  }
  parts.push(literal(format, end, format.length))
  return (logged) => {
    let line = ''
    for (const part of parts) line += typeof part === 'string' ? part : part(logged)
    return line
  }
}

function literal(format: string, start: number, end: number): string {
  const text = format.slice(start, end)
  const at = text.indexOf('%')
  if (at === -1) return text
  throw new TypeError(
    `Unknown atom "${text.slice(at, at + 3)}" in the format of an access log: expected %%, %a, %t, %P, %r, %s, %b, %T, %Tf, %D, %{Name}i or %{Name}o`,
  )
}

function partOf(text: string, name: string | undefined, of: string | undefined): Part {
  if (name !== undefined) {
    return of === 'i'
      ? ({ request }) => escaped(request.headers.get(name))
      : ({ end }) => escaped(end.response?.headers.get(name) ?? null)
  }
  switch (text) {
    case '%a':
      return ({ request }) => escaped(request.remoteAddress ?? null)
    case '%t':
      return ({ time }) => `[${commonTime(time)}]`
    case '%P':
      return String(process.pid)
    case '%r':
      return ({ request }) =>
        escaped(`${request.method} ${request.target} HTTP/1.${request.minorVersion}`)
    case '%s':
      return ({ status }) => String(status)
    case '%b':
      return ({ end }) => String(end.bytes)
    case '%T':
      return ({ duration }) => String(Math.floor(duration / 1_000))
    case '%Tf':
      return ({ duration }) => (duration / 1_000).toFixed(6)
    case '%D':
      return ({ duration }) => String(Math.round(duration * 1_000))
    default:
      return '%'
  }
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

// As the Common Log Format has it; in UTC, which no change of the clocks makes ambiguous.
function commonTime(time: Date): string {
  const [date = '', rest = ''] = time.toISOString().split('T')
  return `${date.slice(8)}/${months[time.getUTCMonth()]}/${date.slice(0, 4)}:${rest.slice(0, 8)} +0000`
}

// Whatever could end a line or a pair of quotes, or tell a terminal what to do.
const unsafe = /["\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

function escaped(value: string | null): string {
  if (value === null || value === '') return '-'
  return value.replaceAll(unsafe, (character) => {
    if (character === '"' || character === '\\') return `\\${character}`
    const code = character.codePointAt(0) as number
    return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
  })
}
