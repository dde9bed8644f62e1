import { glob as globPaths } from 'node:fs/promises'
import { currentScope } from '../../concurrency/scope/scope.ts'

export interface GlobOptions {
  /** What patterns and results are relative to. Default: the working directory. */
  folder?: string
  /** Patterns of what is left out. */
  exclude?: readonly string[]
}

/**
 * The paths below a folder that match a pattern: `*`, `?`, `[a-z]`, `{one,two}`, and `**` for any number of folders.
 * In no order.
 *
 * Cancellation: stops between two paths.
 */
export async function* glob(
  patterns: string | readonly string[],
  options: GlobOptions = {},
): AsyncGenerator<string, void> {
  const { folder = '.', exclude = [] } = options
  const list = typeof patterns === 'string' ? [patterns] : [...patterns]
  for await (const path of globPaths(list, { cwd: folder, exclude: [...exclude] })) {
    currentScope().throwIfCancelled()
    yield path
  }
}
