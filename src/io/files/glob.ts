import { glob as globPaths } from 'node:fs/promises'
import { checkNames, type Names } from '../../util/known-names.ts'
import { checkPath } from './check-path.ts'
import { currentScope } from '../../concurrency/scope/scope.ts'

export interface GlobOptions {
  /** What patterns and results are relative to. Default: the working directory. */
  folder?: string
  /** Patterns of what is left out. */
  exclude?: readonly string[]
}

const optionNames: Names<GlobOptions> = { folder: true, exclude: true }

/**
 * The paths below a folder that match a pattern: `*`, `?`, `[a-z]`, `{one,two}`, and `**` for any number of folders.
 * In no order. Patterns are for the program to choose and not for a stranger: those with many stars in one name can
 * take longer than anybody waits, and the event loop with them.
 *
 * Cancellation: stops between two paths.
 */
export async function* glob(
  patterns: string | readonly string[],
  options: GlobOptions = {},
): AsyncGenerator<string, void> {
  checkNames(options, optionNames, 'glob()', { cwd: 'folder', ignore: 'exclude' })
  const { folder = '.', exclude = [] } = options
  const list = Array.isArray(patterns) ? (patterns as readonly string[]) : [patterns as string]
  for (const pattern of list) checkPath('look for', pattern)
  for await (const path of globPaths([...list], { cwd: folder, exclude: [...exclude] })) {
    currentScope().throwIfCancelled()
    yield path
  }
}
