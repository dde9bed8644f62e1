import { lstat, stat } from 'node:fs/promises'
import { currentScope } from '../../concurrency/scope/scope.ts'
import { checkNames, type Names } from '../../util/known-names.ts'
import { checkPath } from './check-path.ts'
import { fileOperation } from './file-operation.ts'
import { kindOf, type PathKind } from './walk.ts'

export interface PathInfo {
  readonly kind: PathKind
  /** Bytes. */
  readonly size: number
  /** When its content changed last. */
  readonly modified: Date
  /** Who may do what, as in `0o644`. */
  readonly permissions: number
}

export interface PathInfoOptions {
  /** Whether a symbolic link stands for what it leads to. Default true. */
  followLinks?: boolean
}

const optionNames: Names<PathInfoOptions> = { followLinks: true }

/**
 * What is at a path; undefined if there is nothing.
 *
 * Cancellation: nothing is left behind.
 *
 * @throws The system's error if it can't be told
 */
export async function pathInfo(
  path: string,
  options: PathInfoOptions = {},
): Promise<PathInfo | undefined> {
  checkPath('look at', path)
  checkNames(options, optionNames, 'pathInfo()')
  const { followLinks = true } = options
  try {
    const found = await fileOperation(() => (followLinks ? stat(path) : lstat(path)))
    return {
      kind: kindOf(found),
      size: found.size,
      modified: found.mtime,
      permissions: found.mode & 0o7777,
    }
  } catch (error) {
    currentScope().throwIfCancelled()
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}
