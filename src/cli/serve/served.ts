/** What `spool serve` serves: a module, or a folder. */
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { accessLog, Application, files, type Handler } from '../../server/index.ts'
import type { Output } from '../standard-streams.ts'
import { UsageError } from '../usage-error.ts'
import { AccessLogLines } from './access-log-lines.ts'
import type { ServeOptions } from './options.ts'

/**
 * Loads the module, or opens the folder.
 *
 * @throws UsageError for what can't be served; Error for a module that can't be loaded.
 */
export async function servedBy(
  { served, listing, accessLog: format }: ServeOptions,
  stdout: Output,
): Promise<Application | Handler> {
  const found = (await isFolder(served))
    ? new Application().get('/{path*}', files(resolve(served), { listing }))
    : await exportOf(served, listing)
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

async function exportOf(path: string, listing: boolean): Promise<Application | Handler> {
  if (listing) throw new UsageError(`Cannot use --listing: "${path}" is no folder`)
  const { default: found } = await load(path)
  if (found instanceof Application) return found
  if (typeof found === 'function') return found as Handler
  const what = found === undefined ? 'it has no default export' : 'its default export is neither'
  throw new UsageError(
    `Cannot serve "${path}": expected an Application of this spool or a function, ${what}`,
  )
}

async function load(path: string): Promise<{ default?: unknown }> {
  try {
    return (await import(pathToFileURL(resolve(path)).href)) as { default?: unknown }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`Loading "${path}" failed: ${reason}${placeOf(error)}`, { cause: error })
  }
}

// Where a mistake is: Node.js puts the place of one that is in the text before the stack.
function placeOf(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const place =
    /^(\S[^\n]*:\d+)\n/.exec(stack)?.[1] ?? /\bat (?:.*\()?(file:[^)\n]+)/.exec(stack)?.[1]
  return place === undefined ? '' : ` (${place.replace(/^file:\/\//, '')})`
}
