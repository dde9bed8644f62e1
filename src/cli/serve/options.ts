import { readArguments, readChoice } from '../option-values.ts'
import { UsageError } from '../usage-error.ts'

const logFormats = ['text', 'json'] as const

/** `spool serve`, as it was asked for. */
export interface ServeOptions {
  /** A program or a folder. */
  readonly served: string
  /** Undefined for a Unix socket. */
  readonly address: { readonly host: string; readonly port: number } | undefined
  /** The Unix socket. */
  readonly path: string | undefined
  /** How many processes; undefined for this one alone. */
  readonly workers: number | 'auto' | undefined
  /** The files with the certificate and its key, for TLS. */
  readonly certificate: { readonly certFile: string; readonly keyFile: string } | undefined
  /** Whether it is started anew when a file of the program changes. */
  readonly reload: boolean
  /** How each request is logged; undefined if it is not. */
  readonly accessLog: (typeof logFormats)[number] | undefined
  /** Whether folders without index are listed. */
  readonly listing: boolean
}

export const serveUsage = `Usage: spool serve [options] APP | FOLDER

Serves an application, or the files of a folder, until it is interrupted; then requests that run may
finish. APP is a JavaScript or TypeScript module whose default export is an Application or a handler.

      --host HOST       the address to listen on (127.0.0.1: this machine alone)
      --port PORT       0 for any that is free (8080)
      --path FILE       listen on a Unix socket instead
      --workers N       handle requests in N processes; auto for one for each processor
      --tls-cert FILE   serve https, with this certificate (PEM)
      --tls-key FILE    its key (PEM)
      --reload          start APP anew when a file of its folder changes
      --access-log[=FORMAT]
                        print a line for each request: text or json (text)
      --listing         list folders that have no index.html
  -h, --help

Exit codes: 0 the server came to its end, 1 it could not begin, 2 bad usage, 130 interrupted,
143 terminated.
`

const definitions = {
  host: { type: 'string' },
  port: { type: 'string' },
  path: { type: 'string' },
  workers: { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  reload: { type: 'boolean' },
  'access-log': { type: 'string' },
  listing: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

/**
 * Reads the arguments after `serve`; `help` if they ask for it.
 *
 * @throws UsageError if they are wrong.
 */
export function readServeOptions(args: readonly string[]): ServeOptions | 'help' {
  const { values, positionals } = readArguments(args.map(withFormat), definitions)
  if (values.help) return 'help'
  const [served, ...more] = positionals
  if (served === undefined) throw new UsageError('Nothing to serve: name a module or a folder')
  if (more.length > 0) {
    throw new UsageError(`Cannot serve more than one thing: "${more[0]}" is too many`)
  }
  const { path, 'tls-cert': certFile, 'tls-key': keyFile } = values
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new UsageError('Cannot serve with TLS: --tls-cert and --tls-key need each other')
  }
  const double = (['host', 'port'] as const).find((name) => values[name] !== undefined)
  if (path !== undefined && double !== undefined) {
    throw new UsageError(`Cannot listen on both --path and --${double}: choose one`)
  }
  return {
    served,
    // Who wants others to see their folder says so.
    address:
      path === undefined
        ? { host: values.host ?? '127.0.0.1', port: readPort(values.port) }
        : undefined,
    path,
    workers: readWorkers(values.workers),
    certificate:
      certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile },
    reload: values.reload ?? false,
    accessLog: readChoice('--access-log', values['access-log'], logFormats),
    listing: values.listing ?? false,
  }
}

/** The arguments that say the same. */
export function serveArguments(options: ServeOptions): string[] {
  const { address, path, workers, certificate, reload, accessLog, listing, served } = options
  return [
    ...(address === undefined ? [] : [`--host=${address.host}`, `--port=${address.port}`]),
    ...(path === undefined ? [] : [`--path=${path}`]),
    ...(workers === undefined ? [] : [`--workers=${workers}`]),
    ...(certificate === undefined
      ? []
      : [`--tls-cert=${certificate.certFile}`, `--tls-key=${certificate.keyFile}`]),
    ...(reload ? ['--reload'] : []),
    ...(accessLog === undefined ? [] : [`--access-log=${accessLog}`]),
    ...(listing ? ['--listing'] : []),
    '--',
    served,
  ]
}

// `parseArgs()` knows no option whose value may be left out.
function withFormat(arg: string): string {
  return arg === '--access-log' ? `${arg}=${logFormats[0]}` : arg
}

function readPort(value = '8080'): number {
  const port = /^\d+$/.test(value) ? Number(value) : Number.NaN
  if (port <= 65_535) return port
  throw new UsageError(`Cannot use --port "${value}": expected a whole number, 0 to 65535`)
}

// More is a slip: each takes some 60 MB.
const mostWorkers = 1_024

function readWorkers(value: string | undefined): number | 'auto' | undefined {
  if (value === undefined || value === 'auto') return value
  const count = /^\d+$/.test(value) ? Number(value) : Number.NaN
  if (count >= 1 && count <= mostWorkers) return count
  throw new UsageError(
    `Cannot use --workers "${value}": expected auto, or a whole number, 1 to ${mostWorkers}`,
  )
}
