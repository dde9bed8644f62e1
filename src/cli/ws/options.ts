import { parseDuration } from '../duration.ts'
import {
  readArguments,
  readCount,
  readDuration,
  readHeaders,
  readTokens,
} from '../option-values.ts'
import { readProxy } from '../proxy.ts'
import { UsageError } from '../usage-error.ts'

/** `spool ws`, as it was asked for. Times are in milliseconds. */
export interface WSOptions {
  readonly url: string
  readonly headers: readonly (readonly [string, string])[]
  readonly subprotocols: readonly string[]
  /** Whether each message is printed as an object of JSON. */
  readonly json: boolean
  /** Whether lines are sent as binary messages. */
  readonly binary: boolean
  /** How long no message may come after the end of the input before it is closed. */
  readonly wait: number
  /** How often a ping is sent; undefined for never. */
  readonly ping: number | undefined
  readonly compress: boolean
  /** The most bytes of a message. */
  readonly maxSize: number
  /** Until it is open. */
  readonly timeout: number | undefined
  readonly proxy: string | undefined
}

export const wsUsage = `Usage: spool ws [options] URL

Opens a WebSocket, sends each line of standard input as a text message, and writes each message that
comes as a line to standard output. After the end of the input it waits for answers, see --wait.

      --json            write each message as an object: {"kind", "data", "time"}; kind is text, or
                        binary with data in base64
      --binary          send each line as a binary message
      --subprotocol NAME
                        offer a subprotocol; may be repeated, the best first
  -H, --header FIELD    send "Name: value" with the request; may be repeated
      --wait TIME       after the end of the input, close when no message has come for so long; 0
                        closes at once, forever waits for the server to close (1s)
      --ping TIME       send a ping every so often and write how long it took to standard error
      --compress        offer permessage-deflate
      --max-size BYTES  refuse larger messages (67108864)
      --timeout TIME    for the opening: 500ms, 30s, 2m (60s)
      --proxy URL       connect through http://, https://, socks5:// or socks5h://; environment for
                        what HTTP_PROXY and its like say (none)
  -h, --help

Exit codes: 0 closed with 1000 or 1001, or by the end of the input; 1 not opened, closed with
anything else or broken, or with a line unsent; 2 bad usage; 130 interrupted.
`

const definitions = {
  json: { type: 'boolean' },
  binary: { type: 'boolean' },
  subprotocol: { type: 'string', multiple: true },
  header: { type: 'string', short: 'H', multiple: true },
  wait: { type: 'string' },
  ping: { type: 'string' },
  compress: { type: 'boolean' },
  'max-size': { type: 'string' },
  timeout: { type: 'string' },
  proxy: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

/**
 * Reads the arguments after `ws`; `help` if they ask for it.
 *
 * @throws UsageError if they are wrong.
 */
export function readWSOptions(args: readonly string[]): WSOptions | 'help' {
  const { values, positionals } = readArguments(args, definitions)
  if (values.help) return 'help'
  const [url, ...more] = positionals
  if (url === undefined) throw new UsageError('Nothing to connect to: name a URL')
  if (more.length > 0) {
    throw new UsageError(`Cannot connect to more than one URL: "${more[0]}" is too many`)
  }
  const scheme = URL.parse(url)?.protocol ?? ''
  if (!/^(?:ws|http)s?:$/.test(scheme)) {
    throw new UsageError(`Cannot connect to "${url}": expected a URL with ws:// or wss://`)
  }
  return {
    url,
    headers: readHeaders(values.header),
    subprotocols: readTokens('--subprotocol', values.subprotocol),
    json: values.json ?? false,
    binary: values.binary ?? false,
    wait: readWait(values.wait),
    ping: readDuration('--ping', values.ping),
    compress: values.compress ?? false,
    maxSize: readSize(values['max-size']),
    timeout: readDuration('--timeout', values.timeout),
    proxy: readProxy(values.proxy),
  }
}

function readWait(value = '1s'): number {
  if (value === 'forever') return Infinity
  const wait = /^0+(?:ms|s|m|h)?$/.test(value) ? 0 : parseDuration(value)
  if (wait !== undefined) return wait
  throw new UsageError(
    `Cannot use --wait "${value}": expected a time such as 500ms or 30s, 0 or forever`,
  )
}

// More than that is no text of V8.
const largestSize = 536_870_888

function readSize(value: string | undefined): number {
  const size = readCount('--max-size', value, 1) ?? 67_108_864
  if (size <= largestSize) return size
  throw new UsageError(`Cannot use --max-size "${value}": expected ${largestSize} at most`)
}
