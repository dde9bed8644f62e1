/** What `spool serve` serves: a module, or a folder. */
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { abortable, callLater, CancelledError, currentScope } from '../../index.ts'
import { accessLog, Application, files, type Handler } from '../../server/index.ts'
import type { Output, StandardStreams } from '../standard-streams.ts'
import { UsageError } from '../usage-error.ts'
import { AccessLogLines } from './access-log-lines.ts'
import type { ServeOptions } from './options.ts'

// How long a program may take to load before it is asked whether it means to.
const patience = 5_000

/**
 * Loads the module, or opens the folder.
 *
 * @throws UsageError for what can't be served; Error for a module that can't be loaded.
 */
export async function servedBy(
  { served, listing, accessLog: format }: ServeOptions,
  { stdout, stderr }: StandardStreams,
): Promise<Application | Handler> {
  const found = (await isFolder(served))
    ? new Application().get('/{path*}', files(resolve(served), { listing }))
    : await exportOf(served, listing, stderr)
  if (format === undefined) return found
  const logger = new AccessLogLines(stdout)
  const log = accessLog(format === 'json' ? { format, logger } : { logger })
  if (found instanceof Application) return new Application().use(log).mount('/', found)
  // What it gives is handed on as it is.
  return (request) => log(request, found as Parameters<typeof log>[1])
}

/** @throws UsageError if there is no such file */
export async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'there is no such file or folder' : message
    throw new UsageError(`Cannot serve "${path}": ${why}`, { cause: error })
  }
}

async function exportOf(
  path: string,
  listing: boolean,
  stderr: Output,
): Promise<Application | Handler> {
  if (listing) throw new UsageError(`Cannot use --listing: "${path}" is no folder`)
  const { default: found } = await load(path, stderr)
  if (found instanceof Application) return found
  if (typeof found === 'function') return found as Handler
  const what = found === undefined ? 'it has no default export' : 'its default export is neither'
  throw new UsageError(
    `Cannot serve "${path}": expected an Application of this spool or a function, ${what}`,
  )
}

async function load(path: string, stderr: Output): Promise<{ default?: unknown }> {
  // A program that serves by itself never comes to its end.
  using _ = callLater(patience, () => {
    stderr.print(
      `spool: "${path}" is still being loaded: it is to export what is served, and not to wait for its end\n`,
    )
  })
  try {
    return await abortable(
      import(pathToFileURL(resolve(path)).href) as Promise<{ default?: unknown }>,
    )
  } catch (error) {
    if (CancelledError.is(error) && currentScope().cancelled) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`Loading "${path}" failed: ${reason}${placeOf(error)}`, { cause: error })
  }
}

const own = fileURLToPath(new URL('../../', import.meta.url))

// Where a mistake is: Node.js puts the place of one that is in the text before the stack.
function placeOf(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const inText = /^(\S[^\n]*:\d+)\n/.exec(stack)?.[1]
  const frames = Array.from(stack.matchAll(/\bat (?:.*\()?file:\/\/([^)\n]+)/g), ([, at]) => at)
  const place = inText ?? frames.find((frame) => frame?.startsWith(own) === false)
  return place === undefined ? '' : ` (${place.replace(/^file:\/\//, '')})`
}
