/** `spool serve` from its arguments to its exit code. */
import { serve } from '../../server/index.ts'
import type { StandardStreams } from '../standard-streams.ts'
import { UsageError } from '../usage-error.ts'
import { readServeOptions, type ServeOptions, serveUsage } from './options.ts'
import { Reloader } from './reload/attended.ts'
import { reload } from './reload/reload.ts'
import { isFolder, servedBy } from './served.ts'

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
  if (!options.reload) return serveNow(options, streams)
  const { served } = options
  if (await isFolder(served)) {
    throw new UsageError(`Cannot use --reload: files of "${served}" are served as they are anyway`)
  }
  return reload(options, streams)
}

// Whoever has changed a file waits for the end of the old process.
const timeoutsForReload = { shutdown: 2_000, cancellation: 1_000 }

async function serveNow(options: ServeOptions, streams: StandardStreams): Promise<number> {
  await using reloader = Reloader.find()
  const { address, path, certificate, workers } = options
  await using server = await serve(await servedBy(options, streams), {
    ...address,
    ...(path === undefined ? {} : { path }),
    ...(certificate === undefined ? {} : { tls: certificate }),
    ...(workers === undefined ? {} : { workers }),
    ...(reloader === undefined ? {} : { timeouts: timeoutsForReload }),
  })
  // A worker has none: one line for all of them is enough.
  const first = workers === undefined || server.workers.length > 0
  if (reloader !== undefined) await reloader.attend(server)
  else if (first) {
    const by = workers === undefined ? '' : `, by ${server.workers.length} workers`
    streams.stdout.print(`Serving ${options.served} at ${server.url}${by}\n`)
  }
  await server.closed
  return 0
}
