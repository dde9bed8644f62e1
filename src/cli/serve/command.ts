/** `spool serve` from its arguments to its exit code. */
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Application, files, type Handler, serve } from '../../server/index.ts'
import type { StandardStreams } from '../standard-streams.ts'
import { UsageError } from '../usage-error.ts'
import { readServeOptions, type ServeOptions, serveUsage } from './options.ts'

/**
 * Runs `spool serve` and returns its exit code when the server is closed.
 *
 * Cancellation: the server is closed, in order if the program is told to end by a signal.
 *
 * @throws UsageError if it cannot begin, and whatever keeps the server from listening.
 */
export async function serveCommand(
  args: readonly string[],
  streams: StandardStreams,
): Promise<number> {
  const options = readServeOptions(args)
  if (options === 'help') {
    streams.stdout.print(serveUsage)
    return 0
  }
  const served = await servedBy(options)
  const { host, port, certificate } = options
  await using server = await serve(served, {
    host,
    port,
    ...(certificate === undefined ? {} : { tls: certificate }),
  })
  streams.stdout.print(`Serving ${options.path} at ${server.url}\n`)
  await server.closed
  return 0
}

async function servedBy({ path, listing }: ServeOptions): Promise<Application | Handler> {
  if (await isFolder(path)) {
    return new Application().get('/{path*}', files(resolve(path), { listing }))
  }
  if (listing) throw new UsageError(`Cannot use --listing: "${path}" is no folder`)
  const { default: served } = await load(path)
  if (served instanceof Application) return served
  if (typeof served === 'function') return served as Handler
  throw new UsageError(
    `Cannot serve "${path}": its default export is neither an Application of this spool nor a function`,
  )
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    const { message } = error as Error
    throw new UsageError(`Cannot serve "${path}": ${message}`, { cause: error })
  }
}

async function load(path: string): Promise<{ default?: unknown }> {
  try {
    return (await import(pathToFileURL(resolve(path)).href)) as { default?: unknown }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`Loading "${path}" failed: ${reason}`, { cause: error })
  }
}
