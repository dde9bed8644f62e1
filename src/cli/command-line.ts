/** The commands of `spool`, and what each way to end means to the shell. */
import { readFile } from 'node:fs/promises'
import { CancelledError, TaskGroupError } from '../index.ts'
import { describeFailure } from './failure.ts'
import { fetchCommand } from './fetch/command.ts'
import { getCommand } from './get/command.ts'
import { serveCommand } from './serve/command.ts'
import { ReaderLeftError, type StandardStreams } from './standard-streams.ts'
import { UsageError } from './usage-error.ts'
import { wsCommand } from './ws/command.ts'

const usage = `Usage: spool <command> [options]

  spool fetch [options] <file | url … | ->   fetch many URLs at once and keep every result
  spool get [options] URL                    make one request
  spool ws [options] URL                     talk over a WebSocket, line by line
  spool serve [options] APP | FOLDER         serve an application, or files

  -h, --help      for a command: spool fetch --help
  -V, --version
`

/**
 * Runs the command that the arguments name and returns the exit code: 0 for success, 1 for failure,
 * 2 for bad usage. All that it has to say it says on the streams.
 *
 * Cancellation: stops the command and throws; 130 is the caller's to give.
 */
export async function runCommandLine(
  args: readonly string[],
  streams: StandardStreams,
): Promise<number> {
  try {
    return await dispatch(args, streams)
  } catch (error) {
    if (CancelledError.is(error)) throw error
    // Of a group that failed, the first failure: the others are of its making.
    const first: unknown = TaskGroupError.is(error) ? error.errors[0] : error
    if (!(first instanceof ReaderLeftError)) {
      streams.stderr.print(`spool: ${describeFailure(first).message}\n`)
    }
    return first instanceof UsageError ? 2 : 1
  }
}

async function dispatch(args: readonly string[], streams: StandardStreams): Promise<number> {
  const [name, ...rest] = args
  switch (name) {
    case 'fetch':
      return fetchCommand(rest, streams)
    case 'get':
      return getCommand(rest, streams)
    case 'ws':
      return wsCommand(rest, streams)
    case 'serve':
      return serveCommand(rest, streams)
    case 'help':
      if (rest.length > 0) return dispatch([...rest.slice(0, 1), '--help'], streams)
      streams.stdout.print(usage)
      return 0
    case '-h':
    case '--help':
      streams.stdout.print(usage)
      return 0
    case '-V':
    case '-v':
    case '--version':
      streams.stdout.print(`${await version()}\n`)
      return 0
    case undefined:
      throw new UsageError(
        'Nothing to do: name a command, fetch, get, ws or serve; see spool --help',
      )
    default:
      throw new UsageError(
        `Unknown command "${name}": expected fetch, get, ws or serve; see spool --help`,
      )
  }
}

async function version(): Promise<string> {
  const path = new URL('../../package.json', import.meta.url)
  const { version } = JSON.parse(await readFile(path, 'utf8')) as { version: string }
  return version
}
