import { readArguments, readDuration, readHeaders, readMethod } from '../option-values.ts'
import { readProxy } from '../proxy.ts'
import { UsageError } from '../usage-error.ts'

/** `spool get`, as it was asked for. Times are in milliseconds. */
export interface GetOptions {
  readonly url: string
  readonly method: string
  readonly headers: readonly (readonly [string, string])[]
  /** As typed: the text itself, `@file` or `@-`. */
  readonly data: string | undefined
  /** Whether the head of the response comes before the body. */
  readonly include: boolean
  /** The file for the body; undefined is standard output. */
  readonly output: string | undefined
  readonly timeout: number | undefined
  readonly proxy: string | undefined
  /** Whether a status of 400 and above is a failure. */
  readonly fail: boolean
}

export const getUsage = `Usage: spool get [options] URL

Makes one request and writes the body of the response to standard output. Redirects are followed.

  -i, --include         write the head of the response first
  -X, --method METHOD   (GET; POST with --data)
  -H, --header FIELD    send "Name: value"; may be repeated. A redirect to another origin
                        goes without, but for Accept, User-Agent and the like
  -d, --data DATA       send DATA; @FILE sends a file, @- standard input
  -o, --output FILE     write the body to FILE
      --timeout TIME    for everything: 500ms, 30s, 2m (no limit)
      --proxy URL       go through http://, https://, socks5:// or socks5h://; environment for
                        what HTTP_PROXY and its like say (none)
      --fail            take a status of 400 and above for a failure
  -h, --help

Exit codes: 0 there was a response, 1 there was none, 2 bad usage, 130 interrupted.
`

const definitions = {
  include: { type: 'boolean', short: 'i' },
  method: { type: 'string', short: 'X' },
  header: { type: 'string', short: 'H', multiple: true },
  data: { type: 'string', short: 'd' },
  output: { type: 'string', short: 'o' },
  timeout: { type: 'string' },
  proxy: { type: 'string' },
  fail: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

/**
 * Reads the arguments after `get`; `help` if they ask for it.
 *
 * @throws UsageError if they are wrong.
 */
export function readGetOptions(args: readonly string[]): GetOptions | 'help' {
  const { values, positionals } = readArguments(args, definitions)
  if (values.help) return 'help'
  const [url, ...more] = positionals
  if (url === undefined) throw new UsageError('Nothing to get: name a URL')
  if (more.length > 0)
    throw new UsageError(`Cannot get more than one URL: "${more[0]}" is too many`)
  const scheme = URL.parse(url)?.protocol
  if (scheme !== 'http:' && scheme !== 'https:') {
    throw new UsageError(`Cannot get "${url}": expected a URL with http:// or https://`)
  }
  return {
    url,
    method: readMethod(values.method) ?? (values.data === undefined ? 'GET' : 'POST'),
    headers: readHeaders(values.header),
    data: values.data,
    include: values.include ?? false,
    output: values.output === '-' ? undefined : values.output,
    timeout: readDuration('--timeout', values.timeout),
    proxy: readProxy(values.proxy),
    fail: values.fail ?? false,
  }
}
