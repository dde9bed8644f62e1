import {
  readArguments,
  readChoice,
  readCount,
  readDuration,
  readHeaders,
  readMethod,
} from '../option-values.ts'
import { readProxy } from '../proxy.ts'
import { UsageError } from '../usage-error.ts'
import { type ProgressMode, progressModes } from './output/progress.ts'

/** `spool fetch`, as it was asked for. Times are in milliseconds. */
export interface FetchOptions {
  /** Files, URLs, or `-`, in order. */
  readonly inputs: readonly string[]
  /** How many URLs are fetched at once. Default 100. */
  readonly concurrency: number
  /** How many of them from one host. Default 8. */
  readonly perHost: number
  /** For one attempt, from its beginning to the last byte of the body. Default 30 s. */
  readonly timeout: number
  /** How often a failed attempt is repeated. Default 2. */
  readonly retries: number
  /** The folder that keeps the bodies. */
  readonly out: string | undefined
  /** The file for the report; `-` is standard output. */
  readonly report: string | undefined
  /** Whether what the report has already is left out. */
  readonly resume: boolean
  /** Whether a status of 400 and above counts as failed. */
  readonly fail: boolean
  readonly progress: ProgressMode
  readonly method: string
  readonly headers: readonly (readonly [string, string])[]
  /** A URL, or `environment`. */
  readonly proxy: string | undefined
}

export const fetchUsage = `Usage: spool fetch [options] <file | url … | ->

Fetches every URL of the lists, many at once, and keeps every result. A list has one URL a line;
blank lines and lines that begin with # are skipped. - reads the list from standard input.

  -c, --concurrency N   URLs fetched at once (100)
      --per-host N      of them from one host (8)
      --timeout TIME    for one attempt: 500ms, 30s, 2m (30s)
      --retries N       further attempts after a connection that failed, a time-out, or a
                        status of 5xx, 408 or 429, for methods that may be repeated (2)
      --out DIR         keep the bodies in DIR, one file each
      --report FILE     write one JSON line for each URL to FILE (- is standard output)
      --resume          leave out what the report of an interrupted run has, and add to it
      --fail            count statuses of 400 and above as failed
      --progress MODE   auto, bar, plain or none (auto: a bar on a terminal)
  -X, --method METHOD   (GET)
  -H, --header FIELD    send "Name: value" with each request; may be repeated. A redirect to
                        another origin goes without, but for Accept, User-Agent and the like
      --proxy URL       go through http://, https://, socks5:// or socks5h://; environment for
                        what HTTP_PROXY and its like say (none)
  -h, --help

Exit codes: 0 all fetched, 1 some failed, 2 bad usage, 130 interrupted.
`

const definitions = {
  concurrency: { type: 'string', short: 'c' },
  'per-host': { type: 'string' },
  timeout: { type: 'string' },
  retries: { type: 'string' },
  out: { type: 'string' },
  report: { type: 'string' },
  resume: { type: 'boolean' },
  fail: { type: 'boolean' },
  progress: { type: 'string' },
  method: { type: 'string', short: 'X' },
  header: { type: 'string', short: 'H', multiple: true },
  proxy: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

/**
 * Reads the arguments after `fetch`; `help` if they ask for it.
 *
 * @throws UsageError if they are wrong.
 */
export function readFetchOptions(args: readonly string[]): FetchOptions | 'help' {
  const { values, positionals } = readArguments(args, definitions)
  if (values.help) return 'help'
  if (positionals.length === 0) {
    throw new UsageError('Nothing to fetch: name a file of URLs, URLs, or - for standard input')
  }
  return {
    inputs: positionals,
    concurrency: readCount('--concurrency', values.concurrency, 1) ?? 100,
    perHost: readCount('--per-host', values['per-host'], 1) ?? 8,
    timeout: readDuration('--timeout', values.timeout) ?? 30_000,
    retries: readCount('--retries', values.retries, 0) ?? 2,
    out: values.out,
    report: values.report,
    resume: readResume(values),
    fail: values.fail ?? false,
    progress: readChoice('--progress', values.progress, progressModes) ?? 'auto',
    method: readMethod(values.method) ?? 'GET',
    headers: readHeaders(values.header),
    proxy: readProxy(values.proxy),
  }
}

function readResume({ resume = false, report }: { resume?: boolean; report?: string }): boolean {
  if (resume && (report === undefined || report === '-')) {
    throw new UsageError('Cannot use --resume: name the file of the report with --report')
  }
  return resume
}
