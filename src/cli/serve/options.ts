import { readArguments } from '../option-values.ts'
import { UsageError } from '../usage-error.ts'

/** `spool serve`, as it was asked for. */
export interface ServeOptions {
  /** A program or a folder. */
  readonly path: string
  readonly host: string
  readonly port: number
  /** The files with the certificate and its key, for TLS. */
  readonly certificate: { readonly certFile: string; readonly keyFile: string } | undefined
  /** Whether folders without index are listed. */
  readonly listing: boolean
}

export const serveUsage = `Usage: spool serve [options] APP | FOLDER

Serves an application, or the files of a folder, until it is interrupted; then requests that run may
finish. APP is a JavaScript or TypeScript module whose default export is an Application or a handler.

      --host HOST       the address to listen on (127.0.0.1: this machine alone)
      --port PORT       0 for any that is free (8080)
      --tls-cert FILE   serve https, with this certificate (PEM)
      --tls-key FILE    its key (PEM)
      --listing         list folders that have no index.html
  -h, --help

Exit codes: 0 the server came to its end, 1 it could not begin, 2 bad usage, 130 interrupted.
`

const definitions = {
  host: { type: 'string' },
  port: { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  listing: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

/**
 * Reads the arguments after `serve`; `help` if they ask for it.
 *
 * @throws UsageError if they are wrong.
 */
export function readServeOptions(args: readonly string[]): ServeOptions | 'help' {
  const { values, positionals } = readArguments(args, definitions)
  if (values.help) return 'help'
  const [path, ...more] = positionals
  if (path === undefined) throw new UsageError('Nothing to serve: name a module or a folder')
  if (more.length > 0) {
    throw new UsageError(`Cannot serve more than one thing: "${more[0]}" is too many`)
  }
  const { 'tls-cert': certFile, 'tls-key': keyFile } = values
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new UsageError('Cannot serve with TLS: --tls-cert and --tls-key need each other')
  }
  return {
    path,
    // Who wants others to see their folder says so.
    host: values.host ?? '127.0.0.1',
    port: readPort(values.port),
    certificate:
      certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile },
    listing: values.listing ?? false,
  }
}

function readPort(value = '8080'): number {
  const port = /^\d+$/.test(value) ? Number(value) : Number.NaN
  if (port <= 65_535) return port
  throw new UsageError(`Cannot use --port "${value}": expected a whole number, 0 to 65535`)
}
